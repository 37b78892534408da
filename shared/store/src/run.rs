//! Runs: one execution of a sync each, kept as history.

use jiff::Timestamp;
use rollcall_directory::guard::Reason;
use rollcall_directory::history::Action;
use rollcall_directory::identity::{ConnectionId, HoldId, PersonId, RunId};
use serde::{Deserialize, Serialize};

use crate::change::{Change, TeamAction};
use crate::error::Error;
use crate::item::{expire, from_item, number, read_u64, text, to_item};
use crate::keys::{Item, Key};

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The run. Version 7, so that runs sort by time.
    pub id: RunId,
    /// What it does.
    pub mode: Mode,
    /// What caused it.
    pub trigger: Trigger,
    /// How it stands.
    pub status: RunStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Epoch of the worker that wrote this last.
    pub epoch: u64,
    /// What it did. [`Counts::tally`] is kept by the store.
    pub counts: Counts,
    /// How far it has come.
    pub progress: Progress,
    /// Why it failed or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Requests to Graph.
    pub requests: u64,
    /// The hold that it opened or applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
    /// Why removals are held, or would be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// What the engine needs to go on after a checkpoint. The store does not look into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Reads everything in scope.
    Full,
    /// Reads what changed.
    Incremental,
    /// Applies the removals of an approved hold.
    Hold(HoldId),
    /// Reads one person.
    Person(PersonId),
    /// Finds out what a full run would do with some settings, and does none of it.
    Preview,
    /// Takes back what a run did.
    Undo(RunId),
    /// Finds out what taking back a run would do, and does none of it.
    PreviewUndo(RunId),
    /// Looks at the photos of people who have an account.
    Photos,
}

impl Mode {
    /// Whether nothing is done but to find out what would be.
    #[must_use]
    pub const fn is_preview(self) -> bool {
        matches!(self, Self::Preview | Self::PreviewUndo(_))
    }

    /// Whether the platform is in step with the directory after such a run.
    #[must_use]
    pub const fn reads_all_that_changed(self) -> bool {
        matches!(self, Self::Full | Self::Incremental)
    }
}

/// What caused a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// The daily reconciliation, or a more frequent one that the connection asks for.
    Schedule,
    /// A change notification.
    Notification,
    /// The poll that finds what lost notifications did not tell.
    Poll,
    /// The connection was activated.
    Activation,
    /// Somebody asked.
    Manual {
        /// Who.
        by: String,
    },
    /// A hold was approved.
    Approval {
        /// By whom.
        by: String,
    },
    /// There was a gap in the subscriptions.
    Renewal,
    /// Paused, and mended.
    Resumption,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunStatus {
    /// At work, or between two slices of work.
    Running,
    /// Told by Graph to wait.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// Done.
    Succeeded,
    /// Done, but for removals that wait for a decision.
    Held,
    /// Given up.
    Failed,
    /// Stopped by request.
    Cancelled,
}

impl RunStatus {
    /// Whether the run is over.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Held | Self::Failed | Self::Cancelled)
    }
}

/// What a run did and did not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// What was changed: counted by the store in the very transactions that changed it.
    pub tally: Tally,
    /// People who were as they should be.
    pub unchanged: u64,
    /// Removals that wait for a decision.
    pub held: u64,
    /// Removals that proved wrong when Graph was asked again.
    pub refuted: u64,
    /// Removals that nobody could confirm yet.
    pub unproven: u64,
    /// People in scope who get no account, or not all of it, until somebody has seen to it.
    pub skipped: u64,
    /// What could not be taken back, because it has changed again since.
    pub changed_since: u64,
    /// Photos that could not be read. What was kept of them stays.
    pub photos_unread: u64,
}

/// Changes by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Accounts made.
    pub created: u64,
    /// Accounts changed.
    pub updated: u64,
    /// Accounts that may be used again.
    pub reactivated: u64,
    /// Accounts that may no longer be used.
    pub deactivated: u64,
    /// Accounts deleted.
    pub deleted: u64,
    /// Teams made.
    pub teams_created: u64,
    /// Teams renamed.
    pub teams_renamed: u64,
    /// Teams retired.
    pub teams_retired: u64,
    /// People who joined a team, counted for each team.
    pub memberships_added: u64,
    /// People who left a team, counted for each team.
    pub memberships_removed: u64,
    /// Photos that are new, others than before, or gone.
    pub photos: u64,
}

impl Tally {
    /// Counts one change. Memberships are counted where the roster is written.
    pub(crate) const fn count<V>(&mut self, change: &Change<V>) {
        let counter = match change {
            Change::User(change) => match change.action {
                Action::Created => &mut self.created,
                Action::Updated => &mut self.updated,
                Action::Reactivated => &mut self.reactivated,
                Action::Deactivated => &mut self.deactivated,
                Action::Deleted => &mut self.deleted,
            },
            Change::Team(change) => match change.action {
                TeamAction::Created | TeamAction::Restored => &mut self.teams_created,
                TeamAction::Renamed => &mut self.teams_renamed,
                TeamAction::Retired => &mut self.teams_retired,
            },
            Change::Photo(_) => &mut self.photos,
            Change::Skipped(_) => return,
        };
        *counter += 1;
    }

    /// Adds what another transaction changed.
    pub(crate) const fn add(&mut self, other: &Self) {
        let Self {
            created,
            updated,
            reactivated,
            deactivated,
            deleted,
            teams_created,
            teams_renamed,
            teams_retired,
            memberships_added,
            memberships_removed,
            photos,
        } = *other;
        self.created += created;
        self.updated += updated;
        self.reactivated += reactivated;
        self.deactivated += deactivated;
        self.deleted += deleted;
        self.teams_created += teams_created;
        self.teams_renamed += teams_renamed;
        self.teams_retired += teams_retired;
        self.memberships_added += memberships_added;
        self.memberships_removed += memberships_removed;
        self.photos += photos;
    }

    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self {
            created,
            updated,
            reactivated,
            deactivated,
            deleted,
            teams_created,
            teams_renamed,
            teams_retired,
            memberships_added,
            memberships_removed,
            photos,
        } = *self;
        created + updated + reactivated + deactivated + deleted + teams_created + teams_renamed + teams_retired == 0
            && memberships_added + memberships_removed + photos == 0
    }
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// What it is doing, a short word.
    pub phase: String,
    /// Pages read.
    pub pages: u64,
    /// People read.
    pub people: u64,
    /// People expected, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

/// Why a run failed or waits, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Its kind, a short word.
    pub kind: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Who must do what, where somebody must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

const CHUNKS: &str = "snapshot_chunks";

/// The item of a run, with what the store itself counts.
pub(crate) fn item(
    connection: ConnectionId,
    run: &Run,
    tally: Tally,
    chunks: u64,
    expires: Timestamp,
) -> Result<Item, Error> {
    let run = Run { counts: Counts { tally, ..run.counts }, ..run.clone() };
    let mut item = to_item("run", &Key::run(connection, run.id), &run)?;
    item.insert(CHUNKS.to_owned(), number(chunks));
    expire(&mut item, expires);
    Ok(item)
}

/// History of so many bytes and less is kept in the run's own record: one item less to write for one change.
const SMALL: usize = 8_000;

/// Whether history is small enough for the run's record.
pub(crate) fn fits(changes: &[String]) -> bool {
    changes.iter().map(|change| change.len() + 1).sum::<usize>() <= SMALL
}

/// Adds the last part of a run's history to its record.
pub(crate) fn add_changes(item: &mut Item, changes: &[String]) {
    if !changes.is_empty() {
        item.insert("changes".to_owned(), text(format!("[{}]", changes.join(","))));
    }
}

/// What the store itself counted for a run: changes and snapshot chunks.
pub(crate) fn read_tally(item: Item) -> Result<(Tally, u64), Error> {
    let chunks = read_u64("run", &item, CHUNKS)?;
    Ok((from_item::<Run>("run", item)?.counts.tally, chunks))
}
