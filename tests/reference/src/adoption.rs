//! Which account that was there before may be whose.

use std::collections::BTreeSet;

use rollcall_directory::adoption::{Decision, Existing, ExistingId, MatchBy};
use rollcall_directory::identity::PersonId;
use rollcall_directory::property::Property;

use crate::platform::Problem;
use crate::world::World;

/// The account that a person has decided to be this one's.
pub(crate) fn linked(world: &World, id: PersonId) -> Option<&Existing> {
    world.existing.iter().find(|account| account.decision == Decision::Linked { person: id })
}

/// Undecided accounts that may be theirs: whoever is found by the first property that finds any.
pub(crate) fn undecided(world: &World, id: PersonId) -> Option<Problem> {
    for by in &world.rules.adoption.by {
        let accounts = found(world, id, *by);
        if !accounts.is_empty() {
            return Some(Problem::MayHave { accounts, by: *by });
        }
    }
    None
}

fn found(world: &World, id: PersonId, by: MatchBy) -> BTreeSet<ExistingId> {
    let property = match by {
        MatchBy::EmployeeId => Property::EmployeeId,
        MatchBy::UserPrincipalName => Property::UserPrincipalName,
        MatchBy::Mail => Property::Mail,
    };
    let Some(value) = world.directory.people.get(&id).and_then(|person| person.properties.get(&property)) else {
        return BTreeSet::new();
    };
    if by != MatchBy::EmployeeId && !is_in_a_verified_domain(world, value) {
        return BTreeSet::new();
    }
    let is_alike = |account: &&Existing| {
        let theirs = if by == MatchBy::EmployeeId { &account.employee_id } else { &account.email };
        account.decision == Decision::Open
            && theirs.as_ref().is_some_and(|theirs| theirs.to_lowercase() == value.to_lowercase())
    };
    world.existing.iter().filter(is_alike).map(|account| account.id.clone()).collect()
}

fn is_in_a_verified_domain(world: &World, address: &str) -> bool {
    let address = address.to_lowercase();
    world.directory.verified_domains.iter().any(|domain| address.ends_with(&format!("@{}", domain.to_lowercase())))
}
