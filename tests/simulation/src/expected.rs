//! What the platform should hold, computed as plainly as possible from the simulated directory.

use std::collections::{BTreeMap, BTreeSet};

use entra::directory::{Directory, Kind, Slot};
use uuid::Uuid;

use crate::platform::{Account, Platform};
use crate::settings::Settings;

/// Attributes of an account, by their names in Graph.
pub const ATTRIBUTES: [&str; 15] = [
    "city",
    "companyName",
    "country",
    "department",
    "employeeHireDate",
    "employeeId",
    "employeeType",
    "givenName",
    "jobTitle",
    "mail",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "usageLocation",
    "userPrincipalName",
];

/// Active accounts by person, and the names of the teams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Who should have an active account, and how it should look.
    pub accounts: BTreeMap<Uuid, Account>,
    /// Name of each team, by its group.
    pub teams: BTreeMap<Uuid, String>,
}

/// What the platform should hold.
#[must_use]
pub fn expected(directory: &Directory, settings: &Settings) -> Expected {
    let mut teams_of: BTreeMap<Slot, BTreeSet<Uuid>> = BTreeMap::new();
    let mut teams = BTreeMap::new();
    for root in settings.roots() {
        let Some(slot) = directory.find(root) else { continue };
        teams.insert(root, directory.text(slot, "displayName").unwrap_or_default().to_owned());
        for person in people_below(directory, slot) {
            teams_of.entry(person).or_default().insert(root);
        }
    }
    let everyone = *settings == Settings::Everyone;
    let accounts = directory
        .live(Kind::User)
        .filter(|(slot, _)| everyone || teams_of.contains_key(slot))
        .filter(|(slot, _)| directory.text(*slot, "accountEnabled") == Some("true"))
        .map(|(slot, object)| {
            let manager = object.manager.and_then(|manager| directory.object(manager));
            let account = Account {
                attributes: attributes(directory, slot),
                manager: manager.filter(|manager| manager.is_live()).map(|manager| manager.id),
                teams: teams_of.get(&slot).cloned().unwrap_or_default(),
                email: directory.text(slot, "userPrincipalName").map(str::to_owned),
                language: None,
                reports_to: None,
            };
            (object.id, account)
        })
        .collect();
    Expected { accounts, teams }
}

fn attributes(directory: &Directory, slot: Slot) -> BTreeMap<String, String> {
    let value = |name: &&str| directory.text(slot, name).map(|text| ((*name).to_owned(), text.to_owned()));
    ATTRIBUTES.iter().filter_map(value).collect()
}

fn people_below(directory: &Directory, root: Slot) -> BTreeSet<Slot> {
    let mut people = BTreeSet::new();
    let mut met = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(group) = open.pop() {
        let Some(group) = directory.object(group).filter(|group| group.is_live()) else { continue };
        for member in group.members() {
            match directory.object(*member) {
                Some(object) if object.kind == Kind::User => drop(people.insert(*member)),
                Some(object) if object.kind == Kind::Group && met.insert(*member) => open.push(*member),
                _ => {}
            }
        }
    }
    people
}

impl Expected {
    /// What differs, a line for each person and team.
    #[must_use]
    pub fn differences(&self, platform: &Platform) -> Vec<String> {
        let mut lines = Vec::new();
        let people: BTreeSet<&Uuid> = self.accounts.keys().chain(platform.active.keys()).collect();
        for person in people {
            match (self.accounts.get(person), platform.active.get(person)) {
                (Some(expected), Some(found)) if expected == found => {}
                (Some(_), None) => lines.push(format!("{person} should have an account")),
                (None, Some(_)) => lines.push(format!("{person} should have no account")),
                (Some(expected), Some(found)) => {
                    let what = expected.differences(found).join(", ");
                    lines.push(format!("{person} should be otherwise: {what}"));
                }
                (None, None) => {}
            }
        }
        if self.teams != platform.teams {
            lines.push(format!("teams should be {:?} and are {:?}", self.teams, platform.teams));
        }
        lines.extend(platform.damage.iter().cloned());
        lines
    }
}
