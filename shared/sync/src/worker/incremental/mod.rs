//! An incremental run: reads what changed since the cursor, and ends where a full run would.
//!
//! [`changes`] reads both delta rounds to their end and folds them, since rows repeat, overlap
//! and come in any order. [`membership`] works out what that means for the groups in scope.
//! Only then is anybody's account looked at.

mod changes;
mod membership;

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::desired::{Desired, Problem};
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{Person, PersonReading};
use rollcall_directory::plan::{PersonPlan, Removal, plan};
use rollcall_directory::user::{Leaving, User};
use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::problem::{NotedProblem, ProblemChanges};
use rollcall_store::run::{Mode, Trigger};
use rollcall_store::state::{Cursor, StateChange};
use uuid::Uuid;

use self::changes::Changes;
use self::membership::{MemberOf, Memberships};
use super::failure::Failure;
use super::groups::stored_graph;
use super::holds::Waiting;
use super::people::{known_person, label};
use super::question::{Portrait, Told, is_left_alone, portraits, unanswered_after};
use super::removals::Basis;
use super::session::Session;
use super::{accounts, addresses, debt_after_read, existing, manager_teams, photos, problems, removals};

/// Accounts that are read and planned at a time.
const AT_ONCE: usize = 500;

/// Reads and applies what changed since the cursor.
pub(super) async fn incremental(session: &mut Session<'_>, cursor: &Cursor) -> Result<(), Failure> {
    let (existing, released) = existing::accounts_and_released(session).await?;
    session.existing = existing;
    let changes = changes::read(session, cursor).await?;
    let memberships = membership::resolve(session, &changes).await?;
    let mut people = affected(&changes, &memberships);
    let (state, now) = (session.state(), session.now());
    let due = state.unanswered.keys().chain(&released);
    let due = due.filter(|person| !is_left_alone(&state.unanswered, **person, now));
    let to_ask: BTreeSet<PersonId> = due.chain(state.doubts.keys()).copied().collect();
    people.extend(&to_ask);
    let waiting = Waiting::read(session).await?;
    // Whoever asked wants to see an answer, also if it is "nothing changed".
    let begun = session.state().run.is_some();
    let mut portrayed = waiting.people();
    portrayed.extend(to_ask);
    let mut round = Round { changes, memberships, waiting, portrayed, begun, ..Round::default() };
    if matches!(session.run.trigger, Trigger::Manual { .. }) {
        begin_once(session, &mut round.begun).await?;
    }
    // Boxed, each for itself: together in one future they would take more stack than a thread has.
    Box::pin(plan_all(session, &mut round, people)).await?;
    Box::pin(conclude(session, round)).await
}

/// Reads one person from their own side, and does what follows.
pub(super) async fn of_person(session: &mut Session<'_>, person: PersonId) -> Result<(), Failure> {
    session.existing = existing::accounts(session).await?;
    let memberships = Memberships { graph: stored_graph(session).await?, ..Memberships::default() };
    let (portrayed, waiting) = (BTreeSet::from([person]), Waiting::read(session).await?);
    let mut round = Round { memberships, waiting, portrayed, begun: true, ..Round::default() };
    session.run.progress.expected = Some(1);
    session.photos_of.push(person);
    Box::pin(plan_all(session, &mut round, BTreeSet::from([person]))).await?;
    Box::pin(conclude(session, round)).await
}

/// What an incremental run found out and did.
#[derive(Default)]
struct Round {
    changes: Changes,
    memberships: Memberships,
    /// What waits for a person's decision.
    waiting: Waiting,
    /// People to be read from their own side whenever they are looked at.
    portrayed: BTreeSet<PersonId>,
    /// Those of them who were looked at: everything that is to be taken from them is known.
    examined: BTreeSet<PersonId>,
    /// People who were asked about, and those of them about whom Graph gave no answer.
    asked: BTreeSet<PersonId>,
    unanswered: BTreeSet<PersonId>,
    /// Addresses of people whom somebody asked about.
    addresses: BTreeSet<String>,
    /// Whether the run is known.
    begun: bool,
    removals: BTreeSet<Removal>,
    /// What is written with the end of the run, all in one transaction: most rounds are that small.
    pending: Vec<UserWrite>,
    written: Vec<UserWrite>,
    problems: ProblemChanges,
}

async fn plan_all(session: &mut Session<'_>, round: &mut Round, people: BTreeSet<PersonId>) -> Result<(), Failure> {
    for some in people.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        session.check_time()?;
        write_pending(session, round).await?;
        let noted = problems::of_some(session, some).await?;
        let planned = plan_some(session, round, some, &noted).await?;
        session.run.progress.people += some.len() as u64;
        session.run.counts.skipped += planned.problems.len() as u64;
        round.problems.add(problems::changes(session, noted, planned.problems, &planned.unanswered));
        round.removals.extend(planned.removals);
        round.pending.extend(planned.writes);
        round.addresses.extend(planned.addresses);
        let answered = some.iter().filter(|person| !planned.unanswered.contains(*person));
        round.examined.extend(answered.filter(|person| round.portrayed.contains(*person)));
        round.asked.extend(planned.asked);
        round.unanswered.extend(planned.unanswered);
    }
    if !round.removals.is_empty() {
        begin_once(session, &mut round.begun).await?;
        // What is taken is read anew.
        write_pending(session, round).await?;
    }
    Ok(())
}

async fn write_pending(session: &mut Session<'_>, round: &mut Round) -> Result<(), Failure> {
    if round.pending.is_empty() {
        return Ok(());
    }
    begin_once(session, &mut round.begun).await?;
    let users = std::mem::take(&mut round.pending);
    accounts::write(session, users.clone()).await?;
    round.written.extend(users);
    Ok(())
}

/// A read that finds nothing leaves no run behind; the first change makes it one.
async fn begin_once(session: &mut Session<'_>, begun: &mut bool) -> Result<(), Failure> {
    if !std::mem::replace(begun, true) {
        session.begin().await?;
    }
    Ok(())
}

async fn conclude(session: &mut Session<'_>, mut round: Round) -> Result<(), Failure> {
    let emptied = round.memberships.emptied(session.connection.limits.emptied_group);
    let removals = std::mem::take(&mut round.removals);
    let basis = Basis::Round { deleted: &round.changes.deleted, waiting: &round.waiting, examined: &round.examined };
    let settled = Box::pin(removals::settle(session, &round.memberships.graph, removals, emptied, basis)).await?;
    round.written.extend(settled.taken);
    round.asked.extend(settled.asked);
    round.unanswered.extend(&settled.unanswered);
    round.problems.add(problems::unanswered(session, settled.unanswered).await?);
    let asked = std::mem::take(&mut round.addresses);
    round.problems.add(Box::pin(addresses::after_changes(session, round.pending.iter(), asked)).await?);
    let unanswered = unanswered_after(session, |person| round.asked.contains(&person), &round.unanswered);
    session.photos_of.extend(photos::newcomers(round.written.iter().chain(&round.pending)));
    let Memberships { mut teams, groups, .. } = round.memberships;
    teams.extend(manager_teams::with_changes(session, &round.pending).await?);
    let now = session.now();
    let groups = groups.into_iter().filter(|(group, _)| !settled.unsettled_groups.contains(group)).collect();
    let problems = round.problems;
    let is_run = round.begun || !round.pending.is_empty() || !teams.is_empty() || !settled.holds.is_empty();
    let users = round.pending;
    let commit = Commit { users, teams, groups, problems, holds: settled.holds, ..Commit::at(now) };
    if matches!(session.run.mode, Mode::Person(_)) {
        // Who is asked about says nothing of all the others: cursor and doubts stay.
        let state = StateChange { unanswered, ..StateChange::default() };
        return session.finish(settled.held, Commit { state, ..commit }).await;
    }
    let state = session.state();
    let change = StateChange {
        cursor: round.changes.cursor.map(Some),
        doubts: (settled.doubts != state.doubts).then_some(settled.doubts),
        read_debt_ms: Some(debt_after_read(&state, now)),
        unanswered,
        ..StateChange::default()
    };
    let commit = Commit { state: change, release: session.gives_back, ..commit };
    if is_run {
        return session.finish(settled.held, commit).await;
    }
    session.advance(commit).await
}

/// Everybody whose account may have to change.
fn affected(changes: &Changes, memberships: &Memberships) -> BTreeSet<PersonId> {
    let people = changes.readings.keys().chain(&changes.deleted).chain(memberships.changed.keys());
    people.copied().collect()
}

/// What is planned for some people.
#[derive(Default)]
struct Planned {
    writes: Vec<UserWrite>,
    removals: BTreeSet<Removal>,
    problems: BTreeMap<PersonId, (String, Problem)>,
    asked: Vec<PersonId>,
    unanswered: BTreeSet<PersonId>,
    addresses: BTreeSet<String>,
}

async fn plan_some(
    session: &Session<'_>,
    round: &Round,
    people: &[PersonId],
    noted: &BTreeMap<Uuid, NotedProblem>,
) -> Result<Planned, Failure> {
    let Round { changes, memberships, portrayed, .. } = round;
    // A row does not say again what is wrong with somebody, only what has changed.
    let noted: BTreeSet<PersonId> = noted.values().filter_map(|noted| noted.person).collect();
    let stored = session.table().users_by_person(session.connection.id, session.tenant, people).await?;
    let rules = &session.connection.rules;
    // An account that is kept when its person leaves does not say whether they have left.
    let is_kept = |person: &PersonId| stored.get(person).is_some_and(|user| user.protected);
    let partial = !rules.account_holds_all() || !rules.takes_access();
    let unsure: Vec<PersonId> = people
        .iter()
        .filter(|person| !changes.deleted.contains(*person))
        .filter(|person| {
            portrayed.contains(*person)
                || noted.contains(*person)
                || partial
                || is_kept(person)
                || needs_portrait(session, round, **person, stored.get(*person))
        })
        .copied()
        .collect();
    let Told { told: portraits, unanswered } = portraits(session, &memberships.graph, &unsure).await?;
    let mut planned = Planned { unanswered, ..Planned::default() };
    for person in people {
        let before = stored.get(person);
        if planned.unanswered.contains(person) {
            let named = before.map_or_else(|| person.to_string(), User::name);
            planned.problems.insert(*person, (named, Problem::Unanswered));
            continue;
        }
        if matches!(session.run.mode, Mode::Person(_)) {
            planned.addresses.extend(before.and_then(User::address));
        }
        if let Some(silent) = portraits.get(person).and_then(|found| silence(session, memberships, found, before)) {
            planned.problems.insert(*person, silent);
            continue;
        }
        let desired = match portraits.get(person) {
            Some(portrait) => of_portrait(memberships, session, portrait, before),
            None if unsure.contains(person) => before.map(|_| (None, Desired::Nothing(Leaving::Deleted))),
            None => of_changes(session, changes, memberships, *person, before),
        };
        let Some((known, desired)) = desired else { continue };
        let PersonPlan { write, removals, problem } =
            plan(session.tenant, *person, &session.connection.rules, desired, before);
        planned.removals.extend(removals);
        let named = known.map_or_else(|| person.to_string(), |person| label(&person));
        planned.problems.extend(problem.map(|problem| (*person, (named, problem))));
        planned.writes.extend(write.map(|mut after| {
            after.protected |= before.is_none() && session.existing.protects(*person);
            UserWrite::giving(before.cloned(), after)
        }));
    }
    planned.asked = unsure;
    Ok(planned)
}

/// What somebody has to see to because Graph does not say whether a person is enabled.
fn silence(
    session: &Session<'_>,
    memberships: &Memberships,
    portrait: &Portrait,
    before: Option<&User>,
) -> Option<(String, Problem)> {
    let known = before.map(known_person);
    let membership = memberships.graph.membership(&portrait.groups);
    let problem = session.policy(&memberships.graph).silence(&portrait.reading, known.as_ref(), &membership)?;
    Some((label(&portrait.reading.as_if_enabled(known.as_ref())), problem))
}

/// Whether a person must be read from their own side: they have no active account and may be
/// about to get one. A delta row does not do for that: it leaves out what did not change (the
/// manager of somebody who was just enabled), and who was never in scope has no groups stored.
fn needs_portrait(session: &Session<'_>, round: &Round, person: PersonId, stored: Option<&User>) -> bool {
    let Round { changes, memberships, .. } = round;
    // Whoever leaves a group comes in only where groups keep people out.
    let may_come_in = |change: &MemberOf| !change.joined.is_empty() || session.connection.scope.excludes();
    let moves = || memberships.changed.get(&person).is_some_and(may_come_in);
    !stored.is_some_and(|user| user.status.is_active()) && (changes.readings.contains_key(&person) || moves())
}

/// The person, where more is known than the id, and what their account should be.
type Wanted = (Option<Person>, Desired);

fn of_portrait(
    memberships: &Memberships,
    session: &Session<'_>,
    portrait: &Portrait,
    before: Option<&User>,
) -> Option<Wanted> {
    let person = portrait.reading.over(before.map(known_person).as_ref())?;
    Some(wanted(session, memberships, person, &portrait.groups))
}

/// What the delta rows make of somebody whose account is active.
fn of_changes(
    session: &Session<'_>,
    changes: &Changes,
    memberships: &Memberships,
    id: PersonId,
    before: Option<&User>,
) -> Option<Wanted> {
    let known = before.filter(|user| user.status.is_active())?;
    if changes.deleted.contains(&id) {
        return Some((None, Desired::Nothing(Leaving::Deleted)));
    }
    let reading = changes.readings.get(&id).cloned().unwrap_or_else(|| PersonReading::of(id));
    let person = reading.over(Some(&known_person(known)))?;
    let mut groups = known.groups.clone();
    if let Some(change) = memberships.changed.get(&id) {
        groups.extend(&change.joined);
        groups.retain(|group| !change.left.contains(group));
    }
    Some(wanted(session, memberships, person, &groups))
}

fn wanted(session: &Session<'_>, memberships: &Memberships, person: Person, direct: &BTreeSet<GroupId>) -> Wanted {
    let desired = session.policy(&memberships.graph).desired(
        &person,
        &memberships.graph.membership(direct),
        session.existing.find(&person),
    );
    (Some(person), desired)
}

/// Readings and memberships by person.
type ByPerson<T> = BTreeMap<PersonId, T>;
