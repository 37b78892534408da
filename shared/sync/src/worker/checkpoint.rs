//! What a full run must know to go on after the invocation has ended.
//!
//! Small and readable: the large part of a snapshot is kept in chunks of its own.

use jiff::Timestamp;
use rollcall_directory::identity::GroupId;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_graph::PageLink;
use rollcall_store::state::Cursor;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// Where a full run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The scope with which the run began. Another scope needs another run.
    pub(super) scope: Scope,
    /// The rules with which the run began.
    pub(super) rules: Rules,
    /// Delta links that were taken before anything else was read.
    pub(super) anchor: Anchor,
    /// How often the run began anew because Graph forgot a page.
    pub(super) restarts: u32,
    /// What is being read.
    pub(super) stage: Stage,
}

/// Delta links, and when they were taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anchor {
    pub(super) users: PageLink,
    pub(super) groups: Option<PageLink>,
    pub(super) at: Timestamp,
}

impl Anchor {
    /// The cursor from which the next incremental run begins.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor {
            users: self.users.as_str().to_owned(),
            groups: self.groups.as_ref().map(|link| link.as_str().to_owned()),
            read_at: self.at,
        }
    }
}

/// What a full run is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Reading the groups in scope.
    Groups {
        /// Groups of which some pages are read. Those of which none are follow from the snapshot.
        begun: Vec<OpenGroup>,
    },
    /// Reading people page by page from the list of all users.
    Listing {
        /// The next page; none before the first.
        next: Option<PageLink>,
        /// Users that the pages so far held.
        read: u64,
        /// What Graph said the list holds.
        counted: Option<u64>,
    },
    /// Reading those in scope one by one whom the list did not show, or all of them where that is cheaper.
    Individually,
    /// Everything is read.
    Read,
}

/// A group that is not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenGroup {
    pub(super) group: GroupId,
    /// The next page of its members; none before the first.
    pub(super) next: Option<PageLink>,
}

impl OpenGroup {
    pub(super) const fn new(group: GroupId) -> Self {
        Self { group, next: None }
    }
}

impl Checkpoint {
    pub(super) fn to_text(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| Failure::Checkpoint(error.to_string()))
    }

    pub(super) fn from_text(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|error| Failure::Checkpoint(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_checkpoint_comes_back_as_it_was() {
        let checkpoint = Checkpoint {
            scope: Scope::everyone(),
            rules: Rules::default(),
            anchor: Anchor { users: PageLink::new("u"), groups: None, at: Timestamp::UNIX_EPOCH },
            restarts: 1,
            stage: Stage::Groups {
                begun: vec![OpenGroup { group: GroupId(Uuid::from_u128(1)), next: Some(PageLink::new("n")) }],
            },
        };
        assert_eq!(Checkpoint::from_text(&checkpoint.to_text().unwrap()).unwrap(), checkpoint);
    }

    #[test]
    fn a_checkpoint_of_another_time_is_refused_and_not_guessed_at() {
        assert!(Checkpoint::from_text("{}").is_err());
    }
}
