//! Sees a run through to its end, its next checkpoint, or the reason why a person must act.
//!
//! The way of a job:
//!
//! 1. [`lease`]: one worker for each connection. Whoever finds the lease held waits for a sign of
//!    life and takes over without one.
//! 2. [`attend`]: an unfinished run comes first; then what the job asks for.
//! 3. [`full`] reads everything in scope: [`closure`] the groups, [`people`] the people, page by
//!    page, each page written before the next checkpoint. [`incremental`] reads what changed.
//! 4. [`removals`] is the only place where something is taken from anybody: sealed, guarded,
//!    and asked about once more ([`question`]). [`approved`] applies what a person approved.
//! 5. [`conclude`] decides what a failure means: wait, start over, give up, or call a person.
//!
//! [`session`] is what one hold of the lease knows; [`snapshot`] and [`checkpoint`] are what a
//! full run remembers; [`reading`] turns Graph's answers into the core's terms.

mod approved;
mod attend;
mod checkpoint;
mod closure;
mod conclude;
mod failure;
mod full;
mod incremental;
mod lease;
mod people;
mod question;
mod reading;
mod removals;
mod session;
mod snapshot;
mod teams;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_store::Table;
use rollcall_store::connection::ConnectionStatus;
use rollcall_store::purge::Purged;
use rollcall_store::state::SyncState;
use tokio::time::{Instant, sleep};

use crate::access::GraphAccess;
use crate::job::{Cause, Job, Message};
use crate::ports::{Mail, Queue, QueueError};
use crate::subscription::keeper::Keeper;

/// The current time. Read at the rim, and from here only.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a worker works with.
#[derive(Clone)]
pub struct Worker {
    /// The table.
    pub table: Table,
    /// Graph.
    pub access: GraphAccess,
    /// The queue from which jobs come, for continuations.
    pub queue: Arc<dyn Queue>,
    /// Mail to owners.
    pub mail: Arc<dyn Mail>,
    /// The keeper of subscriptions, where Graph can reach this deployment. Without one only polls find changes.
    pub keeper: Option<Keeper>,
    /// The clock.
    pub clock: Clock,
    /// Tells this worker from all others, also from earlier ones in the same environment.
    pub name: String,
}

/// The job is not done. The message must come again.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Another worker is at it.
    #[error("another worker holds the lease")]
    Busy,
    /// The table failed, or another worker took over.
    #[error(transparent)]
    Store(#[from] rollcall_store::Error),
    /// The continuation could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The message is of a format that this code does not know.
    #[error("the message has format version {0}, which is newer than this code")]
    Version(u32),
}

/// Items that a purge deletes before it looks at the time.
const PURGED_AT_ONCE: usize = 5_000;
/// Time that a purge leaves for queueing its continuation.
const PURGE_MARGIN: Duration = Duration::from_secs(20);
/// The first pause between two reads that notifications cause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause, under a lasting stream of notifications.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

impl Worker {
    /// Does a job, or as much of it as fits before `deadline`.
    ///
    /// # Errors
    /// [`WorkError`] when the message must come again. A run that fails is not an error here:
    /// its record says why, and what happens next is already decided.
    pub async fn work(&self, message: &Message, deadline: Instant) -> Result<(), WorkError> {
        if message.version > Message::VERSION + 1 {
            return Err(WorkError::Version(message.version));
        }
        if matches!(message.job, Job::Purge) {
            return self.purge(message, deadline).await;
        }
        if is_from_notification(&message.job) {
            sleep(self.pause(message.connection).await?).await;
        }
        lease::with(self, message.connection, deadline, async |lease| {
            attend::attend(self, lease, message, deadline).await
        })
        .await
    }

    /// Deletes everything of a connection that was deleted itself, as far as the time allows.
    async fn purge(&self, message: &Message, deadline: Instant) -> Result<(), WorkError> {
        let connection = message.connection;
        if self.table.connection(connection).await?.is_some_and(|found| found.status != ConnectionStatus::Deleting) {
            tracing::error!(connection.id = %connection, "a connection that is not being deleted was not purged");
            return Ok(());
        }
        while self.table.purge(connection, PURGED_AT_ONCE).await? == Purged::Some {
            if Instant::now() + PURGE_MARGIN >= deadline {
                let key = format!("{connection}:purge:{}", (self.clock)());
                return Ok(self.queue.send(message, &key).await?);
            }
        }
        Ok(self.table.remove_connection(connection).await?)
    }

    /// How long to wait before the next read, so that a stream of notifications costs few reads.
    async fn pause(&self, connection: ConnectionId) -> Result<Duration, WorkError> {
        let state = self.table.state(connection).await?;
        let pause = Duration::from_millis(state.pace_ms.into());
        let Some(last) = state.last_read_at else { return Ok(Duration::ZERO) };
        // The clock of whoever read last may be ahead of ours: never wait longer than the pause itself.
        let since = Duration::try_from((self.clock)().duration_since(last)).unwrap_or_default();
        Ok(pause.saturating_sub(since).min(LONGEST_PAUSE))
    }
}

/// The pause after this read: it doubles while notifications keep coming, and falls back when they rest.
fn next_pace(state: &SyncState, now: Timestamp) -> u32 {
    let busy = state.last_read_at.is_some_and(|last| {
        let pause = i128::from(state.pace_ms.max(millis(FIRST_PAUSE)));
        now.duration_since(last).as_millis() < 2 * pause
    });
    if busy {
        state.pace_ms.saturating_mul(2).clamp(millis(FIRST_PAUSE), millis(LONGEST_PAUSE))
    } else {
        millis(FIRST_PAUSE)
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

const fn is_from_notification(job: &Job) -> bool {
    matches!(job, Job::Incremental { cause: Cause::Notification })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn state(pace_ms: u32, seconds_ago: i64) -> SyncState {
        let last = Timestamp::UNIX_EPOCH - SignedDuration::from_secs(seconds_ago);
        SyncState { pace_ms, last_read_at: Some(last), ..SyncState::default() }
    }

    #[test]
    fn a_lone_notification_keeps_the_pause_short() {
        assert_eq!(next_pace(&state(8_000, 60), Timestamp::UNIX_EPOCH), 1_000);
        assert_eq!(next_pace(&SyncState::default(), Timestamp::UNIX_EPOCH), 1_000);
    }

    #[test]
    fn a_stream_of_notifications_is_read_less_and_less_often_up_to_a_limit() {
        assert_eq!(next_pace(&state(1_000, 1), Timestamp::UNIX_EPOCH), 2_000);
        assert_eq!(next_pace(&state(4_000, 4), Timestamp::UNIX_EPOCH), 8_000);
        assert_eq!(next_pace(&state(8_000, 9), Timestamp::UNIX_EPOCH), 8_000);
    }

    #[test]
    fn a_clock_that_went_back_does_not_make_the_pause_grow_for_ever() {
        assert_eq!(next_pace(&state(8_000, -600), Timestamp::UNIX_EPOCH), 8_000);
    }
}
