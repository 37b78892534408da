//! What the table holds, read from its items without the product's code.

use std::collections::{BTreeMap, BTreeSet};

use reference::{Account, Status, Team};
use rollcall_directory::adoption::ExistingId;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::user::Leaving;

use crate::dynamodb::{Database, Item, Value};
use crate::model::Held;

/// An account as its item says.
#[must_use]
pub fn account(item: &Item) -> Account {
    let owned = |name: &str| text(item, name).map(str::to_owned);
    let status = match text(item, "state") {
        Some("active") => Status::Active,
        _ => Status::Inactive {
            reason: text(item, "reason").and_then(Leaving::from_word).unwrap_or(Leaving::Deleted),
            since: text(item, "since").and_then(|since| since.parse().ok()).unwrap_or_default(),
        },
    };
    let attributes = match item.get("attributes") {
        Some(Value::M(values)) => values.iter().filter_map(property).collect(),
        _ => BTreeMap::new(),
    };
    let teams = match item.get("teams") {
        Some(Value::L(teams)) => teams.iter().filter_map(|team| team.text()?.parse::<GroupId>().ok()).collect(),
        _ => BTreeSet::new(),
    };
    Account {
        status,
        attributes,
        email: owned("email"),
        language: owned("language"),
        manager: text(item, "manager").and_then(|manager| manager.parse().ok()),
        teams,
        manager_team: text(item, "reports_to").and_then(|manager| manager.parse().ok()),
        linked: owned("linked").map(ExistingId),
        protected: item.get("protected") == Some(&Value::Bool(true)),
    }
}

fn property((name, value): (&String, &Value)) -> Option<(Property, String)> {
    Some((Property::from_name(name)?, value.text()?.to_owned()))
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(Value::text)
}

/// Everything that the table holds of a connection.
#[must_use]
pub fn held(database: &Database, connection: ConnectionId) -> Held {
    let mut found = Held::default();
    let (own, counted) = (format!("C#{connection}"), counted(database, connection));
    let mut rosters: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    let mut reports: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for item in database.items() {
        let (Some(pk), Some(sk)) = (text(item, "pk"), text(item, "sk")) else { continue };
        let Some(rest) = pk.strip_prefix(&own) else { continue };
        match rest.strip_prefix('#').map(|rest| rest.split('#').collect::<Vec<&str>>()).as_deref() {
            Some(["U", _]) => {
                let Ok(person) = sk.parse::<PersonId>() else { continue };
                if found.platform.accounts.insert(person, account(item)).is_some() {
                    found.damage.push(format!("{person} has two accounts"));
                }
            }
            Some(["T", team, _]) => {
                rosters.entry((*team).to_owned()).or_default().extend(sk.parse::<PersonId>());
            }
            Some(["M", _]) => {
                if let Some((manager, person)) = sk.split_once('#') {
                    reports.entry(manager.to_owned()).or_default().extend(person.parse::<PersonId>());
                }
            }
            None if sk.starts_with("TEAM#") => found.platform.teams.extend(team(item)),
            _ => {}
        }
    }
    let mut by_account: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for (person, account) in &found.platform.accounts {
        account.teams.iter().for_each(|team| {
            by_account.entry(team.to_string()).or_default().insert(*person);
        });
    }
    if rosters != by_account {
        found.damage.push(format!("the accounts say that {by_account:?} are in teams, and the rosters {rosters:?}"));
    }
    // A retired team shows nobody, though an account that only its protection keeps may still name it. Who reports to
    // somebody is known before that manager has an account, and with it a team.
    for (source, team) in found.platform.teams.iter_mut().filter(|(_, team)| team.active) {
        let id = source.id().to_string();
        let members = match source {
            TeamSource::Group(_) => rosters.remove(&id),
            TeamSource::Manager(_) => reports.remove(&id),
        };
        team.members = members.unwrap_or_default();
    }
    let active = found.platform.active().count();
    if counted != Some(active as i128) {
        found.damage.push(format!("{active} accounts are active and {counted:?} are counted"));
    }
    found
}

fn counted(database: &Database, connection: ConnectionId) -> Option<i128> {
    let (_, lease) = database.partition(&format!("C#{connection}")).find(|(sk, _)| *sk == "LEASE")?;
    lease.get("active").and_then(Value::whole)
}

fn team(item: &Item) -> Option<(TeamSource, Team)> {
    let (group, manager) = (text(item, "group"), text(item, "manager"));
    let source = match (group, manager) {
        (Some(group), _) => TeamSource::Group(group.parse().ok()?),
        (None, manager) => TeamSource::Manager(manager?.parse().ok()?),
    };
    let supervisor = manager.and_then(|manager| manager.parse().ok());
    let active = item.get("active") == Some(&Value::Bool(true));
    Some((source, Team { name: text(item, "name")?.to_owned(), active, supervisor, members: BTreeSet::new() }))
}
