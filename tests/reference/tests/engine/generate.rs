//! Random worlds.

use std::collections::BTreeMap;

use reference::{Account, Directory, Group, Person, Platform, Status, Team, World, expected};
use rollcall_directory::adoption::{Decision, Existing};
use rollcall_directory::identity::{GroupId, PersonId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::user::Leaving;

use crate::dice::Dice;
use crate::{settings, values};

/// The world of a seed: always the same.
pub(crate) fn world(seed: u64) -> World {
    let mut dice = Dice::from_seed(seed);
    let directory = directory(&mut dice);
    let before = platform_before(&mut dice, &directory);
    let groups: Vec<GroupId> = directory.groups.keys().copied().collect();
    let scope = settings::scope(&mut dice, &groups);
    let rules = settings::rules(&mut dice);
    let existing = existing(&mut dice);
    World { directory, scope, rules, existing, before, now: values::now() }
}

fn directory(dice: &mut Dice) -> Directory {
    let groups = dice.map(&values::groups(), 70, |dice, _| group(dice));
    let there: Vec<GroupId> = groups.keys().copied().collect();
    let mut directory = Directory {
        people: dice.map(&values::people(), 75, |dice, _| person(dice)),
        groups,
        verified_domains: dice.some(&["acme.example".to_owned(), "Other.Example".to_owned()], 60),
    };
    for group in directory.groups.values_mut() {
        group.groups.retain(|child| there.contains(child));
        group.people.retain(|person| directory.people.contains_key(person));
    }
    directory
}

fn group(dice: &mut Dice) -> Group {
    let full = dice.pick(&[0, 20, 50]);
    Group {
        name: values::group_name(dice),
        people: dice.some(&values::people(), full),
        groups: dice.some(&values::groups(), 15),
    }
}

fn person(dice: &mut Dice) -> Person {
    let mut properties = dice.map(&values::properties(), 40, values::value);
    for property in [Property::GivenName, Property::Surname, Property::UserPrincipalName] {
        if dice.chance(80) {
            let value = values::value(dice, &property);
            properties.insert(property, value);
        }
    }
    Person { enabled: dice.chance(80), properties, manager: dice.maybe(60, |dice| dice.pick(&values::people())) }
}

fn existing(dice: &mut Dice) -> Vec<Existing> {
    if dice.chance(50) {
        return Vec::new();
    }
    let mut unlinked = values::people();
    let accounts = dice.map(&values::existing(), 70, |dice, id| Existing {
        id: id.clone(),
        employee_id: dice.maybe(50, |dice| values::value(dice, &Property::EmployeeId)),
        email: dice.maybe(70, |dice| values::value(dice, &Property::Mail)),
        protected: dice.chance(30),
        decision: match dice.up_to(3) {
            // An account belongs to one person, and a person has one account.
            0 => Decision::Linked { person: unlinked.remove(dice.up_to(unlinked.len() - 1)) },
            1 => Decision::Apart,
            _ => Decision::Open,
        },
    });
    accounts.into_values().collect()
}

/// Nothing, anything at all, or what an earlier sync under other settings has made of a
/// directory that was much the same.
fn platform_before(dice: &mut Dice, directory: &Directory) -> Platform {
    match dice.up_to(9) {
        0 => Platform::default(),
        1..=4 => anything(dice),
        _ => {
            let mut earlier = directory.clone();
            for _ in 0..dice.up_to(4) {
                change(dice, &mut earlier);
            }
            let groups: Vec<GroupId> = earlier.groups.keys().copied().collect();
            let scope = settings::scope(dice, &groups);
            let rules = settings::rules(dice);
            let before = if dice.chance(50) { anything(dice) } else { Platform::default() };
            let now = values::since(dice);
            let mut made =
                expected(&World { directory: earlier, scope, rules, existing: existing(dice), before, now }).platform;
            for account in made.accounts.values_mut() {
                account.protected |= dice.chance(10);
            }
            made
        }
    }
}

/// A day in the life of a directory.
fn change(dice: &mut Dice, directory: &mut Directory) {
    let people: Vec<PersonId> = values::people();
    let id = dice.pick(&people);
    let new = person(dice);
    match dice.up_to(5) {
        0 => drop(directory.people.insert(id, new)),
        1 => drop(directory.people.remove(&id)),
        2 => {
            if let Some(person) = directory.people.get_mut(&id) {
                person.enabled = !person.enabled;
            }
        }
        3 => {
            if let Some(person) = directory.people.get_mut(&id) {
                let property = dice.pick(&values::properties());
                if person.properties.remove(&property).is_none() {
                    let value = values::value(dice, &property);
                    person.properties.insert(property, value);
                }
            }
        }
        4 => {
            if let Some(person) = directory.people.get_mut(&id) {
                person.manager = new.manager;
            }
        }
        _ => {
            let group = dice.pick(&values::groups());
            if let Some(group) = directory.groups.get_mut(&group)
                && !group.people.remove(&id)
            {
                group.people.insert(id);
            }
        }
    }
}

fn anything(dice: &mut Dice) -> Platform {
    let accounts = dice.map(&values::people(), 60, |dice, _| account(dice));
    let of_groups = dice.map(&values::groups(), 40, |dice, _| team(dice, values::group_name));
    let of_managers = dice.map(&values::people(), 30, |dice, manager| Team {
        supervisor: Some(*manager),
        ..team(dice, |dice| values::value(dice, &Property::GivenName))
    });
    let mut teams: BTreeMap<TeamSource, Team> =
        of_groups.into_iter().map(|(group, team)| (TeamSource::Group(group), team)).collect();
    teams.extend(of_managers.into_iter().map(|(manager, team)| (TeamSource::Manager(manager), team)));
    Platform { accounts, teams }
}

fn team(dice: &mut Dice, name: impl FnOnce(&mut Dice) -> String) -> Team {
    Team { name: name(dice), active: dice.chance(70), ..Team::default() }
}

fn account(dice: &mut Dice) -> Account {
    let status = if dice.chance(65) {
        Status::Active
    } else {
        let reasons = [Leaving::Disabled, Leaving::Deleted, Leaving::OutOfScope, Leaving::Guest, Leaving::Undone];
        Status::Inactive { reason: dice.pick(&reasons), since: values::since(dice) }
    };
    let active = status == Status::Active;
    Account {
        status,
        attributes: dice.map(&values::properties(), 30, values::value),
        email: dice.maybe(60, |dice| values::value(dice, &Property::Mail)),
        language: dice.maybe(30, |dice| dice.pick(&["de", "en"]).to_owned()),
        manager: dice.maybe(50, |dice| dice.pick(&values::people())),
        teams: if active { dice.some(&values::groups(), 25) } else { Default::default() },
        manager_team: if active { dice.maybe(30, |dice| dice.pick(&values::people())) } else { None },
        linked: dice.maybe(20, |dice| dice.pick(&values::existing())),
        protected: dice.chance(20),
    }
}
