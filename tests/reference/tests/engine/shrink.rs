//! Makes a failing world small: leaves out whatever it still fails without.

use std::collections::{BTreeMap, BTreeSet};

use reference::World;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::{Combine, Nesting, Scope};

/// The smallest world in reach that still has a fault, and the fault.
pub(crate) fn shrink(mut world: World, fault: impl Fn(&World) -> Option<String>) -> (World, String) {
    let mut found = fault(&world).unwrap_or_default();
    loop {
        let smaller = candidates(&world).into_iter().find_map(|smaller| fault(&smaller).map(|fault| (smaller, fault)));
        let Some((smaller, fault)) = smaller else { return (world, found) };
        (world, found) = (smaller, fault);
    }
}

/// Worlds with one thing less, the big things first.
fn candidates(world: &World) -> Vec<World> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        if format!("{smaller:?}").len() < format!("{world:?}").len() {
            all.push(smaller);
        }
    };
    for person in world.directory.people.keys() {
        with(&|world| {
            world.directory.people.remove(person);
            world.directory.groups.values_mut().for_each(|group| forget(&mut group.people, person));
        });
    }
    let roots = world.scope.roots();
    for group in world.directory.groups.keys().filter(|group| !roots.contains(group)) {
        with(&|world| {
            world.directory.groups.remove(group);
            world.directory.groups.values_mut().for_each(|other| forget(&mut other.groups, group));
        });
    }
    without_each(&world.before.accounts, |accounts| with(&|world| world.before.accounts.clone_from(&accounts)));
    without_each(&world.before.teams, |teams| with(&|world| world.before.teams.clone_from(&teams)));
    for number in 0..world.existing.len() {
        with(&|world| drop(world.existing.remove(number)));
    }
    rules(world, &mut with);
    scope(world, &mut with);
    with(&|world| world.directory.verified_domains.clear());
    for (id, person) in &world.directory.people {
        let edit = |world: &mut World, change: &dyn Fn(&mut reference::Person)| {
            world.directory.people.get_mut(id).into_iter().for_each(change);
        };
        with(&|world| edit(world, &|person| person.manager = None));
        for property in person.properties.keys() {
            with(&|world| edit(world, &|person| drop(person.properties.remove(property))));
        }
    }
    for (id, group) in &world.directory.groups {
        let edit = |world: &mut World, change: &dyn Fn(&mut reference::Group)| {
            world.directory.groups.get_mut(id).into_iter().for_each(change);
        };
        for person in &group.people {
            with(&|world| edit(world, &|group| forget(&mut group.people, person)));
        }
        for child in &group.groups {
            with(&|world| edit(world, &|group| forget(&mut group.groups, child)));
        }
    }
    accounts(world, &mut with);
    all
}

fn forget<T: Ord>(set: &mut BTreeSet<T>, what: &T) {
    set.remove(what);
}

fn without_each<K: Clone + Ord, V: Clone>(map: &BTreeMap<K, V>, mut with: impl FnMut(BTreeMap<K, V>)) {
    for key in map.keys() {
        let mut smaller = map.clone();
        smaller.remove(key);
        with(smaller);
    }
}

fn rules(world: &World, with: &mut impl FnMut(&dyn Fn(&mut World))) {
    let usual = Rules::default();
    with(&|world| world.rules = Rules::default());
    with(&|world| world.rules.guests = usual.guests);
    with(&|world| world.rules.disabled_accounts = usual.disabled_accounts);
    with(&|world| world.rules.email = usual.email);
    with(&|world| world.rules.leavers = usual.leavers);
    with(&|world| world.rules.required.clear());
    with(&|world| world.rules.languages = usual.languages.clone());
    with(&|world| world.rules.languages.supported.clear());
    with(&|world| world.rules.teams = usual.teams.clone());
    with(&|world| world.rules.teams.managers = None);
    with(&|world| world.rules.teams.group_names.clear());
    with(&|world| world.rules.attributes = usual.attributes.clone());
    for property in world.rules.attributes.off.iter().chain(&world.rules.attributes.more) {
        with(&|world| {
            world.rules.attributes.off.remove(property);
            world.rules.attributes.more.remove(property);
        });
    }
    with(&|world| world.rules.attributes.names.clear());
    for number in 0..world.rules.adoption.by.len() {
        with(&|world| {
            world.rules.adoption.by.remove(number);
        });
    }
}

fn scope(world: &World, with: &mut impl FnMut(&dyn Fn(&mut World))) {
    with(&|world| world.scope = Scope::everyone());
    let Scope::Groups { groups, .. } = &world.scope else { return };
    for group in groups {
        let fewer: BTreeSet<_> = groups.iter().filter(|other| *other != group).copied().collect();
        if !fewer.is_empty() {
            with(&|world| {
                if let Scope::Groups { groups, .. } = &mut world.scope {
                    groups.clone_from(&fewer);
                }
            });
        }
    }
    with(&|world| {
        if let Scope::Groups { excluded, combine, nesting, .. } = &mut world.scope {
            excluded.clear();
            *combine = Combine::Any;
            *nesting = Nesting::Followed;
        }
    });
}

fn accounts(world: &World, with: &mut impl FnMut(&dyn Fn(&mut World))) {
    for (id, account) in &world.before.accounts {
        let edit = |world: &mut World, change: &dyn Fn(&mut reference::Account)| {
            world.before.accounts.get_mut(id).into_iter().for_each(change);
        };
        with(&|world| edit(world, &|account| account.email = None));
        with(&|world| edit(world, &|account| account.language = None));
        with(&|world| edit(world, &|account| account.manager = None));
        with(&|world| edit(world, &|account| account.manager_team = None));
        with(&|world| edit(world, &|account| account.linked = None));
        with(&|world| edit(world, &|account| account.teams.clear()));
        for property in account.attributes.keys() {
            with(&|world| edit(world, &|account| drop(account.attributes.remove(property))));
        }
    }
}
