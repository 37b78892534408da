//! Starting, stopping and asking for runs.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_store::{Connection, ConnectionStatus};
use rollcall_sync::access::AccessError;
use rollcall_sync::job::{Cause, Job};
use rollcall_sync::subscription::keeper::KeepError;
use rollcall_sync::subscription::removal::remove_all;
use tokio::time::Instant;
use uuid::Uuid;

use super::{ADMIN, lasting, must_be_active, must_be_bound, new_id, queue, save};
use crate::app::App;
use crate::body::SyncMode;
use crate::http::problem::Problem;

/// The longest that ending subscriptions may take. What is left over then, the hourly round ends.
const ENDING: Duration = Duration::from_secs(10);

/// Makes a connection active and queues its first run. An active one stays as it is.
pub(crate) async fn activate(app: &App, id: ConnectionId, now: Timestamp) -> Result<Connection, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    if connection.status == ConnectionStatus::Active {
        return Ok(connection);
    }
    start(app, connection, Cause::Activation, now).await
}

/// Makes a connection active and queues a full run.
pub(super) async fn start(
    app: &App,
    connection: Connection,
    cause: Cause,
    now: Timestamp,
) -> Result<Connection, Problem> {
    let active = save(app, Connection { status: ConnectionStatus::Active, ..connection }, now).await?;
    queue(app, active.id, Job::Full { cause }, &format!("start:{}", active.revision)).await?;
    Ok(active)
}

/// Stops a connection: no run begins any more, one at work stops before it writes again, and Microsoft Graph no longer
/// tells of changes. Accounts and teams stay as they are.
pub(crate) async fn deactivate(app: &App, id: ConnectionId, now: Timestamp) -> Result<Connection, Problem> {
    let connection = lasting(app, id).await?;
    let stopped = match connection.status {
        ConnectionStatus::Active | ConnectionStatus::Paused { .. } => {
            save(app, Connection { status: ConnectionStatus::Inactive, ..connection }, now).await?
        }
        ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Deleting => connection,
    };
    // After the status, so that a worker either reads it or loses its lease.
    app.table.revoke(id).await?;
    end_subscriptions(app, id, now).await;
    Ok(stopped)
}

/// Ends the subscriptions of a connection, as far as that is possible now. The connection may well be stopped because its
/// credential does not work; what comes for a stopped connection starts nothing.
pub(super) async fn end_subscriptions(app: &App, id: ConnectionId, now: Timestamp) {
    if let Err(error) = try_to_end(app, id, now).await {
        tracing::warn!(connection.id = %id, error = %error, "subscriptions are left for the hourly round");
    }
}

#[derive(Debug, thiserror::Error)]
enum EndError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Store(#[from] rollcall_store::Error),
    #[error(transparent)]
    Keep(#[from] KeepError),
}

async fn try_to_end(app: &App, id: ConnectionId, now: Timestamp) -> Result<(), EndError> {
    if app.table.subscriptions(id).await?.is_empty() {
        return Ok(());
    }
    let (_, client) = app.access.connect(&app.access.read(id).await?)?;
    let client = client.until(Instant::now() + ENDING);
    remove_all(&app.table, &client, &app.addresses, id, now).await?;
    Ok(())
}

/// Queues a run of an active connection, and gives a reference under which it is logged.
pub(crate) async fn sync(app: &App, id: ConnectionId, mode: SyncMode, now: Timestamp) -> Result<Uuid, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    must_be_active(&connection)?;
    let cause = Cause::Manual { who: ADMIN.to_owned() };
    let job = match mode {
        SyncMode::Full => Job::Full { cause },
        SyncMode::Incremental => Job::Incremental { cause },
    };
    let reference = new_id(now);
    queue(app, id, job, &format!("manual:{reference}")).await?;
    tracing::info!(connection.id = %id, reference = %reference, "a run was asked for");
    Ok(reference)
}

/// Queues a run that reads one person of an active connection, and gives a reference under which it is logged.
pub(crate) async fn sync_person(
    app: &App,
    id: ConnectionId,
    person: PersonId,
    now: Timestamp,
) -> Result<Uuid, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    must_be_active(&connection)?;
    let reference = new_id(now);
    let job = Job::Person { person, by: ADMIN.to_owned() };
    queue(app, id, job, &format!("person:{reference}")).await?;
    tracing::info!(connection.id = %id, reference = %reference, "a run for one person was asked for");
    Ok(reference)
}
