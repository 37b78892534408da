//! Is the platform what the directory says? Computed anew from two HTTP APIs, without a line of the product.
//!
//! The rules, as a person would say them: who is enabled and in scope has exactly one active account, with the default
//! properties that have a value, with the manager, and is a member of the team of each scope group that reaches them. Nobody
//! else has an active account or is in a team.

mod difference;
mod directory;

pub use difference::{Differences, differences};
pub use directory::{Directory, Group, Person};

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The properties that an account has by default, as Graph names them, beside `id` and `accountEnabled`.
pub const PROPERTIES: [&str; 15] = [
    "city",
    "companyName",
    "country",
    "department",
    "employeeHireDate",
    "employeeId",
    "employeeType",
    "givenName",
    "jobTitle",
    "mail",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "usageLocation",
    "userPrincipalName",
];

/// Who is in.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Everyone of the tenant.
    Everyone,
    /// The members of these groups, nested ones followed.
    Groups(BTreeSet<Uuid>),
}

/// An account as it is, or as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Properties that have a value.
    pub properties: BTreeMap<String, String>,
    /// Object id of the manager.
    pub manager: Option<Uuid>,
    /// The scope groups whose teams the person is in.
    pub teams: BTreeSet<Uuid>,
}

/// The platform, as its API shows it.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// Each account with the object id of its person. The same person twice is an error that the comparison finds.
    pub accounts: Vec<(Uuid, bool, Account)>,
    /// The active teams: the scope group's object id, the name, and the object ids of the members.
    pub teams: Vec<(Uuid, String, BTreeSet<Uuid>)>,
}

/// Without any of these nobody gets an account, unless a connection says otherwise.
const REQUIRED: [&str; 3] = ["givenName", "surname", "userPrincipalName"];

/// The accounts that should be active.
pub fn desired(directory: &Directory, scope: &Scope) -> BTreeMap<Uuid, Account> {
    let members: BTreeMap<Uuid, BTreeSet<Uuid>> = match scope {
        Scope::Everyone => BTreeMap::new(),
        Scope::Groups(groups) => groups.iter().map(|group| (*group, reached(directory, *group))).collect(),
    };
    let account = |person: &Person| {
        let teams: BTreeSet<Uuid> =
            members.iter().filter(|(_, people)| people.contains(&person.id)).map(|(group, _)| *group).collect();
        let out = matches!(scope, Scope::Groups(_)) && teams.is_empty();
        let complete = REQUIRED.iter().all(|name| person.properties.contains_key(*name));
        (person.enabled && complete && !out)
            .then(|| (person.id, Account { properties: person.properties.clone(), manager: person.manager, teams }))
    };
    directory.people.iter().filter_map(account).collect()
}

/// Everybody and every group below a group, however deep; cycles are harmless.
fn reached(directory: &Directory, group: Uuid) -> BTreeSet<Uuid> {
    let mut seen = BTreeSet::new();
    let mut open = vec![group];
    while let Some(next) = open.pop() {
        for member in directory.groups.get(&next).into_iter().flat_map(|group| &group.members) {
            if seen.insert(*member) {
                open.push(*member);
            }
        }
    }
    seen
}
