//! Runs.

use jiff::Timestamp;
use rollcall_store as store;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::hold::Reason;
use super::progress::Progress;

/// One execution of a sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Run {
    /// The run.
    id: Uuid,
    /// What it does.
    mode: Mode,
    /// The person that it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    /// The run that it takes back, or would take back.
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<Uuid>,
    /// What caused it.
    trigger: Trigger,
    /// How it stands.
    status: Status,
    /// Until when it waits, if it was told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_until: Option<Timestamp>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// What it did and did not do.
    counts: Counts,
    /// How far it has come.
    progress: Progress,
    /// Why it failed or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    /// Requests to Microsoft Graph.
    graph_requests: u64,
    /// The hold that it opened or applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Uuid>,
    /// Why removals are held, or would be held in a preview.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunMode)]
enum Mode {
    /// Reads everything in scope.
    Full,
    /// Reads what changed.
    Incremental,
    /// Applies the removals of an approved hold.
    Hold,
    /// Reads one person.
    Person,
    /// Finds out what a full run would do with some settings, and does none of it.
    Preview,
    /// Takes back what a run did.
    Undo,
    /// Finds out what taking back a run would do, and does none of it.
    PreviewUndo,
    /// Looks at photos, after a full run, or those of newcomers and of people who were read anew.
    Photos,
}

/// What caused a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Trigger {
    /// What it was.
    kind: Cause,
    /// Who asked or approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// What can cause a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunCause)]
enum Cause {
    /// The daily reconciliation, or a more frequent one.
    Schedule,
    /// A change notification.
    Notification,
    /// The poll that finds what lost notifications did not tell.
    Poll,
    /// The connection was activated.
    Activation,
    /// Somebody asked.
    Manual,
    /// A hold was approved.
    Approval,
    /// There was a gap in the subscriptions.
    Renewal,
    /// The connection was paused, and what paused it is mended.
    Resumption,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunStatus)]
enum Status {
    /// At work.
    Running,
    /// Told by Microsoft Graph to wait.
    Waiting,
    /// Done.
    Succeeded,
    /// Done, but for removals that wait for a decision.
    Held,
    /// Given up.
    Failed,
    /// Stopped on request.
    Cancelled,
}

/// What a run did and did not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Counts {
    /// Accounts made.
    created: u64,
    /// Accounts changed.
    updated: u64,
    /// Accounts that may be used again.
    reactivated: u64,
    /// Accounts that may no longer be used.
    deactivated: u64,
    /// Accounts deleted.
    deleted: u64,
    /// Teams made.
    teams_created: u64,
    /// Teams renamed.
    teams_renamed: u64,
    /// Teams for which there is no reason any more.
    teams_retired: u64,
    /// People who joined a team, counted for each team.
    memberships_added: u64,
    /// People who left a team, counted for each team.
    memberships_removed: u64,
    /// Photos that are new, others than before, or gone.
    photos: u64,
    /// People who were as they should be.
    unchanged: u64,
    /// Removals that wait for a decision.
    held: u64,
    /// Removals that proved wrong when Microsoft Graph was asked again.
    refuted: u64,
    /// Removals that nobody could confirm yet.
    unproven: u64,
    /// People in scope who get no account, or not all of it, until somebody has seen to it.
    skipped: u64,
    /// Fields that could not be taken back, because they have changed again since.
    changed_since: u64,
    /// Photos that could not be read. What was kept of them stays.
    photos_unread: u64,
}

/// Why a run failed or waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct RunError {
    /// Its kind, a short word.
    kind: String,
    /// What is wrong.
    message: String,
    /// Who must do what, where somebody must.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
}

impl Run {
    /// A run as it stands now.
    pub(crate) fn at(now: Timestamp, run: store::Run) -> Self {
        let store::Run {
            id,
            mode,
            trigger,
            status,
            started_at,
            finished_at,
            epoch: _,
            counts,
            progress,
            error,
            requests,
            hold,
            reasons,
            resume: _,
        } = run;
        let progress = Progress::of(progress, status, started_at, now);
        let (status, waiting_until) = standing(status);
        let (mode, person, undoes) = aim(mode);
        Self {
            id: id.0,
            mode,
            person,
            undoes,
            trigger: trigger.into(),
            status,
            waiting_until,
            started_at,
            finished_at,
            counts: counts.into(),
            progress,
            error: error.map(|store::RunError { kind, message, action }| RunError { kind, message, action }),
            graph_requests: requests,
            hold: hold.map(|hold| hold.0),
            reasons: reasons.into_iter().map(Reason::from).collect(),
        }
    }
}

fn standing(status: store::RunStatus) -> (Status, Option<Timestamp>) {
    match status {
        store::RunStatus::Running => (Status::Running, None),
        store::RunStatus::Waiting { until } => (Status::Waiting, Some(until)),
        store::RunStatus::Succeeded => (Status::Succeeded, None),
        store::RunStatus::Held => (Status::Held, None),
        store::RunStatus::Failed => (Status::Failed, None),
        store::RunStatus::Cancelled => (Status::Cancelled, None),
    }
}

/// What a run does, and to whom or what.
fn aim(mode: store::Mode) -> (Mode, Option<Uuid>, Option<Uuid>) {
    match mode {
        store::Mode::Full => (Mode::Full, None, None),
        store::Mode::Incremental => (Mode::Incremental, None, None),
        store::Mode::Hold(_) => (Mode::Hold, None, None),
        store::Mode::Person(person) => (Mode::Person, Some(person.0), None),
        store::Mode::Preview => (Mode::Preview, None, None),
        store::Mode::Undo(run) => (Mode::Undo, None, Some(run.0)),
        store::Mode::PreviewUndo(run) => (Mode::PreviewUndo, None, Some(run.0)),
        store::Mode::Photos => (Mode::Photos, None, None),
    }
}

impl From<store::Trigger> for Trigger {
    fn from(trigger: store::Trigger) -> Self {
        let (kind, by) = match trigger {
            store::Trigger::Schedule => (Cause::Schedule, None),
            store::Trigger::Notification => (Cause::Notification, None),
            store::Trigger::Poll => (Cause::Poll, None),
            store::Trigger::Activation => (Cause::Activation, None),
            store::Trigger::Manual { by } => (Cause::Manual, Some(by)),
            store::Trigger::Approval { by } => (Cause::Approval, Some(by)),
            store::Trigger::Renewal => (Cause::Renewal, None),
            store::Trigger::Resumption => (Cause::Resumption, None),
        };
        Self { kind, by }
    }
}

impl From<store::Counts> for Counts {
    fn from(counts: store::Counts) -> Self {
        let store::Counts { tally, unchanged, held, refuted, unproven, skipped, changed_since, photos_unread } = counts;
        let store::Tally {
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
        } = tally;
        Self {
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
            unchanged,
            held,
            refuted,
            unproven,
            skipped,
            changed_since,
            photos_unread,
        }
    }
}
