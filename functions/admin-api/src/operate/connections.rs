//! Reading, changing and deleting connections.

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::rules::Rules;
use rollcall_store::{
    Connection, ConnectionSecret, ConnectionStatus, Deletion, Error as StoreError, PageRequest, SignIn,
};
use rollcall_sync::job::{Cause, Job};

use super::status::end_subscriptions;
use super::{ADMIN, delegations, existing, lasting, queue, save, sign_in};
use crate::app::App;
use crate::body::connection::ConnectionPatch;
use crate::body::credential::Credential;
use crate::http::problem::Problem;
use crate::view::sync::Sync;

/// How long the credential of a deleted connection can still be restored by an AWS administrator.
const REGRET: Deletion = Deletion::Recoverable { days: 7 };

/// Where the sync of a connection stands.
pub(crate) async fn standing(app: &App, id: ConnectionId, now: Timestamp) -> Result<Sync, Problem> {
    let newest = PageRequest::first(1);
    let (state, subscriptions, holds) =
        tokio::try_join!(app.table.state(id), app.table.subscriptions(id), app.table.holds_page(id, &newest))?;
    Ok(Sync::of(state, subscriptions, holds.items.into_iter().next(), now))
}

/// Changes a connection. A new scope or credential is put to use at once.
pub(crate) async fn change(
    app: &App,
    id: ConnectionId,
    mut patch: ConnectionPatch,
    now: Timestamp,
) -> Result<Connection, Problem> {
    let before = lasting(app, id).await?;
    let credential = patch.credential.take();
    let (renewed, leads) = (credential.is_some(), patch.sign_in.is_some());
    // What can't be is refused before anything is replaced.
    let after = patched(&before, patch)?;
    let after = match &credential {
        Some(credential) => {
            Connection { credential_kind: credential.kind(), secret_expires_at: credential.expires_at(), ..after }
        }
        None => after,
    };
    let secret = if renewed || leads { secret(app, &before, credential).await? } else { None };
    if !leads {
        return keep(app, &before, after, secret.filter(|_| renewed), renewed, now).await;
    }
    let tenant = secret.as_ref().map(|secret| secret.tenant);
    let (former, domains) = (sign_in::domains(before.sign_in.as_ref()), sign_in::domains(after.sign_in.as_ref()));
    sign_in::verify(app, secret.as_ref(), &(&domains - &former), now).await?;
    let changed = async {
        if after.sign_in.is_some() {
            sign_in::lead(app, id, &domains, tenant).await?;
        }
        keep(app, &before, after, secret.filter(|_| renewed), renewed, now).await
    };
    let (changed, mentioned) = (changed.await, &former | &domains);
    match &changed {
        Ok(_) => sign_in::settle(app, id, &mentioned, tenant).await?,
        Err(_) => sign_in::give_back(app, id, &mentioned, tenant).await,
    }
    changed
}

/// Keeps what was changed: a new secret first, so that what follows finds it.
async fn keep(
    app: &App,
    before: &Connection,
    after: Connection,
    secret: Option<ConnectionSecret>,
    renewed: bool,
    now: Timestamp,
) -> Result<Connection, Problem> {
    if let Some(secret) = secret {
        app.secrets.update(before.id, &secret).await?;
    }
    if after == *before && !renewed {
        return Ok(after);
    }
    put_to_use(app, before, after, renewed, now).await
}

/// Saves other settings, and has everybody looked at anew where they matter to that.
pub(super) async fn put_to_use(
    app: &App,
    before: &Connection,
    after: Connection,
    renewed: bool,
    now: Timestamp,
) -> Result<Connection, Problem> {
    let matters = matters(before, &after);
    let settings_revision = if matters { before.revision + 1 } else { after.settings_revision };
    let cause = follow_up(&before.status, renewed || matters);
    let status = if cause == Some(Cause::Resumption) { ConnectionStatus::Active } else { after.status.clone() };
    let saved = save(app, Connection { status, settings_revision, ..after }, now).await?;
    if let Some(cause) = cause {
        start_anew(app, &saved, cause).await?;
    }
    Ok(saved)
}

/// Queues a full run with the settings as they are now.
pub(super) async fn start_anew(app: &App, saved: &Connection, cause: Cause) -> Result<(), Problem> {
    // A run at work must not go on with what was true before.
    app.table.revoke(saved.id).await?;
    queue(app, saved.id, Job::Full { cause }, &format!("settings:{}", saved.revision)).await
}

/// Whether everybody has to be looked at anew. Whoever only switches auto sync off wants less to happen, not more.
fn matters(before: &Connection, after: &Connection) -> bool {
    let rules = Rules { auto_sync: before.rules.auto_sync && after.rules.auto_sync, ..before.rules.clone() };
    after.scope != before.scope || after.limits != before.limits || after.rules != rules
}

/// What follows a change: nothing, unless it is about who is in or how to get in.
fn follow_up(status: &ConnectionStatus, matters: bool) -> Option<Cause> {
    match status {
        ConnectionStatus::Active if matters => Some(Cause::Manual { who: ADMIN.to_owned() }),
        ConnectionStatus::Paused { .. } if matters => Some(Cause::Resumption),
        _ => None,
    }
}

fn patched(before: &Connection, patch: ConnectionPatch) -> Result<Connection, Problem> {
    // Destructured in full: whoever adds a member decides here what becomes of it.
    let ConnectionPatch { name, credential: _, scope, rules, sign_in, owners, limits, sync_every_hours, history_days } =
        patch;
    let before = before.clone();
    let rules = match rules {
        Some(rules) => rules.over(before.rules)?,
        None => before.rules,
    };
    Ok(Connection {
        name: name.map_or(before.name, |name| name.0),
        scope: scope.map_or(before.scope, Into::into),
        rules,
        sign_in: sign_in.map_or(before.sign_in, |sign_in| sign_in.map(SignIn::from)),
        history_days: history_days.map_or(before.history_days, |days| days.0),
        owners: owners.map_or(before.owners, |owners| owners.0),
        limits: limits.map_or(before.limits, Into::into),
        sync_every_hours: sync_every_hours.map_or(before.sync_every_hours, |hours| hours.map(|hours| hours.0)),
        ..before
    })
}

/// The secret of a connection, for the same tenant, with another credential if there is another. None where there is no tenant yet.
async fn secret(
    app: &App,
    connection: &Connection,
    credential: Option<Credential>,
) -> Result<Option<ConnectionSecret>, Problem> {
    match (connection.unbound, &credential) {
        // It is the one that it will have.
        (true, None | Some(Credential::PlatformApplication {})) => return Ok(None),
        (true, Some(_)) => return Err(Problem::unbound()),
        (false, _) => {}
    }
    let before = match app.secrets.read(connection.id).await {
        Ok(secret) => secret,
        Err(StoreError::NotFound { .. }) => {
            return Err(Problem::conflict("The tenant of the connection is lost. Delete it and create a new one."));
        }
        Err(error) => return Err(error.into()),
    };
    let credential = credential.map_or_else(|| before.credential.clone(), Credential::stored);
    Ok(Some(ConnectionSecret { credential, ..before }))
}

/// Deletes a connection that is not active: what leads to it and its credential at once, everything else by a job.
pub(crate) async fn delete(app: &App, id: ConnectionId, now: Timestamp) -> Result<(), Problem> {
    let connection = existing(app, id).await?;
    let domains = sign_in::domains(connection.sign_in.as_ref());
    match connection.status {
        ConnectionStatus::Active => {
            return Err(Problem::conflict("The connection is active. Deactivate it first."));
        }
        ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Paused { .. } => {
            save(app, Connection { status: ConnectionStatus::Deleting, ..connection }, now).await?;
        }
        // Asked for before: what may have been left undone is done again.
        ConnectionStatus::Deleting => {}
    }
    end_subscriptions(app, id, now).await;
    let tenant = match app.secrets.read(id).await {
        Ok(secret) => Some(secret.tenant),
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    sign_in::settle(app, id, &domains, tenant).await?;
    delegations::forget_all(app, id).await?;
    app.secrets.delete(id, REGRET).await?;
    queue(app, id, Job::Purge, &format!("purge:{}", now.as_second())).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_store::{PauseKind, PauseReason};

    #[test]
    fn only_what_matters_to_the_sync_is_followed_by_a_run() {
        let paused = ConnectionStatus::Paused {
            reason: PauseReason { kind: PauseKind::Credential, message: String::new(), action: String::new() },
            since: Timestamp::UNIX_EPOCH,
        };
        let manual = Some(Cause::Manual { who: ADMIN.to_owned() });
        assert_eq!(follow_up(&ConnectionStatus::Active, true), manual);
        assert_eq!(follow_up(&paused, true), Some(Cause::Resumption));
        for status in [ConnectionStatus::Draft, ConnectionStatus::Inactive, ConnectionStatus::Deleting] {
            assert_eq!(follow_up(&status, true), None);
        }
        assert_eq!(follow_up(&ConnectionStatus::Active, false), None);
        assert_eq!(follow_up(&paused, false), None);
    }
}
