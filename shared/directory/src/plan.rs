//! What has to change, as a value: computed from both sides, stored, shown, approved, applied.
//!
//! Giving and taking are kept apart. What gives somebody something (an account, a new value,
//! a team) can be written at once. What takes something away is a [`Removal`]: it needs a
//! sealed snapshot or a deletion record, passes the guard, and is asked about once more.
//! An attribute that a connection's owner has switched off is neither: it goes with the next
//! write, and so do the managers' teams. The members of a group that is no team any more do lose
//! something: it may have been renamed in the directory.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::desired::{Account, Desired, Problem};
use crate::identity::{GroupId, PersonId, TenantId, UserId};
use crate::property::Property;
use crate::rules::{Required, Rules};
use crate::user::{Leaving, Status, User};

/// One thing that is taken from one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Removal {
    /// From whom.
    pub person: PersonId,
    /// What.
    pub loss: Loss,
}

/// What a person can lose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The use of the account.
    Account(Leaving),
    /// Membership of the team that stands for this group.
    Team(GroupId),
    /// The value of an attribute.
    Attribute(Property),
    /// The manager, and with them the place in their team.
    Manager,
    /// The e-mail address.
    Email,
    /// The account itself, which has been inactive for the whole grace period.
    Deletion,
}

/// What a sync does about one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonPlan {
    /// The account after everything that only gives, if that differs from what is there.
    pub write: Option<User>,
    /// What would be taken, in order.
    pub removals: Vec<Removal>,
    /// What a person has to see to.
    pub problem: Option<Problem>,
}

/// Plans one person's account. The same inputs give the same plan.
#[must_use]
pub fn plan(
    tenant: TenantId,
    person: PersonId,
    rules: &Rules,
    desired: Desired,
    observed: Option<&User>,
) -> PersonPlan {
    let active = observed.filter(|user| user.status.is_active());
    match (desired, active) {
        (Desired::Nothing(leaving), Some(user)) => plan_leaver(person, rules, leaving, user),
        (Desired::Nothing(_), None) => PersonPlan::default(),
        (Desired::Account(account), Some(user)) => plan_active(rules, &account, user),
        (Desired::Account(account), None) => plan_inactive(tenant, person, *account, observed),
    }
}

fn plan_leaver(person: PersonId, rules: &Rules, leaving: Leaving, user: &User) -> PersonPlan {
    if !rules.takes_access() {
        return PersonPlan::default();
    }
    if user.protected {
        return PersonPlan { problem: Some(Problem::Protected { leaving }), ..PersonPlan::default() };
    }
    PersonPlan { removals: vec![Removal { person, loss: Loss::Account(leaving) }], ..PersonPlan::default() }
}

/// Somebody who has no active account and should have one.
fn plan_inactive(tenant: TenantId, person: PersonId, account: Account, observed: Option<&User>) -> PersonPlan {
    // Whoever already has an account of ours needs no other one to be found.
    let obstacle = match observed {
        None => account.obstacle(),
        Some(_) => (!account.lacks.is_empty()).then(|| Problem::Lacks { what: account.lacks.clone() }),
    };
    if obstacle.is_some() {
        return PersonPlan { problem: obstacle, ..PersonPlan::default() };
    }
    let linked = observed.map_or_else(|| account.linked().cloned(), |user| user.linked.clone());
    let Account { profile, lacks: _, manager, groups, teams, reports_to, matched: _ } = account;
    let write = User {
        attributes: profile.attributes,
        email: profile.email,
        language: profile.language,
        manager,
        groups,
        teams,
        reports_to,
        linked,
        protected: observed.is_some_and(|user| user.protected),
        ..User::new(UserId::derive(tenant, person), person)
    };
    PersonPlan { write: Some(write), ..PersonPlan::default() }
}

fn plan_active(rules: &Rules, account: &Account, user: &User) -> PersonPlan {
    let person = user.person;
    let mut after = user.clone();
    after.attributes.retain(|property, _| rules.attributes.keeps(property));
    let required: BTreeSet<Property> = account.lacks.iter().filter_map(|required| required.property()).collect();
    let blanked: Vec<Loss> = after
        .attributes
        .keys()
        .filter(|property| !account.profile.attributes.contains_key(property) && !required.contains(*property))
        .map(|property| Loss::Attribute(property.clone()))
        .collect();
    let values = account.profile.attributes.iter();
    after.attributes.extend(values.map(|(property, value)| (property.clone(), value.clone())));
    after.teams.extend(&account.teams);
    after.groups.clone_from(&account.groups);
    after.manager = account.manager.or(user.manager);
    after.reports_to = rules.teams.managers.as_ref().and(after.manager);
    after.email = account.profile.email.clone().or_else(|| user.email.clone());
    after.language.clone_from(&account.profile.language);
    let left = user.teams.difference(&account.teams).map(|team| Loss::Team(*team));
    let unmanaged = (user.manager.is_some() && account.manager.is_none()).then_some(Loss::Manager);
    let keeps_email = account.lacks.contains(&Required::Email);
    let unreachable = (user.email.is_some() && account.profile.email.is_none() && !keeps_email).then_some(Loss::Email);
    let losses = left.chain(blanked).chain(unmanaged).chain(unreachable);
    PersonPlan {
        removals: losses.map(|loss| Removal { person, loss }).collect(),
        write: (after != *user).then_some(after),
        problem: (!account.lacks.is_empty()).then(|| Problem::Lacks { what: account.lacks.clone() }),
    }
}

/// The account after a removal; none once it is deleted. Taking away what is not there, or what
/// is protected, changes nothing.
#[must_use]
pub fn take(mut user: User, loss: &Loss, now: Timestamp) -> Option<User> {
    match loss {
        Loss::Account(_) if user.protected => {}
        Loss::Account(reason) if user.status.is_active() => {
            user.status = Status::Inactive { reason: *reason, since: now };
            // Somebody without access is in no team: a team shows who takes part. They come
            // back with whatever teams the directory then says.
            user.teams.clear();
            user.reports_to = None;
        }
        Loss::Account(_) => {}
        Loss::Team(team) => {
            user.teams.remove(team);
        }
        Loss::Attribute(property) => {
            user.attributes.remove(property);
        }
        Loss::Manager => {
            user.manager = None;
            user.reports_to = None;
        }
        Loss::Email => user.email = None,
        Loss::Deletion if user.protected || user.status.is_active() => {}
        Loss::Deletion => return None,
    }
    Some(user)
}

#[cfg(test)]
mod tests;
