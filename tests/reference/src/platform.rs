//! The platform's side: what is there before, and what should be there afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::adoption::{ExistingId, MatchBy};
use rollcall_directory::identity::{GroupId, PersonId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::rules::Required;
use rollcall_directory::user::Leaving;

/// What the platform holds of one connection. One person has at most one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Accounts, active or not, by the person whose they are.
    pub accounts: BTreeMap<PersonId, Account>,
    /// Teams, by what they stand for.
    pub teams: BTreeMap<TeamSource, Team>,
}

impl Platform {
    /// Accounts that may be used.
    pub fn active(&self) -> impl Iterator<Item = (PersonId, &Account)> {
        self.accounts.iter().filter(|(_, account)| account.is_active()).map(|(person, account)| (*person, account))
    }
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It may.
    #[default]
    Active,
    /// It may not.
    Inactive {
        /// Why not.
        reason: Leaving,
        /// Since when.
        since: Timestamp,
    },
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Whether it may be used.
    pub status: Status,
    /// The attributes that have a value.
    pub attributes: BTreeMap<Property, String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The manager, whether or not they have an account.
    pub manager: Option<PersonId>,
    /// The groups in whose teams the person is.
    pub teams: BTreeSet<GroupId>,
    /// The manager in whose team the person is, as soon as that manager has an account.
    pub manager_team: Option<PersonId>,
    /// The account of the platform that was linked.
    pub linked: Option<ExistingId>,
    /// Whether it is never deactivated nor deleted.
    pub protected: bool,
}

impl Account {
    /// Whether it may be used.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

/// A team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// What it is called.
    pub name: String,
    /// Whether there still is a reason for it.
    pub active: bool,
    /// Who supervises it.
    pub supervisor: Option<PersonId>,
    /// Who is in it: people with an active account.
    pub members: BTreeSet<PersonId>,
}

/// What a person has to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something is missing in the directory that every account must have.
    Lacks(BTreeSet<Required>),
    /// One of these accounts that were there before may be theirs.
    MayHave {
        /// Which.
        accounts: BTreeSet<ExistingId>,
        /// By what they were found.
        by: MatchBy,
    },
    /// The account would be taken, but it is protected.
    Protected(Leaving),
}

/// Something that is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The use of the account.
    Access(Leaving),
    /// The account itself.
    Account,
    /// A place in the team of a group.
    Team(GroupId),
    /// The value of an attribute.
    Attribute(Property),
    /// The manager.
    Manager,
    /// The e-mail address.
    Email,
}
