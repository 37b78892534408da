//! What becomes of one account.

use jiff::SignedDuration;
use rollcall_directory::identity::PersonId;
use rollcall_directory::property::Property;
use rollcall_directory::rules::{Leavers, Required, Rules};
use rollcall_directory::user::Leaving;

use crate::admission::{Wanted, Wish};
use crate::platform::{Account, Loss, Problem, Status};
use crate::world::World;
use crate::{adoption, profile};

/// What becomes of one account.
#[derive(Default)]
pub(crate) struct Change {
    /// The account afterwards, if there is one.
    pub(crate) account: Option<Account>,
    /// What was taken.
    pub(crate) losses: Vec<Loss>,
    /// What a person has to see to.
    pub(crate) problem: Option<Problem>,
}

impl Change {
    fn none(account: Account) -> Self {
        Self { account: Some(account), ..Self::default() }
    }
}

/// What becomes of this person's account, given what directory and settings want.
pub(crate) fn of(world: &World, person: PersonId, wish: Wish) -> Change {
    match (world.before.accounts.get(&person).cloned(), wish) {
        (None, Wish::Nothing(_)) => Change::default(),
        (None, Wish::Account(wanted)) => arrives(world, person, *wanted),
        (Some(account), Wish::Account(wanted)) if account.is_active() => stays(world, account, *wanted),
        (Some(account), Wish::Account(wanted)) => comes_back(account, *wanted),
        (Some(account), Wish::Nothing(leaving)) if account.is_active() => leaves(world, account, leaving),
        (Some(account), Wish::Nothing(_)) => is_away(world, account),
    }
}

/// Somebody new: they wait while an account may be theirs, or while something is missing.
fn arrives(world: &World, person: PersonId, wanted: Wanted) -> Change {
    let linked = adoption::linked(world, person);
    if linked.is_none()
        && let Some(problem) = adoption::undecided(world, person)
    {
        return Change { problem: Some(problem), ..Change::default() };
    }
    if !wanted.lacks.is_empty() {
        return Change { problem: Some(Problem::Lacks(wanted.lacks)), ..Change::default() };
    }
    let new = Account {
        linked: linked.map(|account| account.id.clone()),
        protected: linked.is_some_and(|account| account.protected),
        ..Account::default()
    };
    Change::none(as_wanted(new, wanted))
}

/// Somebody whose account is inactive: it is as it was until nothing is missing.
fn comes_back(account: Account, wanted: Wanted) -> Change {
    if !wanted.lacks.is_empty() {
        return Change { problem: Some(Problem::Lacks(wanted.lacks)), ..Change::none(account) };
    }
    Change::none(as_wanted(account, wanted))
}

fn as_wanted(account: Account, wanted: Wanted) -> Account {
    Account {
        status: Status::Active,
        attributes: wanted.attributes,
        email: wanted.email,
        language: wanted.language,
        manager: wanted.manager,
        teams: wanted.teams,
        manager_team: wanted.manager_team,
        linked: account.linked,
        protected: account.protected,
    }
}

/// Somebody active: the account becomes as wanted, but what everybody must have is kept when
/// the directory has lost it.
fn stays(world: &World, account: Account, wanted: Wanted) -> Change {
    let problem = (!wanted.lacks.is_empty()).then(|| Problem::Lacks(wanted.lacks.clone()));
    let lacks = wanted.lacks.clone();
    let mut after = as_wanted(account.clone(), wanted);
    for (required, property) in [(Required::GivenName, Property::GivenName), (Required::Surname, Property::Surname)] {
        if lacks.contains(&required)
            && profile::is_kept(&world.rules, &property)
            && let Some(value) = account.attributes.get(&property)
        {
            after.attributes.insert(property, value.clone());
        }
    }
    if lacks.contains(&Required::Email) {
        after.email.clone_from(&account.email);
    }
    Change { losses: losses(&world.rules, &account, &after), account: Some(after), problem }
}

/// What somebody active no longer has. An attribute that the connection keeps no more is not
/// taken by the directory: it just goes.
fn losses(rules: &Rules, before: &Account, after: &Account) -> Vec<Loss> {
    let mut losses = Vec::new();
    for property in before.attributes.keys() {
        if !after.attributes.contains_key(property) && profile::is_kept(rules, property) {
            losses.push(Loss::Attribute(property.clone()));
        }
    }
    losses.extend(before.teams.difference(&after.teams).map(|team| Loss::Team(*team)));
    if before.manager.is_some() && after.manager.is_none() {
        losses.push(Loss::Manager);
    }
    if before.email.is_some() && after.email.is_none() {
        losses.push(Loss::Email);
    }
    losses
}

/// Somebody active who should be no more.
fn leaves(world: &World, account: Account, leaving: Leaving) -> Change {
    if world.rules.leavers == Leavers::KeepAccess {
        return Change::none(account);
    }
    if account.protected {
        return Change { problem: Some(Problem::Protected(leaving)), ..Change::none(account) };
    }
    let after = Account {
        status: Status::Inactive { reason: leaving, since: world.now },
        teams: std::collections::BTreeSet::new(),
        manager_team: None,
        ..account
    };
    Change { losses: vec![Loss::Access(leaving)], ..Change::none(after) }
}

/// Somebody who has left already: the account is deleted when everything says so and the grace is over.
fn is_away(world: &World, account: Account) -> Change {
    let (Leavers::DeactivateThenDelete { after_days }, Status::Inactive { since, .. }) =
        (world.rules.leavers, account.status)
    else {
        return Change::none(account);
    };
    // Never sooner than Entra itself forgets a deleted person.
    let grace = SignedDuration::from_hours(24 * i64::from(after_days.max(30)));
    let is_over = world.now.duration_since(since) >= grace;
    if world.rules.allow_deletion && !account.protected && is_over {
        return Change { losses: vec![Loss::Account], ..Change::default() };
    }
    Change::none(account)
}
