//! What has to change, as a value: computed from both sides, stored, shown, approved, applied.
//!
//! Giving and taking are kept apart. What gives somebody something (an account, a new value,
//! a team) can be written at once. What takes something away is a [`Removal`]: it needs a
//! sealed snapshot or a deletion record, passes the guard, and is asked about once more.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::{GroupId, PersonId, TenantId, UserId};
use crate::person::Person;
use crate::property::Property;
use crate::scope::Standing;
use crate::user::{Leaving, Status, User};

/// What a person's account should be, as directory and scope say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desired {
    /// An active account with these properties, groups and teams.
    Account {
        /// The person.
        person: Person,
        /// Their direct groups in scope.
        groups: BTreeSet<GroupId>,
        /// Their teams.
        teams: BTreeSet<GroupId>,
    },
    /// No active account.
    Nothing(Leaving),
}

impl Desired {
    /// What the account of a person of the directory should be.
    #[must_use]
    pub fn of(person: Person, groups: BTreeSet<GroupId>, standing: Standing) -> Self {
        match standing {
            _ if !person.enabled => Self::Nothing(Leaving::Disabled),
            Standing::Out => Self::Nothing(Leaving::OutOfScope),
            Standing::In { teams } => Self::Account { person, groups, teams },
        }
    }
}

/// One thing that is taken from one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Removal {
    /// From whom.
    pub person: PersonId,
    /// What.
    pub loss: Loss,
}

/// What a person can lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The use of the account.
    Account(Leaving),
    /// Membership of the team that stands for this scope group.
    Team(GroupId),
    /// The value of an attribute.
    Attribute(Property),
    /// The manager.
    Manager,
}

/// What a sync does about one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonPlan {
    /// The account after everything that only gives, if that differs from what is there.
    pub write: Option<User>,
    /// What would be taken, in order.
    pub removals: Vec<Removal>,
}

/// Plans one person's account. The same inputs give the same plan.
#[must_use]
pub fn plan(tenant: TenantId, person: PersonId, desired: &Desired, observed: Option<&User>) -> PersonPlan {
    match (desired, observed) {
        (Desired::Nothing(reason), Some(user)) if user.status.is_active() => {
            PersonPlan { write: None, removals: vec![Removal { person, loss: Loss::Account(*reason) }] }
        }
        (Desired::Nothing(_), _) => PersonPlan::default(),
        (Desired::Account { person, groups, teams }, Some(user)) if user.status.is_active() => {
            plan_active(person, groups, teams, user)
        }
        (Desired::Account { person, groups, teams }, _) => PersonPlan {
            write: Some(User {
                id: UserId::derive(tenant, person.id),
                person: person.id,
                status: Status::Active,
                attributes: person.attributes.clone(),
                manager: person.manager,
                groups: groups.clone(),
                teams: teams.clone(),
            }),
            removals: Vec::new(),
        },
    }
}

fn plan_active(person: &Person, groups: &BTreeSet<GroupId>, teams: &BTreeSet<GroupId>, user: &User) -> PersonPlan {
    let mut after = user.clone();
    after.attributes.extend(person.attributes.iter().map(|(property, value)| (*property, value.clone())));
    after.teams.extend(teams);
    after.groups.clone_from(groups);
    after.manager = person.manager.or(user.manager);
    let left = user.teams.difference(teams).map(|team| Loss::Team(*team));
    let blanked = user
        .attributes
        .keys()
        .filter(|property| !person.attributes.contains_key(*property))
        .map(|property| Loss::Attribute(*property));
    let unmanaged = (user.manager.is_some() && person.manager.is_none()).then_some(Loss::Manager);
    PersonPlan {
        removals: left.chain(blanked).chain(unmanaged).map(|loss| Removal { person: person.id, loss }).collect(),
        write: (after != *user).then_some(after),
    }
}

/// The account after a removal. Taking away what is not there changes nothing.
#[must_use]
pub fn take(mut user: User, loss: Loss, now: Timestamp) -> User {
    match loss {
        Loss::Account(reason) if user.status.is_active() => {
            user.status = Status::Inactive { reason, since: now };
            // Somebody without access is in no team: a team shows who takes part. They come
            // back with whatever teams the directory then says.
            user.teams.clear();
        }
        Loss::Account(_) => {}
        Loss::Team(team) => {
            user.teams.remove(&team);
        }
        Loss::Attribute(property) => {
            user.attributes.remove(&property);
        }
        Loss::Manager => user.manager = None,
    }
    user
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was made.
    Created,
    /// Something about it changed.
    Updated,
    /// The person may use it again.
    Reactivated,
    /// The person may no longer use it.
    Deactivated,
}

/// A part of an account that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Active, or why not.
    Status,
    /// An attribute.
    Attribute(Property),
    /// The manager's object id.
    Manager,
    /// Membership of a team: the value is there or it is not.
    Team(GroupId),
}

/// One field before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which.
    pub field: Field,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// What changed on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange {
    /// The account.
    pub user: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// What happened.
    pub action: Action,
    /// Each field that differs, in order.
    pub fields: Vec<FieldChange>,
}

/// What differs between an account before and after. `None` when nothing does that anybody
/// would see (the direct groups are bookkeeping).
#[must_use]
pub fn difference(before: Option<&User>, after: &User) -> Option<UserChange> {
    let action = match (before.map(|user| user.status.is_active()), after.status.is_active()) {
        (None, _) => Action::Created,
        (Some(false), true) => Action::Reactivated,
        (Some(true), false) => Action::Deactivated,
        _ => Action::Updated,
    };
    let old = before.map(shown).unwrap_or_default();
    let new = shown(after);
    let fields: BTreeSet<Field> = old.iter().chain(&new).map(|(field, _)| *field).collect();
    let value = |side: &[(Field, String)], field: Field| {
        side.iter().find(|(other, _)| *other == field).map(|(_, value)| value.clone())
    };
    let fields: Vec<FieldChange> = fields
        .into_iter()
        .map(|field| FieldChange { field, before: value(&old, field), after: value(&new, field) })
        .filter(|change| change.before != change.after)
        .collect();
    (!fields.is_empty()).then_some(UserChange { user: after.id, person: after.person, action, fields })
}

fn shown(user: &User) -> Vec<(Field, String)> {
    // Destructured in full, so that a new field can't be forgotten in the history.
    let User { id: _, person: _, status, attributes, manager, groups: _, teams } = user;
    let status = match status {
        Status::Active => "active",
        Status::Inactive { reason: Leaving::Disabled, .. } => "disabled",
        Status::Inactive { reason: Leaving::Deleted, .. } => "deleted",
        Status::Inactive { reason: Leaving::OutOfScope, .. } => "out_of_scope",
    };
    std::iter::once((Field::Status, status.to_owned()))
        .chain(attributes.iter().map(|(property, value)| (Field::Attribute(*property), value.clone())))
        .chain(manager.map(|manager| (Field::Manager, manager.to_string())))
        .chain(teams.iter().map(|team| (Field::Team(*team), team.to_string())))
        .collect()
}

#[cfg(test)]
mod tests;
