//! Which teams there are, and what they are called.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{GroupId, PersonId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::scope::Scope;

use crate::platform::{Account, Team};
use crate::scope::{members, nesting};
use crate::world::World;

/// The groups that are teams, with everybody who is a member in the directory.
pub(crate) fn of_groups(world: &World) -> BTreeMap<GroupId, BTreeSet<PersonId>> {
    let mut groups = BTreeSet::new();
    if let Scope::Groups { groups: scope, .. } = &world.scope
        && world.rules.teams.scope_groups
    {
        groups.extend(scope);
    }
    for (id, group) in &world.directory.groups {
        if world.rules.teams.group_names.iter().any(|pattern| fits(&pattern.0, &group.name)) {
            groups.insert(*id);
        }
    }
    let with_members = |group| (group, members(&world.directory, group, nesting(&world.scope)));
    groups.into_iter().map(with_members).collect()
}

/// Whether a name fits a pattern, where `*` stands for anything and case does not matter.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    match pattern.split_once('*') {
        None => name == pattern,
        Some((begin, rest)) => match name.strip_prefix(begin) {
            None => false,
            Some(left) => {
                let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
                ends.into_iter().any(|at| left.get(at..).is_some_and(|left| fits(rest, left)))
            }
        },
    }
}

/// All teams, those without a reason among them.
pub(crate) fn all(
    world: &World,
    of_groups: &BTreeMap<GroupId, BTreeSet<PersonId>>,
    accounts: &BTreeMap<PersonId, Account>,
) -> BTreeMap<TeamSource, Team> {
    let mut teams = BTreeMap::new();
    for (source, team) in &world.before.teams {
        // There is no reason any more, unless one is found below. The team and its history stay.
        teams.insert(*source, Team { active: false, members: BTreeSet::new(), ..team.clone() });
    }
    let who = |test: &dyn Fn(&Account) -> bool| -> BTreeSet<PersonId> {
        let active = accounts.iter().filter(|(_, account)| account.is_active() && test(account));
        active.map(|(person, _)| *person).collect()
    };
    for group in of_groups.keys() {
        let name = world.directory.groups.get(group).map(|group| group.name.clone()).unwrap_or_default();
        let members = who(&|account| account.teams.contains(group));
        teams.insert(TeamSource::Group(*group), Team { name, active: true, supervisor: None, members });
    }
    if world.rules.teams.managers.is_some() {
        for (manager, account) in accounts.iter().filter(|(_, account)| account.is_active()) {
            let members = who(&|report| report.manager_team == Some(*manager));
            if !members.is_empty() {
                let name = name_of_managers_team(world, *manager, account);
                let team = Team { name, active: true, supervisor: Some(*manager), members };
                teams.insert(TeamSource::Manager(*manager), team);
            }
        }
    }
    teams
}

/// By the manager's name as the platform knows it, in the default language.
fn name_of_managers_team(world: &World, manager: PersonId, account: &Account) -> String {
    let template = world.rules.teams.managers.as_ref().and_then(|teams| teams.name_template.clone());
    let tag = world.rules.languages.default.clone().unwrap_or_else(|| "en".to_owned()).to_lowercase();
    let language = tag.split(['-', '_']).next().unwrap_or_default().to_owned();
    let template = template.unwrap_or_else(|| usual_template(&language).to_owned());
    let name = name_of(manager, account);
    template.replace("{name's}", &possessive(&name, &language)).replace("{name}", &name)
}

fn name_of(person: PersonId, account: &Account) -> String {
    let given = account.attributes.get(&Property::GivenName);
    let surname = account.attributes.get(&Property::Surname);
    match (given, surname, &account.email) {
        (Some(given), Some(surname), _) => format!("{given} {surname}"),
        (Some(name), None, _) | (None, Some(name), _) | (None, None, Some(name)) => name.clone(),
        (None, None, None) => person.to_string(),
    }
}

fn usual_template(language: &str) -> &'static str {
    match language {
        "cs" => "Tým: {name}",
        "da" | "nb" | "no" | "sv" => "{name's} team",
        "de" => "Team von {name}",
        "es" => "Equipo de {name}",
        "fi" => "Tiimi: {name}",
        "fr" => "Équipe de {name}",
        "it" => "Team di {name}",
        "nl" => "Team van {name}",
        "pl" => "Zespół: {name}",
        "pt" => "Equipa de {name}",
        _ => "{name's} team",
    }
}

/// A name in the possessive, as each language writes it. Languages that form none take the name.
fn possessive(name: &str, language: &str) -> String {
    let lower = name.to_lowercase();
    let ends_in = |ends: &[char]| lower.ends_with(ends);
    let hisses = ends_in(&['s', 'ß', 'x', 'z']);
    let ending = match language {
        "cs" | "es" | "fi" | "fr" | "it" | "pl" | "pt" => "",
        "da" | "nb" | "no" | "de" | "nl" if hisses => "’",
        "sv" if hisses => "",
        "nl" if ends_in(&['a', 'i', 'o', 'u', 'y']) => "’s",
        "da" | "nb" | "no" | "de" | "nl" | "sv" => "s",
        // English, and by its rule every language that is not listed.
        _ if ends_in(&['s']) => "'",
        _ => "'s",
    };
    format!("{name}{ending}")
}
