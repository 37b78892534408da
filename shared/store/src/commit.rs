//! What a worker writes under its lease.

use std::borrow::Cow;

use jiff::Timestamp;
use rollcall_directory::history::{UserChange, difference};
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::plan::Loss;
use rollcall_directory::team::Team;
use rollcall_directory::user::User;

use crate::change::{TeamChange, team_difference};
use crate::group::StoredGroup;
use crate::hold::HoldWrite;
use crate::photo::PhotoWrite;
use crate::problem::ProblemChanges;
use crate::run::Run;
use crate::state::StateChange;

/// A set of writes under a lease. The history (who changed, and how) follows from the writes
/// themselves and is written with them.
///
/// It may take several transactions. Each carries the fence and the history of exactly what it
/// writes. Teams come first, then people, then groups, problems, held removals and snapshot chunks; run,
/// holds and state come in the last one. So whoever takes over after a kill finds some of the
/// people done, with their history, and a cursor that stands before them.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Accounts to write.
    pub users: Vec<UserWrite>,
    /// Photos to write, of people whose accounts are not in the same commit.
    pub photos: Vec<PhotoWrite>,
    /// Teams to write.
    pub teams: Vec<TeamWrite>,
    /// Groups to remember.
    pub groups: Vec<(GroupId, StoredGroup)>,
    /// Groups to forget.
    pub groups_gone: Vec<GroupId>,
    /// The run's record. A run begins with a commit that has this and names the run in
    /// [`StateChange::run`]; changes need such a run to belong to.
    pub run: Option<Run>,
    /// Holds to open or move on.
    pub holds: Vec<HoldWrite>,
    /// Snapshot chunks to add, each less than 390 KB.
    pub chunks: Vec<Vec<u8>>,
    /// Problems to note and to forget.
    pub problems: ProblemChanges,
    /// What changes of the state.
    pub state: StateChange,
    /// Gives the lease back with the last write of all: nothing may be written under it afterwards.
    pub release: bool,
    /// Only the history of accounts and teams is written, and nothing of what it tells: a preview.
    pub rehearsal: bool,
    /// The current time.
    pub now: Timestamp,
}

impl Commit {
    /// A commit that writes nothing yet.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            users: Vec::new(),
            photos: Vec::new(),
            teams: Vec::new(),
            groups: Vec::new(),
            groups_gone: Vec::new(),
            run: None,
            holds: Vec::new(),
            chunks: Vec::new(),
            problems: ProblemChanges::default(),
            state: StateChange::default(),
            release: false,
            rehearsal: false,
            now,
        }
    }
}

/// An account to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserWrite {
    /// As it was read. The write fails with a conflict where that is no longer so.
    pub before: Option<User>,
    /// As it shall be; none where it is deleted. At least one of both is there.
    pub after: Option<User>,
    /// What of the change counts as taken for the guard's rolling 24 hours.
    pub taken: Vec<Loss>,
}

impl UserWrite {
    /// An account that is made or changed, with nothing taken.
    #[must_use]
    pub const fn giving(before: Option<User>, after: User) -> Self {
        Self { before, after: Some(after), taken: Vec::new() }
    }

    /// Whose account.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.after.as_ref().or(self.before.as_ref()).map(|user| user.person)
    }

    /// The change as the run's history shows it.
    #[must_use]
    pub fn change(&self) -> Option<UserChange<Cow<'_, str>>> {
        difference(self.before.as_ref(), self.after.as_ref())
    }
}

/// A team to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamWrite {
    /// As it was read.
    pub before: Option<Team>,
    /// As it shall be.
    pub after: Team,
}

impl TeamWrite {
    /// The change as the run's history shows it.
    #[must_use]
    pub fn change(&self) -> Option<TeamChange> {
        team_difference(self.before.as_ref(), &self.after)
    }
}
