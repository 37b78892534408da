//! Previews of settings.

use jiff::Timestamp;
use rollcall_store::{Proposal, Run as Stored};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::run::Run;
use crate::body::limits::Limits;
use crate::body::rules::Rules;
use crate::body::scope::Scope;

/// What a full run would do with some settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The preview, and the run that makes it: under this id `/runs/{run}/changes` lists what would change, and exports it.
    id: Uuid,
    /// Whether it can be applied now: it is at its end, and the connection is as it was when it was asked for.
    applicable: bool,
    /// The run that makes it: how far it has come, what it counted, and why its removals would be held. Absent until it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
    /// Who would be in.
    scope: Scope,
    /// How a person would become an account.
    rules: Rules,
    /// How much could be taken from people without asking.
    limits: Limits,
    /// The revision of the connection on which it builds. Once that has another one, this can't be applied any more.
    revision: u64,
    /// When it was asked for. It can be looked at and applied for seven days.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who asked for it.
    created_by: String,
}

impl Preview {
    /// The preview.
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }

    /// A preview as it stands now. `applicable` says whether it can be applied.
    pub(crate) fn at(now: Timestamp, proposal: Proposal, run: Option<Stored>, applicable: bool) -> Self {
        let Proposal { id, scope, rules, limits, revision, by, created_at } = proposal;
        Self {
            id: id.0,
            applicable,
            run: run.map(|run| Run::at(now, run)),
            scope: scope.into(),
            rules: rules.into(),
            limits: limits.into(),
            revision,
            created_at,
            created_by: by,
        }
    }
}

/// That a run is queued which finds something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct QueuedRun {
    /// The run. It may take some seconds until it is to be found among the runs.
    pub(crate) run: Uuid,
}

/// That a run is being undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Undoing {
    /// Under which the wish is logged.
    pub(crate) reference: Uuid,
    /// Whether changes of the directory are followed from now on.
    pub(crate) auto_sync: bool,
    /// What that means.
    pub(crate) message: &'static str,
}
