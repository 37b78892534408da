//! Sees a run through to its end, its next checkpoint, or the reason why a person must act.
//!
//! The way of a job:
//!
//! 1. `lease`: one worker for each connection. Whoever finds the lease held waits for a sign of
//!    life and takes over without one.
//! 2. `attend`: an unfinished run comes first; then what the job asks for.
//! 3. `full` reads everything in scope: `closure` the groups, `people` the people, page by
//!    page, each page written before the next checkpoint. `incremental` reads what changed.
//! 4. `removals` is the only place where something is taken from anybody: sealed, guarded,
//!    and asked about once more (`question`). `holds` keeps what waits for a person, `approved` applies what
//!    a person approved, `undo` takes back what a run did. A preview goes the same way and writes only its own history.
//! 5. `conclude` decides what a failure means: wait, start over, give up, or call a person.
//!
//! `photos` is no part of that: it comes after everything else, in slices that let others go first.
//!
//! `teams` and `manager_teams` say which teams there are, `problems` what a person has to see to, `addresses` who shares one.
//! `accounts` writes accounts together with what follows from them.
//! `session` is what one hold of the lease knows; `snapshot` and `checkpoint` are what a
//! full run remembers; `reading` turns Graph's answers into the core's terms.

mod accounts;
mod addresses;
mod approved;
mod attend;
mod checkpoint;
mod closure;
mod conclude;
mod existing;
mod failure;
mod full;
mod groups;
mod holds;
mod incremental;
mod lease;
mod manager_teams;
mod people;
mod photos;
mod problems;
mod question;
mod reading;
mod removals;
mod session;
mod snapshot;
mod teams;
mod undo;

pub use groups::graph;
pub use reading::{Answered, person};

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
use crate::notice::Teller;
use crate::ports::{Queue, QueueError};
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
    /// Tells people when something needs them.
    pub teller: Teller,
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
/// The least pause between two reads that notifications cause: what comes meanwhile is read together.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// What each read counts. Under a lasting stream of notifications there is one read in this time.
const READ_COST: Duration = Duration::from_secs(5);
/// How much may come together before reads have to wait: some seven reads one second apart.
const READ_DEBT: Duration = Duration::from_secs(35);

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
        Ok(pause(&state, (self.clock)()))
    }
}

/// How long a read has to wait, by what the reads before it count.
fn pause(state: &SyncState, now: Timestamp) -> Duration {
    let Some(last) = state.last_read_at else { return Duration::ZERO };
    let for_the_debt = debt(state, now).saturating_sub(READ_DEBT).min(READ_COST);
    // The clock of whoever read last may be ahead of ours: never wait longer than the pause itself.
    let since = Duration::try_from(now.duration_since(last)).unwrap_or_default();
    LEAST_PAUSE.saturating_sub(since).max(for_the_debt)
}

/// What the reads until now count, less the time that has passed since (a leaky bucket).
fn debt(state: &SyncState, now: Timestamp) -> Duration {
    let since = state.last_read_at.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
    Duration::from_millis(state.read_debt_ms.into()).saturating_sub(since.unwrap_or_default())
}

/// What the reads count after this one.
fn debt_after_read(state: &SyncState, now: Timestamp) -> u32 {
    let after = debt(state, now) + READ_COST;
    u32::try_from(after.min(READ_DEBT + READ_COST).as_millis()).unwrap_or(u32::MAX)
}

const fn is_from_notification(job: &Job) -> bool {
    matches!(job, Job::Incremental { cause: Cause::Notification })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    /// Reads as often as the pace allows, for a minute of uninterrupted notifications.
    fn reads_in(seconds: i64) -> usize {
        let (mut now, mut reads) = (Timestamp::UNIX_EPOCH, 0);
        let end = now + SignedDuration::from_secs(seconds);
        let mut state = SyncState::default();
        while now < end {
            now += SignedDuration::try_from(pause(&state, now)).unwrap() + SignedDuration::from_millis(300);
            state.read_debt_ms = debt_after_read(&state, now);
            state.last_read_at = Some(now);
            reads += 1;
        }
        reads
    }

    #[test]
    fn a_stream_of_notifications_costs_few_reads() {
        assert!(reads_in(5) >= 4, "{}", reads_in(5));
        assert!(reads_in(60) <= 20, "{}", reads_in(60));
        assert!(reads_in(3_600) <= 730, "{}", reads_in(3_600));
    }

    #[test]
    fn changes_a_few_seconds_apart_do_not_wait() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut state = SyncState::default();
        for _ in 0..40 {
            now += SignedDuration::from_secs(5);
            assert_eq!(pause(&state, now), Duration::ZERO);
            state.read_debt_ms = debt_after_read(&state, now);
            state.last_read_at = Some(now);
        }
    }

    #[test]
    fn a_clock_that_went_back_makes_nobody_wait_longer_than_one_read_costs() {
        let last = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let state = SyncState { read_debt_ms: u32::MAX, last_read_at: Some(last), ..SyncState::default() };
        assert_eq!(pause(&state, Timestamp::UNIX_EPOCH), READ_COST);
    }
}
