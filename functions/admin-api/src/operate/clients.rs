//! The platform's applications that people sign in to.

use jiff::Timestamp;
use rollcall_sign_in::opaque;
use rollcall_store::{ClientAuthentication, ClientId, ClientSecret, PlatformClient};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::body::address::Address;
use crate::body::client::{Authentication, ClientPatch, KeySet, NewClient};
use crate::http::problem::Problem;

/// How much of a secret is shown, so that people can tell one from another.
const SHOWN: usize = 4;

/// A client, and the secret that was made for it.
pub(crate) type Made = (PlatformClient, Option<SecretString>);

/// All clients, the oldest first.
pub(crate) async fn list(app: &App) -> Result<Vec<PlatformClient>, Problem> {
    let mut clients = app.table.clients().await?;
    clients.sort_by_key(|client| (client.created_at, client.id));
    Ok(clients)
}

/// A client that exists.
pub(crate) async fn find(app: &App, id: ClientId) -> Result<PlatformClient, Problem> {
    app.table.client(id).await?.ok_or_else(|| Problem::not_found("client"))
}

/// Creates a client.
pub(crate) async fn create(app: &App, new: NewClient, now: Timestamp) -> Result<Made, Problem> {
    let NewClient {
        name,
        redirect_uris,
        post_logout_redirect_uris,
        initiate_login_uri,
        backchannel_logout_uri,
        authentication,
    } = new;
    let (authentication, secret) = proving(authentication, now)?;
    let client = PlatformClient {
        redirect_uris: redirect_uris.0,
        post_logout_redirect_uris: post_logout_redirect_uris.0,
        initiate_login_uri: text(initiate_login_uri),
        backchannel_logout_uri: text(backchannel_logout_uri),
        ..PlatformClient::new(name.0, authentication, now)
    };
    let created = app.table.create_client(&client).await?;
    tracing::info!(client.id = %created.id, "a client was made");
    Ok((created, secret))
}

/// Changes a client.
pub(crate) async fn change(app: &App, id: ClientId, patch: ClientPatch, now: Timestamp) -> Result<Made, Problem> {
    let before = find(app, id).await?;
    // Destructured in full: whoever adds a member decides here what becomes of it.
    let ClientPatch {
        name,
        redirect_uris,
        post_logout_redirect_uris,
        initiate_login_uri,
        backchannel_logout_uri,
        authentication,
    } = patch;
    let (authentication, secret) = match authentication {
        None => (None, None),
        // It has secrets, and keeps them: others are made on demand.
        Some(Authentication::Secret {}) if has_secrets(&before) => (None, None),
        Some(other) => proving(other, now).map(|(authentication, secret)| (Some(authentication), secret))?,
    };
    let held = before.clone();
    let after = PlatformClient {
        name: name.map_or(held.name, |name| name.0),
        redirect_uris: redirect_uris.map_or(held.redirect_uris, |uris| uris.0),
        post_logout_redirect_uris: post_logout_redirect_uris.map_or(held.post_logout_redirect_uris, |uris| uris.0),
        initiate_login_uri: initiate_login_uri.map_or(held.initiate_login_uri, text),
        backchannel_logout_uri: backchannel_logout_uri.map_or(held.backchannel_logout_uri, text),
        authentication: authentication.unwrap_or(held.authentication),
        ..held
    };
    if after == before {
        return Ok((before, None));
    }
    let changed = save(app, after, now).await?;
    tracing::info!(client.id = %id, "a client was changed");
    Ok((changed, secret))
}

/// Removes a client: nobody can sign in to it any more.
pub(crate) async fn remove(app: &App, id: ClientId) -> Result<(), Problem> {
    find(app, id).await?;
    app.table.remove_client(id).await?;
    tracing::info!(client.id = %id, "a client was removed");
    Ok(())
}

/// Makes a secret beside the newest one. An older one is good no more.
pub(crate) async fn renew(
    app: &App,
    id: ClientId,
    now: Timestamp,
) -> Result<(PlatformClient, ClientSecret, SecretString), Problem> {
    let client = find(app, id).await?;
    let before = secrets(&client)?.first().cloned();
    let (kept, secret) = new_secret(now)?;
    let secrets = [Some(kept.clone()), before].into_iter().flatten().collect();
    let authentication = ClientAuthentication::Secret { secrets };
    let renewed = save(app, PlatformClient { authentication, ..client }, now).await?;
    tracing::info!(client.id = %id, "a client has a new secret");
    Ok((renewed, kept, secret))
}

/// Leaves only the newest secret.
pub(crate) async fn drop_old(app: &App, id: ClientId, now: Timestamp) -> Result<(), Problem> {
    let client = find(app, id).await?;
    let secrets = match secrets(&client)? {
        [newest, _, ..] => vec![newest.clone()],
        _ => return Ok(()),
    };
    let authentication = ClientAuthentication::Secret { secrets };
    save(app, PlatformClient { authentication, ..client }, now).await.map(drop)
}

/// Writes a client that still is as it was read.
async fn save(app: &App, client: PlatformClient, now: Timestamp) -> Result<PlatformClient, Problem> {
    let revision = client.revision;
    Ok(app.table.update_client(&PlatformClient { updated_at: now, ..client }, revision).await?)
}

fn proving(
    authentication: Authentication,
    now: Timestamp,
) -> Result<(ClientAuthentication, Option<SecretString>), Problem> {
    match authentication {
        Authentication::Secret {} => {
            let (kept, secret) = new_secret(now)?;
            Ok((ClientAuthentication::Secret { secrets: vec![kept] }, Some(secret)))
        }
        Authentication::PrivateKey { jwks: KeySet(jwks) } => Ok((ClientAuthentication::PrivateKey { jwks }, None)),
    }
}

/// A new secret, and what is kept of it.
fn new_secret(now: Timestamp) -> Result<(ClientSecret, SecretString), Problem> {
    let secret = super::random()?;
    let text = secret.expose_secret();
    let ends_with = text.get(text.len().saturating_sub(SHOWN)..).unwrap_or_default().to_owned();
    Ok((ClientSecret { digest: opaque::digest(&secret), ends_with, created_at: now }, secret))
}

const fn has_secrets(client: &PlatformClient) -> bool {
    matches!(client.authentication, ClientAuthentication::Secret { .. })
}

fn secrets(client: &PlatformClient) -> Result<&[ClientSecret], Problem> {
    match &client.authentication {
        ClientAuthentication::Secret { secrets } => Ok(secrets),
        ClientAuthentication::PrivateKey { .. } => {
            Err(Problem::conflict("The client proves by keys of its own who it is. It has no secrets."))
        }
    }
}

fn text(address: Option<Address>) -> Option<String> {
    address.map(|Address(text)| text)
}
