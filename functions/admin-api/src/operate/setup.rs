//! Setup links, by which an administrator of a customer consents to the platform's application.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_sign_in::opaque;
use rollcall_store::{CredentialKind, SetupLink as Kept};
use secrecy::ExposeSecret;

use super::{application, lasting, random};
use crate::app::App;
use crate::http::problem::Problem;
use crate::view::setup::SetupLink;

/// How long a link is good: an administrator may be on holiday, and a mail lies about for ever.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Makes a setup link of a connection. Those before stay good.
pub(crate) async fn create(app: &App, id: ConnectionId, now: Timestamp) -> Result<SetupLink, Problem> {
    let connection = lasting(app, id).await?;
    if connection.credential_kind != CredentialKind::PlatformApplication {
        return Err(Problem::conflict(
            "The connection has a credential of its own. Only one of the platform's application needs a setup link.",
        ));
    }
    if application::state(app, now).await?.is_none() {
        return Err(Problem::no_application());
    }
    let token = random()?;
    let ends_at = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
    app.table.create_setup_link(&opaque::digest(&token), &Kept { connection: id, ends_at }).await?;
    tracing::info!(connection.id = %id, "a setup link was made");
    Ok(SetupLink { url: format!("{}/connect?setup={}", app.issuer, token.expose_secret()), expires_at: ends_at })
}
