//! Who is a member of what.

use std::collections::BTreeSet;

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::scope::{Combine, Nesting, Scope};

use crate::world::{Directory, World};

/// The members of a group: the direct ones, and with nesting those of every group below it.
#[must_use]
pub fn members(directory: &Directory, group: GroupId, nesting: Nesting) -> BTreeSet<PersonId> {
    let mut groups = BTreeSet::from([group]);
    if nesting == Nesting::Followed {
        loop {
            let before = groups.len();
            let known = groups.iter().filter_map(|group| directory.groups.get(group));
            let below: BTreeSet<GroupId> = known.flat_map(|group| group.groups.iter().copied()).collect();
            groups.extend(below);
            if groups.len() == before {
                break;
            }
        }
    }
    let known = groups.iter().filter_map(|group| directory.groups.get(group));
    known.flat_map(|group| group.people.iter().copied()).collect()
}

/// Whether members of nested groups are members. Where people are chosen one by one this only
/// matters for teams, and then nested groups are followed as they are by default.
pub(crate) fn nesting(scope: &Scope) -> Nesting {
    match scope {
        Scope::Everyone { nesting, .. } | Scope::Groups { nesting, .. } => *nesting,
        Scope::People { .. } => Nesting::Followed,
    }
}

/// Whether the scope lets this person in.
pub(crate) fn is_in(world: &World, person: PersonId) -> bool {
    let is_member = |group: &GroupId| members(&world.directory, *group, nesting(&world.scope)).contains(&person);
    match &world.scope {
        Scope::Everyone { excluded, nesting: _ } => !excluded.iter().any(is_member),
        Scope::Groups { groups, combine: Combine::Any, excluded, nesting: _ } => {
            groups.iter().any(is_member) && !excluded.iter().any(is_member)
        }
        Scope::Groups { groups, combine: Combine::All, excluded, nesting: _ } => {
            groups.iter().all(is_member) && !excluded.iter().any(is_member)
        }
        Scope::People { people } => people.contains(&person),
    }
}
