//! Where platform and directory differ, in words.

use super::{Account, Directory, Platform, Scope, desired};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// What differs, one line each; empty when nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences(pub Vec<String>);

impl Differences {
    /// Whether platform and directory agree.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// As many as a person reads.
        const SHOWN: usize = 8;
        let shown: Vec<&str> = self.0.iter().take(SHOWN).map(String::as_str).collect();
        write!(out, "{} differences: {}", self.0.len(), shown.join("; "))?;
        if self.0.len() > SHOWN { write!(out, "; …") } else { Ok(()) }
    }
}

/// Compares the platform with what the directory says it should be.
pub fn differences(directory: &Directory, scope: &Scope, platform: &Platform) -> Differences {
    let desired = desired(directory, scope);
    let mut found = Vec::new();
    accounts(&desired, platform, &mut found);
    teams(directory, scope, &desired, platform, &mut found);
    Differences(found)
}

fn accounts(desired: &BTreeMap<Uuid, Account>, platform: &Platform, found: &mut Vec<String>) {
    let mut seen: BTreeMap<Uuid, u32> = BTreeMap::new();
    for (person, active, account) in &platform.accounts {
        *seen.entry(*person).or_default() += 1;
        match (desired.get(person), active) {
            (Some(wanted), true) => account_differs(*person, wanted, account, found),
            (Some(_), false) => found.push(format!("{person} should be active")),
            (None, true) => found.push(format!("{person} should not be active")),
            (None, false) if !account.teams.is_empty() => found.push(format!("{person} is inactive, yet in a team")),
            (None, false) => {}
        }
    }
    found.extend(
        seen.iter().filter(|(_, times)| **times > 1).map(|(person, times)| format!("{person} has {times} accounts")),
    );
    found.extend(
        desired.keys().filter(|person| !seen.contains_key(*person)).map(|person| format!("{person} has no account")),
    );
}

fn account_differs(person: Uuid, wanted: &Account, account: &Account, found: &mut Vec<String>) {
    let Account { properties, manager, teams } = account;
    let names: BTreeSet<&String> = wanted.properties.keys().chain(properties.keys()).collect();
    for name in names {
        let (should, is) = (wanted.properties.get(name), properties.get(name));
        if should != is {
            found.push(format!("{person}: {name} is {is:?}, should be {should:?}"));
        }
    }
    if *manager != wanted.manager {
        found.push(format!("{person}: manager is {manager:?}, should be {:?}", wanted.manager));
    }
    if *teams != wanted.teams {
        found.push(format!("{person}: teams are {teams:?}, should be {:?}", wanted.teams));
    }
}

fn teams(
    directory: &Directory,
    scope: &Scope,
    desired: &BTreeMap<Uuid, Account>,
    platform: &Platform,
    found: &mut Vec<String>,
) {
    let wanted = match scope {
        Scope::Everyone => BTreeSet::new(),
        Scope::Groups(groups) => groups.clone(),
    };
    let there: BTreeSet<Uuid> = platform.teams.iter().map(|(group, _, _)| *group).collect();
    found.extend(wanted.difference(&there).map(|group| format!("group {group} has no team")));
    found.extend(there.difference(&wanted).map(|group| format!("group {group} should have no team")));
    for (group, name, members) in &platform.teams {
        let should = directory.groups.get(group).map(|group| group.name.as_str()).unwrap_or_default();
        if name != should {
            found.push(format!("team of {group} is called {name:?}, should be {should:?}"));
        }
        let people: BTreeSet<Uuid> =
            desired.iter().filter(|(_, account)| account.teams.contains(group)).map(|(person, _)| *person).collect();
        found.extend(people.difference(members).map(|person| format!("{person} is missing in team {name:?}")));
        found.extend(members.difference(&people).map(|person| format!("{person} should not be in team {name:?}")));
    }
}

#[cfg(test)]
mod tests;
