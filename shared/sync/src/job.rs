//! What the queue carries.
//!
//! The queue is first in, first out with the connection as message group, so one connection's
//! jobs never run side by side. Jobs are hints: each may arrive twice, late, or after the
//! work is already done.
//!
//! **How many notifications become few reads.** Each connection has a generation number. A
//! notification's job carries the generation it found as its deduplication key, so that all
//! notifications of one generation are one message. The worker raises the generation *before*
//! it reads. Whoever found the old number was accepted before the read began and is covered by
//! it; whoever finds the new one queues the next read. No wake-up is lost, and a burst of
//! thousands costs as many reads as there were generations.

use rollcall_directory::identity::{ConnectionId, HoldId, PersonId, RunId};
use rollcall_store::run::Trigger;
use serde::{Deserialize, Serialize};

/// A message of the sync queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Version of this format. A worker refuses what is newer than [`Message::VERSION`] + 1.
    pub version: u32,
    /// Whose directory.
    pub connection: ConnectionId,
    /// What to do.
    pub job: Job,
}

impl Message {
    /// The version that this code writes.
    pub const VERSION: u32 = 1;

    /// A message of the current version.
    #[must_use]
    pub const fn new(connection: ConnectionId, job: Job) -> Self {
        Self { version: Self::VERSION, connection, job }
    }
}

/// What a worker is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Read everything in scope and compare.
    Full {
        /// What caused it.
        cause: Cause,
    },
    /// Read what changed since the last time. Becomes a full run where no cursor is known.
    Incremental {
        /// What caused it.
        cause: Cause,
    },
    /// Apply the removals of an approved hold, exactly these or none.
    ApplyHold {
        /// Which.
        hold: HoldId,
        /// Who approved.
        by: String,
    },
    /// Read one person anew.
    Person {
        /// Whom.
        person: PersonId,
        /// Who asked.
        by: String,
    },
    /// Find out what a full run would do with the settings that were noted under this id.
    Preview {
        /// The id of the settings, and of the run that finds it out.
        preview: RunId,
        /// Who asked.
        by: String,
    },
    /// Take back what a run did.
    Undo {
        /// Which run.
        run: RunId,
        /// Who asked.
        by: String,
    },
    /// Find out what taking back a run would do.
    PreviewUndo {
        /// Which run.
        run: RunId,
        /// The id of the run that finds it out.
        preview: RunId,
        /// Who asked.
        by: String,
    },
    /// Go on with a round of photos.
    Photos {
        /// Which.
        round: RunId,
        /// The slice that is next. A message for another one does nothing.
        slice: u64,
    },
    /// Look at the photos of some people.
    PhotosOf {
        /// Whose.
        people: Vec<PersonId>,
        /// What caused the run that led to it.
        trigger: Trigger,
    },
    /// Go on with a run that saved a checkpoint.
    Continue {
        /// Which.
        run: RunId,
    },
    /// Delete everything that is kept of a deleted connection.
    Purge,
}

/// What caused a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Cause {
    /// The daily reconciliation, or the more frequent one that a connection asks for.
    Schedule,
    /// The poll that finds what lost notifications did not tell.
    Poll,
    /// A change notification.
    Notification,
    /// The connection was activated.
    Activation,
    /// Somebody asked.
    Manual {
        /// Who, as the API knows them.
        who: String,
    },
    /// There was a gap in the subscriptions.
    SubscriptionGap,
    /// Paused, and mended.
    Resumption,
}

/// Deduplication key of a notification's job: see the module's text.
#[must_use]
pub fn notification_key(connection: ConnectionId, generation: u64) -> String {
    format!("{connection}:notification:{generation}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_wire_form_of_every_job_is_fixed() {
        let connection = ConnectionId(Uuid::from_u128(1));
        let jobs = [
            Job::Full { cause: Cause::Schedule },
            Job::Incremental { cause: Cause::Notification },
            Job::Full { cause: Cause::Manual { who: "admin".to_owned() } },
            Job::ApplyHold { hold: HoldId(Uuid::from_u128(2)), by: "admin".to_owned() },
            Job::Continue { run: RunId(Uuid::from_u128(3)) },
            Job::Person { person: PersonId(Uuid::from_u128(4)), by: "admin".to_owned() },
            Job::Preview { preview: RunId(Uuid::from_u128(5)), by: "admin".to_owned() },
            Job::Undo { run: RunId(Uuid::from_u128(6)), by: "admin".to_owned() },
            Job::PreviewUndo {
                run: RunId(Uuid::from_u128(6)),
                preview: RunId(Uuid::from_u128(7)),
                by: "admin".to_owned(),
            },
            Job::Photos { round: RunId(Uuid::from_u128(8)), slice: 2 },
            Job::PhotosOf {
                people: vec![PersonId(Uuid::from_u128(4))],
                trigger: Trigger::Manual { by: "admin".to_owned() },
            },
            Job::Purge,
        ];
        let messages: Vec<Message> = jobs.into_iter().map(|job| Message::new(connection, job)).collect();
        insta::assert_json_snapshot!(messages);
    }
}
