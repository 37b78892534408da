//! What the platform holds, as the table tells it.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{ConnectionId, TeamSource};
use rollcall_store::{Error, PageRequest, StoredUser, Table};
use uuid::Uuid;

/// An active account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Attributes by name.
    pub attributes: BTreeMap<String, String>,
    /// The manager.
    pub manager: Option<Uuid>,
    /// The groups whose teams the person is in.
    pub teams: BTreeSet<Uuid>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The manager in whose team the person is.
    pub reports_to: Option<Uuid>,
}

impl Account {
    /// What differs, as it should be and as it is found.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<String> {
        // Destructured in full, so that a new field can't be forgotten.
        let Self { attributes, manager, teams, email, language, reports_to } = self;
        let mut lines = Vec::new();
        let names: BTreeSet<&String> = attributes.keys().chain(found.attributes.keys()).collect();
        for name in names {
            let (one, other) = (attributes.get(name), found.attributes.get(name));
            if one != other {
                lines.push(format!("{name} {one:?} not {other:?}"));
            }
        }
        let mut note = |what: &str, differs: bool, texts: (String, String)| {
            if differs {
                lines.push(format!("{what} {} not {}", texts.0, texts.1));
            }
        };
        note("manager", *manager != found.manager, (format!("{manager:?}"), format!("{:?}", found.manager)));
        note("teams", *teams != found.teams, (format!("{teams:?}"), format!("{:?}", found.teams)));
        note("email", *email != found.email, (format!("{email:?}"), format!("{:?}", found.email)));
        note("language", *language != found.language, (format!("{language:?}"), format!("{:?}", found.language)));
        let reports = (format!("{reports_to:?}"), format!("{:?}", found.reports_to));
        note("reports to", *reports_to != found.reports_to, reports);
        lines
    }
}

/// What the platform holds.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// Active accounts by person.
    pub active: BTreeMap<Uuid, Account>,
    /// People whose account is inactive.
    pub inactive: BTreeSet<Uuid>,
    /// Name of each active team, by its group or manager.
    pub teams: BTreeMap<Uuid, String>,
    /// What contradicts itself: a person with two accounts, a roster that is not what the accounts say.
    pub damage: Vec<String>,
}

/// Reads the platform of a connection.
///
/// # Errors
/// The table can't be read.
pub async fn platform(table: &Table, connection: ConnectionId) -> Result<Platform, Error> {
    let mut found = Platform::default();
    let mut request = PageRequest::first(900);
    loop {
        let page = table.users_page(connection, &request, None).await?;
        page.items.into_iter().for_each(|stored| found.add(stored));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    for team in table.teams(connection).await?.into_iter().filter(|team| team.active) {
        let roster = roster(table, connection, team.source).await?;
        let source = team.source.id();
        let members: BTreeSet<Uuid> = found
            .active
            .iter()
            .filter(|(_, account)| account.teams.contains(&source) || account.reports_to == Some(source))
            .map(|(person, _)| *person)
            .collect();
        if roster != members {
            found.damage.push(format!("the roster of team {source} is not what the accounts say"));
        }
        found.teams.insert(source, team.name);
    }
    let active = found.active.len() as u64;
    let counted = table.state(connection).await?.active;
    if active != counted {
        found.damage.push(format!("{active} accounts are active and {counted} are counted"));
    }
    Ok(found)
}

async fn roster(table: &Table, connection: ConnectionId, team: TeamSource) -> Result<BTreeSet<Uuid>, Error> {
    let mut people = BTreeSet::new();
    let mut request = PageRequest::first(900);
    loop {
        let page = table.team_members(connection, team, &request).await?;
        people.extend(page.items.into_iter().map(|person| person.0));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(people),
        }
    }
}

impl Platform {
    fn add(&mut self, stored: StoredUser) {
        let user = stored.user;
        let person = user.person.0;
        if self.active.contains_key(&person) || self.inactive.contains(&person) {
            self.damage.push(format!("{person} has two accounts"));
        }
        if !user.status.is_active() {
            self.inactive.insert(person);
            return;
        }
        let attributes = user.attributes.iter().map(|(property, value)| (property.name().to_owned(), value.clone()));
        let account = Account {
            attributes: attributes.collect(),
            manager: user.manager.map(|manager| manager.0),
            teams: user.teams.iter().map(|team| team.0).collect(),
            email: user.email,
            language: user.language,
            reports_to: user.reports_to.map(|manager| manager.0),
        };
        self.active.insert(person, account);
    }
}
