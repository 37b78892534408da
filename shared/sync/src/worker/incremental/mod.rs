//! An incremental run: reads what changed since the cursor, and ends where a full run would.
//!
//! [`changes`] reads both delta rounds to their end and folds them, since rows repeat, overlap
//! and come in any order. [`membership`] works out what that means for the groups in scope.
//! Only then is anybody's account looked at.

mod changes;
mod membership;

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::PersonId;
use rollcall_directory::person::PersonReading;
use rollcall_directory::plan::{Desired, Removal, plan};
use rollcall_directory::scope::{Scope, standing};
use rollcall_directory::user::{Leaving, User};
use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::run::Trigger;
use rollcall_store::state::{Cursor, StateChange};

use self::changes::Changes;
use self::membership::Memberships;
use super::failure::Failure;
use super::people::known_person;
use super::question::{Portrait, portraits};
use super::session::Session;
use super::{debt_after_read, removals};

/// Accounts that are read and planned at a time.
const AT_ONCE: usize = 500;

/// Reads and applies what changed since the cursor.
pub(super) async fn incremental(session: &mut Session<'_>, cursor: &Cursor) -> Result<(), Failure> {
    let changes = changes::read(session, cursor).await?;
    let memberships = membership::resolve(session, &changes).await?;
    let mut people = affected(session, &changes, &memberships);
    people.extend(session.state().doubts.into_keys());
    let mut wanted = BTreeSet::new();
    let mut begun = session.state().run.is_some();
    // Whoever asked wants to see an answer, also if it is "nothing changed".
    if matches!(session.run.trigger, Trigger::Manual { .. }) {
        begin_once(session, &mut begun).await?;
    }
    for some in people.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        session.check_time()?;
        let (writes, removals) = plan_some(session, &changes, &memberships, some).await?;
        wanted.extend(removals);
        session.run.progress.people += some.len() as u64;
        if !writes.is_empty() {
            begin_once(session, &mut begun).await?;
            session.save(Commit { users: writes, ..Commit::at(session.now()) }).await?;
        }
    }
    if !wanted.is_empty() || !memberships.teams.is_empty() {
        begin_once(session, &mut begun).await?;
    }
    conclude(session, changes, memberships, wanted, begun).await
}

/// A read that finds nothing leaves no run behind; the first change makes it one.
async fn begin_once(session: &mut Session<'_>, begun: &mut bool) -> Result<(), Failure> {
    if !std::mem::replace(begun, true) {
        session.begin().await?;
    }
    Ok(())
}

async fn conclude(
    session: &mut Session<'_>,
    changes: Changes,
    memberships: Memberships,
    wanted: BTreeSet<Removal>,
    begun: bool,
) -> Result<(), Failure> {
    let emptied = memberships.emptied(session.connection.limits.emptied_group);
    let settled = removals::settle(session, wanted, emptied, &changes.deleted, false).await?;
    let state = session.state();
    let now = session.now();
    let groups =
        memberships.groups.into_iter().filter(|(group, _)| !settled.unsettled_groups.contains(group)).collect();
    let change = StateChange {
        cursor: Some(Some(changes.cursor)),
        doubts: (settled.doubts != state.doubts).then_some(settled.doubts),
        read_debt_ms: Some(debt_after_read(&state, now)),
        ..StateChange::default()
    };
    let commit = Commit { teams: memberships.teams, groups, holds: settled.holds, state: change, ..Commit::at(now) };
    if begun {
        return session.finish(settled.held, commit).await;
    }
    session.advance(commit).await
}

/// Everybody whose account may have to change.
fn affected(session: &Session<'_>, changes: &Changes, memberships: &Memberships) -> BTreeSet<PersonId> {
    let mut people: BTreeSet<PersonId> = changes.readings.keys().chain(&changes.deleted).copied().collect();
    if session.connection.scope != Scope::Everyone {
        people.extend(memberships.changed.keys());
    }
    people
}

async fn plan_some(
    session: &Session<'_>,
    changes: &Changes,
    memberships: &Memberships,
    people: &[PersonId],
) -> Result<(Vec<UserWrite>, BTreeSet<Removal>), Failure> {
    let stored = session.table().users_by_person(session.connection.id, session.tenant, people).await?;
    let doubts = session.state().doubts;
    let unsure: Vec<PersonId> = people
        .iter()
        .filter(|person| !changes.deleted.contains(*person))
        .filter(|person| {
            doubts.contains_key(*person) || needs_portrait(changes, memberships, **person, stored.get(*person))
        })
        .copied()
        .collect();
    let portraits = portraits(session, &unsure).await?;
    let mut writes = Vec::new();
    let mut removals = BTreeSet::new();
    for person in people {
        let before = stored.get(person);
        let desired = match portraits.get(person) {
            Some(portrait) => of_portrait(memberships, session, portrait, before),
            None if unsure.contains(person) => before.map(|_| Desired::Nothing(Leaving::Deleted)),
            None => of_changes(session, changes, memberships, *person, before),
        };
        let Some(desired) = desired else { continue };
        let planned = plan(session.tenant, *person, &desired, before);
        removals.extend(planned.removals);
        writes.extend(planned.write.map(|after| UserWrite { before: before.cloned(), after, taken: Vec::new() }));
    }
    Ok((writes, removals))
}

/// Whether a person must be read from their own side: they have no active account and may be
/// about to get one. A delta row does not do for that: it leaves out what did not change (the
/// manager of somebody who was just enabled), and who was never in scope has no groups stored.
fn needs_portrait(changes: &Changes, memberships: &Memberships, person: PersonId, stored: Option<&User>) -> bool {
    let joins = || memberships.changed.get(&person).is_some_and(|change| !change.joined.is_empty());
    !stored.is_some_and(|user| user.status.is_active()) && (changes.readings.contains_key(&person) || joins())
}

fn of_portrait(
    memberships: &Memberships,
    session: &Session<'_>,
    portrait: &Portrait,
    before: Option<&User>,
) -> Option<Desired> {
    let person = portrait.reading.over(before.map(known_person).as_ref())?;
    let groups = memberships.graph.relevant(&portrait.groups);
    let standing = standing(&session.connection.scope, &memberships.graph, &groups);
    Some(Desired::of(person, groups, standing))
}

/// What the delta rows make of somebody whose account is active.
fn of_changes(
    session: &Session<'_>,
    changes: &Changes,
    memberships: &Memberships,
    id: PersonId,
    before: Option<&User>,
) -> Option<Desired> {
    let known = before.filter(|user| user.status.is_active())?;
    if changes.deleted.contains(&id) {
        return Some(Desired::Nothing(Leaving::Deleted));
    }
    let reading = changes.readings.get(&id).cloned().unwrap_or_else(|| PersonReading::of(id));
    let person = reading.over(Some(&known_person(known)))?;
    let mut groups = known.groups.clone();
    if let Some(change) = memberships.changed.get(&id) {
        groups.extend(&change.joined);
        groups.retain(|group| !change.left.contains(group));
    }
    let groups = memberships.graph.relevant(&groups);
    let standing = standing(&session.connection.scope, &memberships.graph, &groups);
    Some(Desired::of(person, groups, standing))
}

/// Readings and memberships by person.
type ByPerson<T> = BTreeMap<PersonId, T>;
