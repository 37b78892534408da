//! What the API does.

pub(crate) mod application;
pub(crate) mod channel;
pub(crate) mod clients;
pub(crate) mod connections;
pub(crate) mod creation;
pub(crate) mod delegations;
pub(crate) mod directory;
pub(crate) mod existing;
pub(crate) mod exports;
pub(crate) mod holds;
pub(crate) mod people;
pub(crate) mod previews;
pub(crate) mod runs;
pub(crate) mod setup;
mod sign_in;
pub(crate) mod status;
pub(crate) mod trial;
pub(crate) mod undo;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_sign_in::opaque;
use rollcall_store::{Connection, ConnectionStatus};
use rollcall_sync::job::{Job, Message};
use secrecy::SecretString;
use uuid::{NoContext, Uuid};

use crate::app::App;
use crate::http::problem::Problem;

/// Whom the admin token stands for, in runs and decisions.
pub(crate) const ADMIN: &str = "admin";

/// A connection that exists.
pub(crate) async fn existing(app: &App, id: ConnectionId) -> Result<Connection, Problem> {
    app.table.connection(id).await?.ok_or_else(|| Problem::not_found("connection"))
}

/// A connection that is not on its way out.
async fn lasting(app: &App, id: ConnectionId) -> Result<Connection, Problem> {
    let connection = existing(app, id).await?;
    if connection.status == ConnectionStatus::Deleting {
        return Err(Problem::conflict("The connection is being deleted."));
    }
    Ok(connection)
}

/// What needs a tenant.
fn must_be_bound(connection: &Connection) -> Result<(), Problem> {
    if connection.unbound { Err(Problem::unbound()) } else { Ok(()) }
}

/// The tenant of a connection, for whoever looks for something of its people. Without one there is no such thing.
pub(crate) async fn tenant(app: &App, connection: &Connection, what: &'static str) -> Result<TenantId, Problem> {
    if connection.unbound {
        return Err(Problem::not_found(what));
    }
    Ok(app.secrets.read(connection.id).await?.tenant)
}

/// What only an active connection does.
fn must_be_active(connection: &Connection) -> Result<(), Problem> {
    match connection.status {
        ConnectionStatus::Active => Ok(()),
        _ => Err(Problem::conflict("The connection is not active. Activate it first.")),
    }
}

/// Writes a connection that still is as it was read.
async fn save(app: &App, connection: Connection, now: Timestamp) -> Result<Connection, Problem> {
    let revision = connection.revision;
    Ok(app.table.update_connection(&Connection { updated_at: now, ..connection }, revision).await?)
}

async fn queue(app: &App, id: ConnectionId, job: Job, key: &str) -> Result<(), Problem> {
    Ok(app.queue.send(&Message::new(id, job), &format!("{id}:{key}")).await?)
}

/// A random text that opens something.
fn random() -> Result<SecretString, Problem> {
    opaque::random().map_err(|error| {
        tracing::error!(error = %error, "nothing random can be made");
        Problem::unavailable()
    })
}

/// An id that sorts by time.
fn new_id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}
