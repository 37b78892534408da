//! Reads the people in scope, and writes page by page what that gives them.
//!
//! The list of all users is read where that takes fewer requests than asking for each person
//! in scope; so the cost never grows faster than the scope, nor than the tenant.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::PersonId;
use rollcall_directory::person::{Person, PersonReading};
use rollcall_directory::plan::{Desired, plan};
use rollcall_directory::property::selected_names;
use rollcall_directory::scope::{Scope, standing};
use rollcall_directory::user::User;
use rollcall_graph::{Expand, Page, users};
use rollcall_store::commit::{Commit, UserWrite};

use super::checkpoint::Stage;
use super::failure::Failure;
use super::full::FullRun;
use super::question::users_by_id;
use super::reading::{Answered, is_complete, person};
use super::session::Session;
use super::snapshot::{Chunk, encode};

/// Users on a page of the list. Graph, "List users": at most 999.
const PAGE: u64 = 999;
/// People asked for in one `$batch`. Graph, "JSON batching": at most 20.
const BATCH: u64 = 20;
/// People asked for between two checkpoints when each is asked for.
const INDIVIDUALLY: usize = 400;

/// Decides how to read the people.
pub(super) async fn choose(session: &Session<'_>, run: &FullRun) -> Result<Stage, Failure> {
    let listing = Stage::Listing { next: None, read: 0, counted: None };
    if session.connection.scope == Scope::Everyone {
        return Ok(listing);
    }
    let in_scope = run.snapshot.members() as u64;
    let tenant = session.graph.send(&users::count()).await?;
    Ok(if tenant.div_ceil(PAGE) <= in_scope.div_ceil(BATCH) { listing } else { Stage::Individually })
}

/// Reads the list of all users from where the stage says.
pub(super) async fn list(session: &mut Session<'_>, run: &mut FullRun) -> Result<(), Failure> {
    let Stage::Listing { next, mut read, mut counted } = run.checkpoint.stage.clone() else { return Ok(()) };
    let request = users::list(&selected_names(), Expand::Manager);
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
    page: Page<rollcall_graph::User>,
    ended: bool,
    (read, counted): (u64, Option<u64>),
) -> Result<(), Failure> {
    let readings = page.value.iter().map(|user| person(user, Answered::WithManager)).collect();
    let end = match ended {
        false => None,
        // People leave while pages are read: the list is complete if it held as many as the lower count.
        true => {
            let counted_again = session.graph.send(&users::count()).await?;
            Some(Chunk::PeopleRead { read, counted: counted.map(|first| first.min(counted_again)) })
        }
    };
    write_page(session, run, readings, end).await
}

/// Asks for everybody in scope who has not been read.
pub(super) async fn ask_for_the_rest(session: &mut Session<'_>, run: &mut FullRun) -> Result<(), Failure> {
    let was_listed = run.snapshot.completeness().is_closed(rollcall_directory::seal::Source::People);
    let unread = run.snapshot.unread_members();
    for some in unread.chunks(INDIVIDUALLY) {
        session.check_time()?;
        let found = users_by_id(session, some, &selected_names(), Expand::Manager).await?;
        let readings = found.values().map(|user| person(user, Answered::WithManager)).collect();
        write_page(session, run, readings, None).await?;
    }
    run.checkpoint.stage = Stage::Read;
    let end = (!was_listed).then_some(Chunk::PeopleRead { read: unread.len() as u64, counted: None });
    write_page(session, run, Vec::new(), end).await
}

/// Writes what a page gives, and remembers who was on it, in one commit.
async fn write_page(
    session: &mut Session<'_>,
    run: &mut FullRun,
    readings: Vec<PersonReading>,
    end: Option<Chunk>,
) -> Result<(), Failure> {
    let readings = in_scope(session, run, readings);
    let stored = stored_where_needed(session, run, &readings).await?;
    let mut page = PagePlan::default();
    for reading in readings.values() {
        page.add(session, run, reading, stored.get(&reading.id));
    }
    session.run.progress.pages += 1;
    session.run.progress.people += readings.len() as u64;
    session.run.progress.phase = "people".to_owned();
    session.run.counts.unchanged += page.unchanged;
    session.run.resume = Some(run.checkpoint.to_text()?);
    let chunks: Vec<Chunk> = std::iter::once(Chunk::People {
        seen: readings.into_keys().collect(),
        removals: page.removals.into_iter().collect(),
    })
    .chain(end)
    .collect();
    let commit = Commit { users: page.writes, chunks: vec![encode(&chunks)?], ..Commit::at(session.now()) };
    for write in &commit.users {
        run.remember(&write.after);
    }
    session.save(commit).await?;
    chunks.into_iter().for_each(|chunk| run.snapshot.absorb(chunk));
    Ok(())
}

/// One reading for each person in scope, the later ones of a page laid over the earlier.
fn in_scope(session: &Session<'_>, run: &FullRun, readings: Vec<PersonReading>) -> BTreeMap<PersonId, PersonReading> {
    let everyone = session.connection.scope == Scope::Everyone;
    let mut kept: BTreeMap<PersonId, PersonReading> = BTreeMap::new();
    for reading in readings.into_iter().filter(|reading| everyone || run.snapshot.is_member(reading.id)) {
        match kept.entry(reading.id) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(reading)),
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().absorb(reading),
        }
    }
    kept
}

/// Reads the accounts that differ from what was read, and those of whom the reading does not tell everything.
async fn stored_where_needed(
    session: &Session<'_>,
    run: &FullRun,
    readings: &BTreeMap<PersonId, PersonReading>,
) -> Result<BTreeMap<PersonId, User>, Failure> {
    let needed: Vec<PersonId> = readings
        .values()
        .filter(|reading| run.index.contains_key(&reading.id) && !is_as_stored(session, run, reading))
        .map(|reading| reading.id)
        .collect();
    if needed.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(session.table().users_by_person(session.connection.id, session.tenant, &needed).await?)
}

/// Whether the account already is what this reading says: told by the fingerprint, without reading the account.
fn is_as_stored(session: &Session<'_>, run: &FullRun, reading: &PersonReading) -> bool {
    let Some(known) = run.index.get(&reading.id) else { return false };
    let Some(desired) =
        is_complete(reading).then(|| reading.over(None)).flatten().map(|person| desired(session, run, person))
    else {
        return false;
    };
    match plan(session.tenant, reading.id, &desired, None).write {
        Some(user) => known.active && user.fingerprint() == known.fingerprint,
        None => !known.active,
    }
}

fn desired(session: &Session<'_>, run: &FullRun, person: Person) -> Desired {
    let groups = run.graph.relevant(&run.snapshot.direct_groups(person.id));
    let standing = standing(&session.connection.scope, &run.graph, &groups);
    Desired::of(person, groups, standing)
}

#[derive(Default)]
struct PagePlan {
    writes: Vec<UserWrite>,
    removals: BTreeSet<rollcall_directory::plan::Removal>,
    unchanged: u64,
}

impl PagePlan {
    fn add(&mut self, session: &Session<'_>, run: &FullRun, reading: &PersonReading, stored: Option<&User>) {
        if stored.is_none() && run.index.contains_key(&reading.id) {
            // As stored: see `stored_where_needed`.
            self.unchanged += 1;
            return;
        }
        let Some(person) = reading.over(stored.map(known_person).as_ref()) else { return };
        let planned = plan(session.tenant, reading.id, &desired(session, run, person), stored);
        if planned.write.is_none() && planned.removals.is_empty() {
            self.unchanged += 1;
        }
        self.removals.extend(planned.removals);
        self.writes.extend(planned.write.map(|after| UserWrite { before: stored.cloned(), after, taken: Vec::new() }));
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
