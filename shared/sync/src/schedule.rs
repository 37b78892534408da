//! Which connections are due, and the jobs for them.
//!
//! Only the fan-out is here: one message for each connection that is due. A failure with one
//! connection does not stop the others. Whoever calls again with the same time sends the same
//! messages under the same keys, which the queue takes once.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_store::{Connection, ConnectionStatus, Error as StoreError, PageRequest, Table};

use crate::job::{Cause, Job, Message};
use crate::ports::{Queue, QueueError};

/// Connections that are read at a time.
const PAGE: u32 = 100;

/// What the clock asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// The daily reconciliation: a full run for every active connection.
    Reconcile,
    /// The frequent poll: what changed since the last reading, or a full run where a connection
    /// wants one more often than daily.
    Poll,
}

impl Tick {
    const fn word(self) -> &'static str {
        match self {
            Self::Reconcile => "reconcile",
            Self::Poll => "poll",
        }
    }
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FanOut {
    /// Active connections.
    pub active: usize,
    /// Jobs that the queue took.
    pub sent: usize,
    /// Connections for which no job could be sent.
    pub failed: usize,
}

/// Why the fan-out must be done again.
#[derive(Debug, thiserror::Error)]
pub enum FanOutError {
    /// The list of connections could not be read to its end.
    #[error("the connections could not be read: {0}")]
    List(#[source] StoreError),
    /// Some connections got no job.
    #[error("{} of {} connections got no job", .0.failed, .0.active)]
    Some(FanOut),
}

#[derive(Debug, thiserror::Error)]
enum OneError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The job that a connection is due for, if any.
///
/// `last_full` is when its last full run succeeded.
#[must_use]
pub fn due(tick: Tick, connection: &Connection, last_full: Option<Timestamp>, now: Timestamp) -> Option<Job> {
    if connection.status != ConnectionStatus::Active {
        return None;
    }
    Some(match tick {
        Tick::Reconcile => Job::Full { cause: Cause::Schedule },
        Tick::Poll if wants_full(connection, last_full, now) => Job::Full { cause: Cause::Schedule },
        Tick::Poll => Job::Incremental { cause: Cause::Poll },
    })
}

/// A connection that never had a full run gets it from its activation, not from here.
fn wants_full(connection: &Connection, last_full: Option<Timestamp>, now: Timestamp) -> bool {
    let Some((hours, last)) = connection.sync_every_hours.zip(last_full) else { return false };
    now.duration_since(last) >= SignedDuration::from_hours(hours.into())
}

/// Sends a job to every connection that is due. `scheduled` is when the clock struck, and part of the jobs' keys.
///
/// # Errors
/// [`FanOutError`] when it must be done again.
pub async fn fan_out(
    table: &Table,
    queue: &dyn Queue,
    tick: Tick,
    scheduled: Timestamp,
    now: Timestamp,
) -> Result<FanOut, FanOutError> {
    let mut result = FanOut::default();
    let mut request = PageRequest::first(PAGE);
    loop {
        let page = table.connections(&request).await.map_err(FanOutError::List)?;
        for connection in page.items.iter().filter(|connection| connection.status == ConnectionStatus::Active) {
            result.active += 1;
            match send(table, queue, tick, connection, scheduled, now).await {
                Ok(sent) => result.sent += usize::from(sent),
                Err(error) => {
                    result.failed += 1;
                    tracing::error!(connection = %connection.id, error = %error, "no job for this connection");
                }
            }
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None if result.failed > 0 => return Err(FanOutError::Some(result)),
            None => return Ok(result),
        }
    }
}

async fn send(
    table: &Table,
    queue: &dyn Queue,
    tick: Tick,
    connection: &Connection,
    scheduled: Timestamp,
    now: Timestamp,
) -> Result<bool, OneError> {
    let asks_for_more = tick == Tick::Poll && connection.sync_every_hours.is_some();
    let last_full = if asks_for_more { table.state(connection.id).await?.last_full_at } else { None };
    let Some(job) = due(tick, connection, last_full, now) else { return Ok(false) };
    queue.send(&Message::new(connection.id, job), &key(connection.id, tick, scheduled)).await?;
    Ok(true)
}

/// Deduplication key: the minute at which the clock struck.
fn key(connection: ConnectionId, tick: Tick, scheduled: Timestamp) -> String {
    let minute = scheduled.as_second().div_euclid(60);
    format!("{connection}:{}:{minute}", tick.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::guard::Limits;
    use rollcall_directory::scope::Scope;
    use rollcall_store::CredentialKind;
    use uuid::Uuid;

    fn connection(status: ConnectionStatus, sync_every_hours: Option<u32>) -> Connection {
        Connection {
            id: ConnectionId(Uuid::from_u128(1)),
            name: "Contoso".to_owned(),
            status,
            scope: Scope::everyone(),
            rules: rollcall_directory::rules::Rules::default(),
            settings_revision: 0,
            limits: Limits::default(),
            owners: Vec::new(),
            sync_every_hours,
            history_days: rollcall_store::HistoryDays::default(),
            sign_in: None,
            unbound: false,
            credential_kind: CredentialKind::ClientSecret,
            secret_expires_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            revision: 1,
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn only_active_connections_are_due() {
        for status in [ConnectionStatus::Draft, ConnectionStatus::Inactive, ConnectionStatus::Deleting] {
            for tick in [Tick::Reconcile, Tick::Poll] {
                assert_eq!(due(tick, &connection(status.clone(), Some(1)), None, now()), None);
            }
        }
    }

    #[test]
    fn the_reconciliation_is_full_and_the_poll_reads_what_changed() {
        let active = connection(ConnectionStatus::Active, None);
        assert_eq!(due(Tick::Reconcile, &active, Some(now()), now()), Some(Job::Full { cause: Cause::Schedule }));
        assert_eq!(due(Tick::Poll, &active, None, now()), Some(Job::Incremental { cause: Cause::Poll }));
    }

    #[test]
    fn the_poll_is_full_where_a_connection_wants_it_more_often() {
        let active = connection(ConnectionStatus::Active, Some(6));
        let ago = |hours| Some(now() - SignedDuration::from_hours(hours));
        assert_eq!(due(Tick::Poll, &active, ago(6), now()), Some(Job::Full { cause: Cause::Schedule }));
        assert_eq!(due(Tick::Poll, &active, ago(5), now()), Some(Job::Incremental { cause: Cause::Poll }));
        assert_eq!(due(Tick::Poll, &active, None, now()), Some(Job::Incremental { cause: Cause::Poll }));
    }

    #[test]
    fn the_key_is_the_same_within_the_minute_and_another_for_another_tick() {
        let id = ConnectionId(Uuid::from_u128(1));
        let second = SignedDuration::from_secs(1);
        assert_eq!(key(id, Tick::Poll, now()), key(id, Tick::Poll, now() + second * 59));
        assert_ne!(key(id, Tick::Poll, now()), key(id, Tick::Poll, now() + second * 60));
        assert_ne!(key(id, Tick::Poll, now()), key(id, Tick::Reconcile, now()));
        assert!(key(id, Tick::Reconcile, now()).len() <= 128);
    }
}
