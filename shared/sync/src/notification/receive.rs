//! Checks notifications against what is known, and queues one job for each connection.
//!
//! The order of the checks: the mac of the `clientState` (no I/O), then one strongly consistent
//! read for all of a body's subscriptions, which also gives each connection's generation. **The
//! generation is read after the notification arrived**; that is what makes the queue's
//! deduplication safe, see [`crate::job`]. There is no call to Graph on this path.
//!
//! `reauthorizationRequired` leaves a mark on the subscription's row. The hourly renewal answers
//! it; Graph waits four hours. A flood of such events writes the same mark again and causes no call.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_store::{Signal, Table};
use uuid::Uuid;

use super::client_state::{ClientStateKey, Origin};
use super::parse::{Event, Notification, Received};
use crate::job::{Cause, Job, Message, notification_key};
use crate::ports::{Queue, QueueError};

/// What the table knows of a subscription and its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Graph's id; `None` while the creation has not been answered yet.
    pub subscription: Option<Uuid>,
    /// The connection's generation.
    pub generation: u64,
}

/// The rows that receiving needs.
pub trait KnownSubscriptions: Send + Sync {
    /// Looks up all of these with strong consistency. What is not known is left out.
    fn look_up<'a>(
        &'a self,
        origins: &'a BTreeSet<Origin>,
    ) -> BoxFuture<'a, Result<BTreeMap<Origin, Known>, rollcall_store::Error>>;

    /// Marks a subscription: it must be authorised anew.
    fn mark<'a>(&'a self, origin: Origin, now: Timestamp) -> BoxFuture<'a, Result<(), rollcall_store::Error>>;
}

impl KnownSubscriptions for Table {
    fn look_up<'a>(
        &'a self,
        origins: &'a BTreeSet<Origin>,
    ) -> BoxFuture<'a, Result<BTreeMap<Origin, Known>, rollcall_store::Error>> {
        let wanted = origins.iter().map(|origin| (origin.connection, origin.nonce)).collect();
        Box::pin(async move { Ok(self.signals(&wanted).await?.into_iter().map(Known::of).collect()) })
    }

    fn mark<'a>(&'a self, origin: Origin, now: Timestamp) -> BoxFuture<'a, Result<(), rollcall_store::Error>> {
        Box::pin(self.note_reauthorization(origin.connection, origin.nonce, now))
    }
}

/// Why a body was not taken in. Graph must send it again.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] rollcall_store::Error),
    /// The queue refused.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What became of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Notifications of known subscriptions.
    pub accepted: usize,
    /// Items without the form of a notification.
    pub malformed: usize,
    /// Notifications whose `clientState` was not issued by us for their tenant.
    pub forged: usize,
    /// Notifications of subscriptions that are not, or no longer, known.
    pub unknown: usize,
    /// Connections for which a job was queued.
    pub queued: usize,
}

/// Takes in what [`super::parse`] has read.
pub struct Receiver<'a> {
    /// The key that `clientState` is derived from.
    pub key: &'a ClientStateKey,
    /// What is known.
    pub known: &'a dyn KnownSubscriptions,
    /// Where jobs go.
    pub queue: &'a dyn Queue,
}

impl Receiver<'_> {
    /// Checks everything that was received, and queues what it calls for.
    ///
    /// # Errors
    /// [`ReceiveError`] when table or queue refused for at least one connection; the others are queued all the same.
    pub async fn receive(&self, received: Received, now: Timestamp) -> Result<Outcome, ReceiveError> {
        let mut outcome = Outcome { malformed: received.malformed, ..Outcome::default() };
        let total = received.notifications.len();
        let proved: Vec<(Origin, Notification)> = received
            .notifications
            .into_iter()
            .filter_map(|notification| {
                let origin = self.key.verify(&notification.client_state, notification.tenant)?;
                Some((origin, notification))
            })
            .collect();
        outcome.forged = total - proved.len();
        if proved.is_empty() {
            return Ok(outcome);
        }
        let origins = proved.iter().map(|(origin, _)| *origin).collect();
        let known = self.known.look_up(&origins).await?;
        let work = Work::of(&proved, &known);
        outcome.accepted = work.accepted;
        outcome.unknown = proved.len() - work.accepted;
        outcome.queued = work.generations.len();
        self.act(work, now).await.map(|()| outcome)
    }

    async fn act(&self, work: Work, now: Timestamp) -> Result<(), ReceiveError> {
        let marks = join_all(work.reauthorize.iter().map(|origin| self.known.mark(*origin, now)));
        let sends =
            join_all(work.generations.iter().map(|(connection, generation)| self.send(*connection, *generation)));
        let (marks, sends) = futures::future::join(marks, sends).await;
        marks.into_iter().collect::<Result<Vec<()>, _>>()?;
        sends.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(())
    }

    async fn send(&self, connection: ConnectionId, generation: u64) -> Result<(), QueueError> {
        let message = Message::new(connection, Job::Incremental { cause: Cause::Notification });
        self.queue.send(&message, &notification_key(connection, generation)).await
    }
}

/// What the notifications of one body call for.
#[derive(Default)]
struct Work {
    accepted: usize,
    generations: BTreeMap<ConnectionId, u64>,
    reauthorize: BTreeSet<Origin>,
}

impl Work {
    fn of(proved: &[(Origin, Notification)], known: &BTreeMap<Origin, Known>) -> Self {
        let mut work = Self::default();
        for (origin, notification) in proved {
            let Some(known) = known.get(origin).filter(|known| known.admits(notification)) else { continue };
            work.accepted += 1;
            match notification.event {
                Event::Change => drop(work.generations.insert(origin.connection, known.generation)),
                Event::ReauthorizationRequired => drop(work.reauthorize.insert(*origin)),
            }
        }
        work
    }
}

impl Known {
    fn of(signal: Signal) -> (Origin, Self) {
        let Signal { connection, subscription, generation } = signal;
        let id = subscription.id.and_then(|id| id.parse().ok());
        (Origin { connection, nonce: subscription.nonce }, Self { subscription: id, generation })
    }

    /// The first notification may come before the answer to the creation has been stored.
    fn admits(&self, notification: &Notification) -> bool {
        self.subscription.is_none_or(|id| id == notification.subscription)
    }
}

#[cfg(test)]
mod tests;
