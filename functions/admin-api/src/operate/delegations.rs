//! What people let the application do for them.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_sign_in::entra::delegated_access::{DelegatedAccess, DelegationError};
use rollcall_sign_in::opaque;
use rollcall_store::{Delegation, DelegationLink as Kept};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::application::resolved;
use super::{existing, lasting, people, random};
use crate::app::App;
use crate::body::delegation::NewDelegationLink;
use crate::http::problem::Problem;
use crate::view::delegation::{DelegationLink, DelegationTest};

/// How long a link is good: the person reads it in a mail, and it is good for them alone.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest that somebody waits for Entra.
const LONGEST: Duration = Duration::from_secs(8);
/// Secrets that are deleted at the same time.
const AT_ONCE: usize = 16;

/// Makes a link that asks a person for permissions. Those before stay good.
pub(crate) async fn ask(
    app: &App,
    id: ConnectionId,
    person: PersonId,
    new: NewDelegationLink,
    now: Timestamp,
) -> Result<DelegationLink, Problem> {
    let connection = lasting(app, id).await?;
    let account = people::account(app, id, person).await?;
    if connection.sign_in.is_none() {
        return Err(Problem::conflict("Nobody can sign in by the connection. Set its sign_in first."));
    }
    if !account.status.is_active() {
        return Err(Problem::conflict("The account is not active. Nobody acts for somebody who has left."));
    }
    let token = random()?;
    let ends_at = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
    let link = Kept { connection: id, person, permissions: new.permissions.0, ends_at };
    app.table.create_delegation_link(&opaque::digest(&token), &link).await?;
    tracing::info!(connection.id = %id, person.id = %person, "a link that asks a person for permissions was made");
    Ok(DelegationLink { url: format!("{}/delegate?link={}", app.issuer, token.expose_secret()), expires_at: ends_at })
}

/// What a person has agreed to.
pub(crate) async fn find(app: &App, id: ConnectionId, person: PersonId) -> Result<Delegation, Problem> {
    existing(app, id).await?;
    app.table.delegation(id, person).await?.ok_or_else(|| Problem::not_found("delegation"))
}

/// Gets an access token for all that a person has agreed to, and throws it away.
pub(crate) async fn test(
    app: &App,
    id: ConnectionId,
    person: PersonId,
    now: Timestamp,
) -> Result<DelegationTest, Problem> {
    let agreed = find(app, id, person).await?;
    let secret = resolved(app, &app.secrets.read(id).await?, now).await?;
    let platform = app.access.identity_platform();
    let access = DelegatedAccess { table: &app.table, secrets: &app.secrets, platform: &platform };
    let token = access.token(id, &secret, &agreed, now, Instant::now() + LONGEST).await;
    DelegationTest::of(token).map_err(|error| match error {
        DelegationError::Store(error) => error.into(),
        DelegationError::Unusable(error) => Problem::conflict(format!("It can not be tested: {error}.")),
        error => {
            tracing::warn!(connection.id = %id, error = %error, "Entra gave no token");
            Problem::unavailable()
        }
    })
}

/// Forgets what a person has agreed to. It is fine if that is nothing.
pub(crate) async fn forget(app: &App, id: ConnectionId, person: PersonId) -> Result<(), Problem> {
    existing(app, id).await?;
    remove(app, id, person).await?;
    tracing::info!(connection.id = %id, person.id = %person, "what a person had agreed to was forgotten");
    Ok(())
}

/// The same for everybody of a connection that is being deleted.
pub(super) async fn forget_all(app: &App, id: ConnectionId) -> Result<(), Problem> {
    let all = app.table.delegations(id).await?;
    let removals = stream::iter(all).map(|delegation| remove(app, id, delegation.person));
    removals.buffer_unordered(AT_ONCE).try_collect().await
}

/// The right first: what the table tells of is looked for again if this stops half-way.
async fn remove(app: &App, id: ConnectionId, person: PersonId) -> Result<(), Problem> {
    app.secrets.delete_refresh_token(id, person).await?;
    Ok(app.table.remove_delegation(id, person).await?)
}
