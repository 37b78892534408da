//! Who is in, and what their account should be.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::property::Property;
use rollcall_directory::rules::{DisabledAccounts, Guests, Required};
use rollcall_directory::user::Leaving;

use crate::world::{Person, World};
use crate::{language, profile, scope};

/// What directory and settings want for one person.
pub(crate) enum Wish {
    /// No active account, and why.
    Nothing(Leaving),
    /// An active account.
    Account(Box<Wanted>),
}

/// An account as directory and settings want it.
pub(crate) struct Wanted {
    pub(crate) attributes: BTreeMap<Property, String>,
    pub(crate) email: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) manager: Option<PersonId>,
    pub(crate) teams: BTreeSet<GroupId>,
    pub(crate) manager_team: Option<PersonId>,
    pub(crate) lacks: BTreeSet<Required>,
}

/// What directory and settings want for this person, given who is in the groups that are teams.
pub(crate) fn wish(world: &World, teams: &BTreeMap<GroupId, BTreeSet<PersonId>>, id: PersonId) -> Wish {
    let Some(person) = world.directory.people.get(&id) else { return Wish::Nothing(Leaving::Deleted) };
    // Of several reasons the first in this order is told.
    if !person.enabled && world.rules.disabled_accounts == DisabledAccounts::Out {
        return Wish::Nothing(Leaving::Disabled);
    }
    if is_guest(person) && world.rules.guests == Guests::Out {
        return Wish::Nothing(Leaving::Guest);
    }
    if !scope::is_in(world, id) {
        return Wish::Nothing(Leaving::OutOfScope);
    }
    let is_in = |(team, members): (&GroupId, &BTreeSet<PersonId>)| members.contains(&id).then_some(*team);
    Wish::Account(Box::new(Wanted {
        attributes: profile::attributes(&world.rules, person),
        email: profile::email(&world.rules, person),
        language: language::of(&world.rules.languages, person),
        manager: person.manager,
        teams: teams.iter().filter_map(is_in).collect(),
        manager_team: if world.rules.teams.managers.is_some() { person.manager } else { None },
        lacks: profile::lacks(&world.rules, person),
    }))
}

fn is_guest(person: &Person) -> bool {
    let value = |property: &Property| person.properties.get(property).map(|value| value.to_lowercase());
    value(&Property::UserType).is_some_and(|kind| kind == "guest")
        || value(&Property::UserPrincipalName).is_some_and(|name| name.contains("#ext#"))
}
