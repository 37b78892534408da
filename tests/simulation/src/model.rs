//! The simulated directory and the table in the words of the reference, which says what the platform should hold.
//!
//! * [`Terms`]: scope and rules of a connection. [`directory`], [`alone`]: the directory, or as much of it as matters
//!   to one person. [`Held`]: what the table holds, and how that differs.
//! * [`should_stay`], [`may_be_deleted`]: what the reference says of one account at one moment.

use std::collections::{BTreeMap, BTreeSet};

use entra::directory::{Directory, Kind, Object, Slot, View};
use jiff::Timestamp;
use reference::{Account, Expected, Group, Person, Platform, Problem, Status, World, expected};
use rollcall_directory::adoption::{Existing, Match};
use rollcall_directory::desired;
use rollcall_directory::identity::{GroupId, PersonId, TeamSource};
use rollcall_directory::property::Property;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_directory::user::Leaving;
use serde_json::Value as Json;

/// Who is in, and how they become accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who is in.
    pub scope: Scope,
    /// How they become accounts.
    pub rules: Rules,
}

/// What the table holds of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Accounts and teams.
    pub platform: Platform,
    /// What contradicts itself.
    pub damage: Vec<String>,
}

/// The whole directory, as it stands in this view.
#[must_use]
pub fn directory(view: &View<'_>) -> reference::Directory {
    let people = view.from(Slot(0), Kind::User).filter(|(_, object)| object.is_live());
    let mut found = groups(view);
    for (_, object) in view.from(Slot(0), Kind::Group).filter(|(_, object)| object.is_live()) {
        let Some(group) = found.groups.get_mut(&GroupId(object.id)) else { continue };
        let members = view.members(object).into_iter().filter_map(|member| view.object(member));
        group.people = members.filter(|member| member.kind == Kind::User).map(|person| PersonId(person.id)).collect();
    }
    found.people = people.map(|(slot, object)| (PersonId(object.id), person(view, slot, object))).collect();
    found
}

/// One person of the directory, and the groups that matter to them.
#[must_use]
pub fn alone(view: &View<'_>, id: PersonId) -> reference::Directory {
    let mut found = groups(view);
    if let Some((slot, object)) = view.find(id.0) {
        for holder in object.holders.iter().filter_map(|holder| view.live(*holder)) {
            found.groups.entry(GroupId(holder.id)).and_modify(|group| {
                group.people.insert(id);
            });
        }
        found.people.insert(id, person(view, slot, object));
    }
    found
}

/// The groups, without the people in them.
fn groups(view: &View<'_>) -> reference::Directory {
    let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
    let live = || view.from(Slot(0), Kind::Group).filter(|(_, object)| object.is_live());
    for (slot, object) in live() {
        let name = view.text(slot, "displayName").unwrap_or_default().to_owned();
        groups.insert(GroupId(object.id), Group { name, ..Group::default() });
    }
    for (_, object) in live() {
        for holder in object.holders.iter().filter_map(|holder| view.live(*holder)) {
            let inner = GroupId(object.id);
            groups.entry(GroupId(holder.id)).and_modify(|group| {
                group.groups.insert(inner);
            });
        }
    }
    reference::Directory { groups, ..reference::Directory::default() }
}

fn person(view: &View<'_>, slot: Slot, object: &Object) -> Person {
    let with_value = |property: &Property| Some((property.clone(), value(view, slot, property)?));
    Person {
        enabled: view.text(slot, "accountEnabled") == Some("true"),
        properties: Property::FIXED.iter().filter_map(with_value).collect(),
        manager: view.manager(object).map(|(_, manager)| PersonId(manager.id)),
    }
}

/// The value of a property: a text, a member of something complex, or several values in order.
fn value(view: &View<'_>, slot: Slot, property: &Property) -> Option<String> {
    let (whole, member) = match property.name().split_once('.') {
        Some((whole, member)) => (whole, Some(member)),
        None => (property.name(), None),
    };
    let text = view.text(slot, whole)?;
    let value = match (member, property) {
        (Some(member), _) => serde_json::from_str::<Json>(text).ok()?.get(member)?.as_str()?.to_owned(),
        (None, Property::OtherMails | Property::ProxyAddresses) => {
            let values: BTreeSet<String> = serde_json::from_str(text).ok()?;
            values.into_iter().collect::<Vec<String>>().join("; ")
        }
        (None, _) => text.to_owned(),
    };
    (!value.is_empty()).then_some(value)
}

impl Terms {
    /// What the platform should hold, given what it held before.
    #[must_use]
    pub fn expected(
        &self,
        directory: reference::Directory,
        before: Platform,
        existing: Vec<Existing>,
        now: Timestamp,
    ) -> Expected {
        let Self { scope, rules } = self.clone();
        expected(&World { directory, scope, rules, existing, before, now })
    }

    /// What becomes of one account, as the directory stands in this view. Nothing when it is deleted.
    fn becomes(&self, view: &View<'_>, person: PersonId, account: &Account, now: Timestamp) -> Option<Account> {
        let accounts = BTreeMap::from([(person, account.clone())]);
        let before = Platform { accounts, ..Platform::default() };
        self.expected(alone(view, person), before, Vec::new(), now).platform.accounts.remove(&person)
    }
}

/// Numbers of the directory's changes from one moment to another (in milliseconds since 1970).
fn sequences(directory: &Directory, (from, to): (i64, i64)) -> std::ops::RangeInclusive<u64> {
    directory.sequence_at(from)..=directory.sequence_at(to)
}

/// Whether an active account should have stayed active through all of a time, under all of these terms.
#[must_use]
pub fn should_stay(
    directory: &Directory,
    terms: &[Terms],
    person: PersonId,
    account: &Account,
    window: (i64, i64),
    now: Timestamp,
) -> bool {
    let stays = |view: &View<'_>, terms: &Terms| {
        terms.becomes(view, person, account, now).is_some_and(|account| account.is_active())
    };
    sequences(directory, window).all(|sequence| {
        let view = directory.as_of(sequence);
        terms.iter().all(|terms| stays(&view, terms))
    })
}

/// Whether an inactive account may be deleted, by the directory of some moment and some of these terms.
#[must_use]
pub fn may_be_deleted(
    directory: &Directory,
    terms: &[Terms],
    person: PersonId,
    account: &Account,
    window: (i64, i64),
    now: Timestamp,
) -> bool {
    sequences(directory, window).any(|sequence| {
        let view = directory.as_of(sequence);
        terms.iter().any(|terms| terms.becomes(&view, person, account, now).is_none())
    })
}

/// The teams of groups in which an active person should have been through all of a time, under all of these terms.
#[must_use]
pub fn lasting_teams(
    directory: &Directory,
    terms: &[Terms],
    person: PersonId,
    account: &Account,
    window: (i64, i64),
    now: Timestamp,
) -> BTreeSet<GroupId> {
    let mut lasting = account.teams.clone();
    for sequence in sequences(directory, window) {
        let view = directory.as_of(sequence);
        for terms in terms {
            let teams = terms.becomes(&view, person, account, now).map(|account| account.teams).unwrap_or_default();
            lasting.retain(|team| teams.contains(team));
        }
    }
    lasting
}

impl Held {
    /// What differs from what is expected, a line for each person and team. `before` is what was held before: the time
    /// at which somebody was deactivated since is the engine's to choose.
    #[must_use]
    pub fn differences(&self, expected: &Expected, before: &Platform) -> Vec<String> {
        let mut lines = self.damage.clone();
        let (wanted, found) = (&expected.platform, &self.platform);
        for person in wanted.accounts.keys().chain(found.accounts.keys()).copied().collect::<BTreeSet<PersonId>>() {
            let was_active = before.accounts.get(&person).is_some_and(Account::is_active);
            let plain = |account: Option<&Account>| account.map(|account| timeless(account, was_active));
            let (one, other) = (plain(wanted.accounts.get(&person)), plain(found.accounts.get(&person)));
            if one != other {
                lines.push(format!("the account of {person}, {}", unlike(one.as_ref(), other.as_ref())));
            }
        }
        for source in wanted.teams.keys().chain(found.teams.keys()).copied().collect::<BTreeSet<TeamSource>>() {
            let (one, other) = (wanted.teams.get(&source), found.teams.get(&source));
            if one != other {
                lines.push(format!("the team {source:?}, wanted {one:?}, found {other:?}"));
            }
        }
        lines
    }
}

/// What differs between the problems that are expected and those that are noted.
pub fn unlike_problems<'a>(
    expected: &Expected,
    noted: impl Iterator<Item = (Option<PersonId>, &'a desired::Problem)>,
) -> Vec<String> {
    let (mut of_people, mut emails) = (BTreeMap::new(), BTreeMap::new());
    for (person, problem) in noted {
        match (person, plain(problem)) {
            (Some(person), Some(problem)) => drop(of_people.insert(person, problem)),
            _ => {
                if let desired::Problem::SharedEmail { email, people } = problem {
                    emails.insert(email.clone(), people.clone());
                }
            }
        }
    }
    let shared = &expected.shared_emails;
    // Of whom there is no record at all any more Graph can't say that they were deleted, and the engine lists nobody
    // on a guess.
    let is_on_record = |_: &PersonId, problem: &mut Problem| *problem != Problem::Protected(Leaving::Deleted);
    let mut problems = expected.problems.clone();
    problems.retain(is_on_record);
    of_people.retain(is_on_record);
    let mut lines = Vec::new();
    if of_people != problems {
        lines.push(format!("problems wanted {problems:?}, found {of_people:?}"));
    }
    if emails != *shared {
        lines.push(format!("shared addresses wanted {shared:?}, found {emails:?}"));
    }
    lines
}

/// A problem of one person in the reference's words.
fn plain(problem: &desired::Problem) -> Option<Problem> {
    match problem.clone() {
        desired::Problem::Lacks { what } => Some(Problem::Lacks(what)),
        desired::Problem::Adoption { found: Match::Proposed { account, by } } => {
            Some(Problem::MayHave { accounts: BTreeSet::from([account]), by })
        }
        desired::Problem::Adoption { found: Match::Ambiguous { accounts, by } } => {
            Some(Problem::MayHave { accounts, by })
        }
        desired::Problem::Protected { leaving } => Some(Problem::Protected(leaving)),
        // Not of one person, or of what the reference knows nothing: how well Graph answers.
        _ => None,
    }
}

fn timeless(account: &Account, was_active: bool) -> Account {
    match account.status {
        Status::Inactive { reason, .. } if was_active => {
            Account { status: Status::Inactive { reason, since: Timestamp::UNIX_EPOCH }, ..account.clone() }
        }
        _ => account.clone(),
    }
}

/// Only what differs of two accounts.
fn unlike(wanted: Option<&Account>, found: Option<&Account>) -> String {
    let (Some(wanted), Some(found)) = (wanted, found) else {
        return format!("wanted {wanted:?}, found {found:?}");
    };
    // Destructured in full, so that a new field can't be forgotten.
    let Account { status, attributes, email, language, manager, teams, manager_team, linked, protected } = wanted;
    let mut lines = Vec::new();
    let mut note = |what: &str, one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| {
        let (one, other) = (format!("{one:?}"), format!("{other:?}"));
        if one != other {
            lines.push(format!("{what} wanted {one}, found {other}"));
        }
    };
    note("status", status, &found.status);
    for property in attributes.keys().chain(found.attributes.keys()).collect::<BTreeSet<&Property>>() {
        note(property.name(), &attributes.get(property), &found.attributes.get(property));
    }
    note("email", email, &found.email);
    note("language", language, &found.language);
    note("manager", manager, &found.manager);
    note("teams", teams, &found.teams);
    note("manager's team", manager_team, &found.manager_team);
    note("linked", linked, &found.linked);
    note("protected", protected, &found.protected);
    lines.join(", ")
}
