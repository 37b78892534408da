//! Reads the people in scope, and writes page by page what that gives them.
//!
//! The list of all users is read where that takes fewer requests than asking for each person
//! in scope; so the cost never grows faster than the scope, nor than the tenant.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rollcall_directory::desired::{Desired, Problem};
use rollcall_directory::identity::PersonId;
use rollcall_directory::person::{Person, PersonReading};
use rollcall_directory::plan::{PersonPlan, plan};
use rollcall_directory::property::Property;
use rollcall_directory::scope::{Membership, Scope};
use rollcall_directory::user::User;
use rollcall_graph::{Expand, Page, User as GraphUser, users};
use rollcall_store::commit::{Commit, UserWrite};

use super::checkpoint::Stage;
use super::failure::Failure;
use super::full::FullRun;
use super::manager_teams;
use super::question::{Told, users_by_id};
use super::reading::{Answered, person, whole};
use super::session::Session;
use super::snapshot::{Chunk, PeopleRead, Written, encode};

/// Users on a page of the list. Graph, "List users": at most 999.
const PAGE: u64 = 999;
/// People asked for in one `$batch`. Graph, "JSON batching": at most 20.
const BATCH: u64 = 20;
/// People asked for between two checkpoints when each is asked for.
const INDIVIDUALLY: usize = 400;

/// People whom the scope names or lets in by their groups, in order; none where it is open to all.
pub(super) fn in_scope(session: &Session<'_>, run: &FullRun) -> Vec<PersonId> {
    match &session.connection.scope {
        Scope::Everyone { .. } => Vec::new(),
        Scope::Groups { .. } => run.snapshot.people_in(&session.connection.scope, &run.memberships),
        Scope::People { people } => people.iter().copied().collect(),
    }
}

/// Decides how to read the people.
pub(super) async fn choose(session: &Session<'_>, run: &FullRun) -> Result<Stage, Failure> {
    let listing = Stage::Listing { next: None, read: 0, counted: None };
    if session.connection.scope.is_open() {
        return Ok(listing);
    }
    let in_scope = run.in_scope.len() as u64;
    let tenant = session.graph.send(&users::count()).await?;
    Ok(if tenant.div_ceil(PAGE) <= in_scope.div_ceil(BATCH) { listing } else { Stage::Individually })
}

/// Reads the list of all users from where the stage says.
pub(super) async fn list(session: &mut Session<'_>, run: &mut FullRun) -> Result<(), Failure> {
    let Stage::Listing { next, mut read, mut counted } = run.checkpoint.stage.clone() else { return Ok(()) };
    let select = session.selected();
    let select: Vec<&str> = select.iter().map(String::as_str).collect();
    let request = users::list(&select, Expand::Manager);
    let request = match next {
        Some(link) => request.at(link),
        None => request,
    };
    let mut pages = session.graph.pages(request);
    let mut current = pages.next().await?;
    while let Some(page) = current.take() {
        session.check_time()?;
        read += page.value.len() as u64;
        counted = counted.or(page.count);
        if let Some(count) = page.count.filter(|_| session.connection.scope.is_open()) {
            run.make_room(usize::try_from(count).unwrap_or(usize::MAX));
        }
        run.checkpoint.stage = match &page.next {
            Some(next) => Stage::Listing { next: Some(next.clone()), read, counted },
            None => Stage::Individually,
        };
        session.run.progress.expected = counted;
        let ended = page.next.is_none();
        // The next page is fetched while this one is written.
        let (written, fetched) =
            tokio::join!(write_list_page(session, run, page, ended, (read, counted)), pages.next());
        written?;
        current = fetched?;
    }
    Ok(())
}

async fn write_list_page(
    session: &mut Session<'_>,
    run: &mut FullRun,
    page: Page<GraphUser>,
    ended: bool,
    (read, counted): (u64, Option<u64>),
) -> Result<(), Failure> {
    let end = match ended {
        false => None,
        // People leave while pages are read: the list is complete if it held as many as the lower count.
        true => {
            let counted_again = session.graph.send(&users::count()).await?;
            Some(Chunk::PeopleRead { read, counted: counted.map(|first| first.min(counted_again)) })
        }
    };
    write_page(session, run, page.value, end).await
}

/// Asks for everybody in scope who has not been read.
pub(super) async fn ask_for_the_rest(session: &mut Session<'_>, run: &mut FullRun) -> Result<(), Failure> {
    let was_listed = run.snapshot.completeness().is_closed(rollcall_directory::seal::Source::People);
    let unread: Vec<PersonId> = run.in_scope.iter().copied().filter(|person| !run.snapshot.has_seen(*person)).collect();
    session.run.progress.expected = session.run.progress.expected.or(Some(unread.len() as u64));
    for some in unread.chunks(INDIVIDUALLY) {
        session.check_time()?;
        let Told { told: found, unanswered } = users_by_id(session, some, &session.selected(), Expand::Manager).await?;
        let unanswered =
            (!unanswered.is_empty()).then(|| Chunk::Unanswered { people: unanswered.into_iter().collect() });
        write_page(session, run, found.into_values().collect(), unanswered).await?;
    }
    run.checkpoint.stage = Stage::Read;
    let end = (!was_listed).then_some(Chunk::PeopleRead { read: unread.len() as u64, counted: None });
    write_page(session, run, Vec::new(), end).await
}

/// Writes what a page gives, and remembers who was on it and what `more` is known, in one commit.
async fn write_page(
    session: &mut Session<'_>,
    run: &mut FullRun,
    users: Vec<GraphUser>,
    more: Option<Chunk>,
) -> Result<(), Failure> {
    let rows = rows(session, run, &users);
    let stored = stored_where_needed(session, run, &rows).await?;
    let mut page = PagePlan::default();
    for (person, row) in &rows {
        page.add(session, run, *person, row, stored.get(person));
    }
    session.run.progress.pages += 1;
    session.run.progress.people += rows.len() as u64;
    session.run.progress.phase = "people".to_owned();
    session.run.counts.unchanged += page.unchanged;
    session.run.counts.skipped += page.read.problems.len() as u64;
    session.run.resume = Some(run.checkpoint.to_text()?);
    page.read.seen = rows.into_iter().map(|(person, _)| person).collect();
    drop(users);
    let chunks: Vec<Chunk> = std::iter::once(Chunk::People(page.read)).chain(more).collect();
    let teams = manager_teams::renamed(session, &page.writes).await?;
    let commit = Commit { users: page.writes, teams, chunks: vec![encode(&chunks)?], ..Commit::at(session.now()) };
    for after in commit.users.iter().filter_map(|write| write.after.as_ref()) {
        run.remember(after);
    }
    session.save(commit).await?;
    chunks.into_iter().for_each(|chunk| run.snapshot.absorb(chunk));
    Ok(())
}

/// What a page says of somebody.
enum Row<'a> {
    /// That the account already is what it should be. Most say that, so that nothing more of it is kept.
    AsStored,
    /// Everything that the rules look at.
    Whole(Person<Cow<'a, str>>),
    /// A part of it, or several rows.
    Part(PersonReading),
}

impl Row<'_> {
    /// What the account should be, given the one that is stored; none where the row does not tell.
    fn desired(&self, session: &Session<'_>, run: &FullRun, stored: Option<&User>) -> Option<Desired> {
        match self {
            Self::AsStored => None,
            Self::Whole(person) => Some(desired(session, run, person)),
            Self::Part(reading) => Some(desired(session, run, &reading.over(stored.map(known_person).as_ref())?)),
        }
    }

    /// What people call the person, as far as the row tells.
    fn label(&self, stored: Option<&User>) -> String {
        match self {
            Self::AsStored => stored.map(User::name).unwrap_or_default(),
            Self::Whole(person) => label(person),
            Self::Part(reading) => label(&reading.as_if_enabled(stored.map(known_person).as_ref())),
        }
    }
}

/// One row for each person, in order, the later ones of a page laid over the earlier. Whoever is not in a scope that
/// is not open to all is left out: most of a large tenant may be.
fn rows<'a>(session: &Session<'_>, run: &FullRun, users: &'a [GraphUser]) -> Vec<(PersonId, Row<'a>)> {
    let scope = &session.connection.scope;
    let reading = |user: &GraphUser| person(user, &session.inputs, Answered::WithManager);
    let row = |users: &[&'a GraphUser]| {
        let (first, later) = users.split_first()?;
        let id = PersonId(first.id);
        let membership = run.snapshot.membership(&run.memberships, id);
        if !scope.is_open() && !scope.admits(id, &membership.roots) {
            return None;
        }
        let row = match whole(first, &session.inputs, Answered::WithManager).filter(|_| later.is_empty()) {
            Some(person) if is_as_stored(session, run, &person, membership) => Row::AsStored,
            Some(person) => Row::Whole(person),
            None => Row::Part(later.iter().fold(reading(first), |mut earlier, user| {
                earlier.absorb(reading(user));
                earlier
            })),
        };
        Some((id, row))
    };
    let mut users: Vec<&GraphUser> = users.iter().collect();
    users.sort_by_key(|user| user.id);
    users.chunk_by(|one, other| one.id == other.id).filter_map(row).collect()
}

/// Reads the accounts that differ from what was read, and those of whom the row does not tell everything.
async fn stored_where_needed(
    session: &Session<'_>,
    run: &FullRun,
    rows: &[(PersonId, Row<'_>)],
) -> Result<BTreeMap<PersonId, User>, Failure> {
    let differs =
        |(person, row): &&(PersonId, Row<'_>)| !matches!(row, Row::AsStored) && run.index.contains_key(person);
    let needed: Vec<PersonId> = rows.iter().filter(differs).map(|(person, _)| *person).collect();
    if needed.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(session.table().users_by_person(session.connection.id, session.tenant, &needed).await?)
}

/// Whether the account already is what this person should have: told by the fingerprint, without reading the account.
fn is_as_stored<V: AsRef<str>>(
    session: &Session<'_>,
    run: &FullRun,
    person: &Person<V>,
    membership: &Membership,
) -> bool {
    let Some(known) = run.index.get(&person.id) else { return false };
    let policy = session.policy(&run.graph);
    if known.is_active() {
        return policy.fingerprint(person, membership).is_some_and(|fingerprint| fingerprint == known.fingerprint);
    }
    let desired = policy.desired(person, membership, session.existing.find(person));
    let planned = plan(session.tenant, person.id, &session.connection.rules, desired, None);
    // Somebody has to see to a problem: that must not be passed over.
    planned.write.is_none() && planned.problem.is_none()
}

fn desired<V: AsRef<str>>(session: &Session<'_>, run: &FullRun, person: &Person<V>) -> Desired {
    let membership = run.snapshot.membership(&run.memberships, person.id);
    session.policy(&run.graph).desired(person, membership, session.existing.find(person))
}

/// What somebody has to see to because Graph does not say whether a person is enabled.
fn silence(session: &Session<'_>, run: &FullRun, row: &Row<'_>, stored: Option<&User>) -> Option<Problem> {
    let Row::Part(reading) = row else { return None };
    let membership = run.snapshot.membership(&run.memberships, reading.id);
    session.policy(&run.graph).silence(reading, stored.map(known_person).as_ref(), membership)
}

#[derive(Default)]
struct PagePlan {
    writes: Vec<UserWrite>,
    read: PeopleRead,
    unchanged: u64,
}

impl PagePlan {
    fn add(&mut self, session: &Session<'_>, run: &FullRun, id: PersonId, row: &Row<'_>, stored: Option<&User>) {
        // An account that is gone although the index has it is the next run's matter.
        if matches!(row, Row::AsStored) || (stored.is_none() && run.index.contains_key(&id)) {
            self.unchanged += 1;
            return;
        }
        if let Some(problem) = silence(session, run, row, stored) {
            self.read.problems.push((id, row.label(stored), problem));
            return;
        }
        let Some(desired) = row.desired(session, run, stored) else { return };
        let PersonPlan { write, removals, problem } =
            plan(session.tenant, id, &session.connection.rules, desired, stored);
        if write.is_none() && removals.is_empty() {
            self.unchanged += 1;
        }
        self.read.removals.extend(removals);
        self.read.problems.extend(problem.map(|problem: Problem| (id, row.label(stored), problem)));
        if let Some(mut after) = write {
            after.protected |= stored.is_none() && session.existing.protects(id);
            let name = session.run.mode.is_preview().then(|| after.name());
            self.read.written.push(Written { person: id, reports_to: after.reports_to, name });
            self.writes.push(UserWrite::giving(stored.cloned(), after));
        }
    }
}

/// What people call a person: the name, or what Entra calls them.
pub(super) fn label<V: AsRef<str>>(person: &Person<V>) -> String {
    let value = |property: &Property| person.attributes.get(property).map(V::as_ref);
    let names: Vec<&str> = [Property::GivenName, Property::Surname].iter().filter_map(value).collect();
    match (names.is_empty(), value(&Property::UserPrincipalName).or_else(|| value(&Property::Mail))) {
        (false, _) => names.join(" "),
        (true, Some(name)) => name.to_owned(),
        (true, None) => person.id.to_string(),
    }
}

/// The person behind an account, as far as the account tells.
pub(super) fn known_person(user: &User) -> Person {
    Person {
        id: user.person,
        enabled: user.status.is_active(),
        attributes: user.attributes.clone(),
        manager: user.manager,
    }
}
