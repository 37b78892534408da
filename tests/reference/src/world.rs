//! What is given.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::adoption::Existing;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::property::Property;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;

use crate::platform::Platform;

/// Everything on which it depends what the platform should hold.
#[derive(Clone, Debug)]
pub struct World {
    /// What Entra has.
    pub directory: Directory,
    /// Who is in, as the connection says.
    pub scope: Scope,
    /// How a person becomes an account, as the connection says.
    pub rules: Rules,
    /// Accounts that the platform had before Rollcall.
    pub existing: Vec<Existing>,
    /// What the platform held before the sync. An account that was ever active is in it, as an
    /// inactive one if need be, until it is deleted by the rules.
    pub before: Platform,
    /// The time of the sync.
    pub now: Timestamp,
}

/// A directory, complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Who is there. Deleted people are not.
    pub people: BTreeMap<PersonId, Person>,
    /// The groups that are there.
    pub groups: BTreeMap<GroupId, Group>,
    /// Domains that the tenant has proved to be its own.
    pub verified_domains: BTreeSet<String>,
}

/// A person of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// `accountEnabled`.
    pub enabled: bool,
    /// All properties that have a value.
    pub properties: BTreeMap<Property, String>,
    /// The manager's object id.
    pub manager: Option<PersonId>,
}

/// A group of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The display name.
    pub name: String,
    /// People who are direct members.
    pub people: BTreeSet<PersonId>,
    /// Groups that are direct members. They may form a circle.
    pub groups: BTreeSet<GroupId>,
}
