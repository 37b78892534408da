//! Runs.

use jiff::Timestamp;
use rollcall_store as store;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::progress::Progress;

/// One execution of a sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Run {
    /// The run.
    id: Uuid,
    /// What it does.
    mode: Mode,
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
    /// Teams made.
    teams_created: u64,
    /// Teams renamed.
    teams_renamed: u64,
    /// Teams whose group is no longer in scope.
    teams_retired: u64,
    /// People who joined a team, counted for each team.
    memberships_added: u64,
    /// People who left a team, counted for each team.
    memberships_removed: u64,
    /// People who were as they should be.
    unchanged: u64,
    /// Removals that wait for a decision.
    held: u64,
    /// Removals that proved wrong when Microsoft Graph was asked again.
    refuted: u64,
    /// Removals that nobody could confirm yet.
    unproven: u64,
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
            resume: _,
        } = run;
        let progress = Progress::of(progress, status, started_at, now);
        let (status, waiting_until) = standing(status);
        Self {
            id: id.0,
            mode: mode.into(),
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

impl From<store::Mode> for Mode {
    fn from(mode: store::Mode) -> Self {
        match mode {
            store::Mode::Full => Self::Full,
            store::Mode::Incremental => Self::Incremental,
            store::Mode::Hold(_) => Self::Hold,
        }
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
        let store::Counts { tally, unchanged, held, refuted, unproven } = counts;
        let store::Tally {
            created,
            updated,
            reactivated,
            deactivated,
            teams_created,
            teams_renamed,
            teams_retired,
            memberships_added,
            memberships_removed,
        } = tally;
        Self {
            created,
            updated,
            reactivated,
            deactivated,
            teams_created,
            teams_renamed,
            teams_retired,
            memberships_added,
            memberships_removed,
            unchanged,
            held,
            refuted,
            unproven,
        }
    }
}
