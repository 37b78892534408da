//! Holds: removals that wait for a person's decision.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::guard::Reason;
use rollcall_directory::identity::{HoldId, RunId};
use rollcall_directory::plan::Removal;
use serde::{Deserialize, Serialize};

/// A set of removals that nobody may apply before a person has approved exactly this set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The hold. Version 7, so that holds sort by time.
    pub id: HoldId,
    /// The run that found the removals.
    pub run: RunId,
    /// The plan hash of the removals: whoever approves, approves exactly these.
    pub hash: String,
    /// How it stands.
    pub status: HoldStatus,
    /// Why the removals are held.
    pub reasons: Vec<Reason>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// How many removals.
    pub removals: u64,
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Waits for a decision.
    Open,
    /// Approved, not yet applied.
    Approved,
    /// Rejected. The removals are not applied.
    Rejected,
    /// Approved and applied.
    Applied,
    /// A newer hold has taken its place.
    Superseded,
    /// The removals are no longer called for.
    Closed,
}

impl HoldStatus {
    /// The word by which it is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Applied => "applied",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }
}

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Take it all.
    Approved,
    /// Take nothing.
    Rejected,
}

impl Decision {
    /// The status that follows.
    #[must_use]
    pub const fn status(self) -> HoldStatus {
        match self {
            Self::Approved => HoldStatus::Approved,
            Self::Rejected => HoldStatus::Rejected,
        }
    }
}

/// What a commit does to holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldWrite {
    /// Opens a hold with its removals.
    Open {
        /// The hold.
        hold: Hold,
        /// The removals.
        removals: BTreeSet<Removal>,
    },
    /// Changes the status of a hold, if it still is what was read; otherwise the commit fails
    /// with a conflict.
    Move {
        /// Which.
        hold: HoldId,
        /// The status that was read.
        from: HoldStatus,
        /// The status from now on.
        to: HoldStatus,
    },
}
