//! The only place where something is taken from anybody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::evidence::{Answer, Finding, examine};
use rollcall_directory::guard::{Beside, Situation, beside, judge};
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::plan::{Loss, Removal, take};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::user::User;
use rollcall_store::commit::UserWrite;
use rollcall_store::hold::{Hold, HoldStatus, HoldWrite};

use super::accounts;
use super::failure::Failure;
use super::holds::{self, Rejected, Waiting};
use super::question::{ask, is_left_alone};
use super::session::Session;

/// People who are asked about, and from whom things are then taken, between two checkpoints.
const AT_ONCE: usize = 200;

/// What removals rest on.
pub(super) enum Basis<'a> {
    /// A sealed snapshot: they are all that there are.
    Everything,
    /// One round of changes: what waits for a decision, and was not looked at, goes on waiting.
    Round {
        /// People of whom a delta row said that they were removed.
        deleted: &'a BTreeSet<PersonId>,
        /// What waits for a decision.
        waiting: &'a Waiting,
        /// People of whom the round knows everything that is to be taken.
        examined: &'a BTreeSet<PersonId>,
    },
}

/// What became of removals.
#[derive(Default)]
pub(super) struct Settled {
    /// They wait for a person's decision.
    pub(super) held: bool,
    /// Groups whose emptying is held or was rejected: they keep the size that they had, so that
    /// the next run sees the same.
    pub(super) unsettled_groups: BTreeSet<GroupId>,
    /// People to be asked about again, and since when they are missing if they are.
    pub(super) doubts: BTreeMap<PersonId, Option<Timestamp>>,
    /// Holds to open, close or replace, together with the advance of the cursor.
    pub(super) holds: Vec<HoldWrite>,
    /// What was taken.
    pub(super) taken: Vec<UserWrite>,
    /// People who were asked about.
    pub(super) asked: BTreeSet<PersonId>,
    /// Those of them about whom Graph gave no answer.
    pub(super) unanswered: BTreeSet<PersonId>,
}

/// Guards removals, asks about each person once more, and takes what is confirmed.
///
/// `emptied` are groups that lose their last member, with the size they had.
pub(super) async fn settle(
    session: &mut Session<'_>,
    graph: &GroupGraph,
    mut removals: BTreeSet<Removal>,
    mut emptied: BTreeMap<GroupId, u64>,
    basis: Basis<'_>,
) -> Result<Settled, Failure> {
    let state = session.state();
    let known = holds::latest(session).await?;
    let rejected = Rejected::among(session, &known, &removals).await?;
    removals.retain(|removal| !rejected.removals.contains(removal));
    emptied.retain(|group, _| !rejected.groups.contains(group));
    session.run.counts.held = rejected.removals.len() as u64;
    session.run.hold = rejected.holds.first().copied();
    let mut settled = Settled { unsettled_groups: rejected.groups.clone(), ..Settled::default() };
    let nobody = BTreeSet::new();
    let (limits, lately) = (session.connection.limits, state.takings.lately(session.now()));
    let mut situation = Situation { active: state.active, taken_lately: lately, emptied };
    let (found, deleted, waiting, again) = match basis {
        Basis::Everything => {
            // Who could not be asked about a moment ago would only keep a list with them from being applied.
            if !judge(&removals, &situation, limits).is_empty() {
                removals.retain(|removal| !is_left_alone(&state.unanswered, removal.person, session.now()));
            }
            (removals, &nobody, None, BTreeSet::new())
        }
        Basis::Round { deleted, waiting, examined } => {
            let mut waiting = waiting.undecided(&known);
            let Beside { fresh, waiting: still } = beside(&waiting.removals, examined, removals.clone());
            let again: BTreeSet<Removal> = removals.difference(&fresh).cloned().collect();
            let is_changed = still != waiting.removals;
            waiting.removals = still;
            (fresh, deleted, Some((waiting, is_changed)), again)
        }
    };
    let reasons = judge(&found, &situation, limits);
    session.run.reasons.clone_from(&reasons);
    // A preview shows what would go, and why it would be held first.
    if reasons.is_empty() || session.run.mode.is_preview() {
        let settled = apply(session, graph, &found, deleted, settled).await?;
        return Ok(match waiting {
            None => {
                let holds = holds::close_undone(&known, &rejected);
                Settled { held: !reasons.is_empty(), holds, ..settled }
            }
            Some((waiting, is_changed)) => {
                beside_waiting(session, &known, settled, waiting, is_changed, &again, situation)
            }
        });
    }
    let (waiting, _) = waiting.unwrap_or_default();
    settled.unsettled_groups.extend(situation.emptied.keys());
    situation.emptied.extend(waiting.emptied());
    let all: BTreeSet<Removal> = found.union(&waiting.removals).cloned().collect();
    session.run.counts.held += all.len() as u64;
    let reasons = judge(&all, &situation, limits);
    session.run.reasons.clone_from(&reasons);
    settled.holds = holds::open(session, &known, all, reasons);
    holds::remind(session, &known).await;
    Ok(Settled { held: true, doubts: state.doubts, ..settled })
}

/// A round that holds nothing by itself, beside what waits: `again` are removals that it found and that wait already.
fn beside_waiting(
    session: &mut Session<'_>,
    known: &[Hold],
    mut settled: Settled,
    waiting: Waiting,
    is_changed: bool,
    again: &BTreeSet<Removal>,
    situation: Situation,
) -> Settled {
    // Rows repeat: a group whose emptying waits may be told of again.
    let waits = waiting.emptied();
    settled.unsettled_groups.extend(situation.emptied.into_keys().filter(|group| waits.contains_key(group)));
    session.run.counts.held += again.len() as u64;
    settled.held = !again.is_empty();
    if settled.held {
        session.run.hold = known.iter().find(|hold| hold.status == HoldStatus::Open).map(|hold| hold.id);
    }
    if is_changed && waiting.removals.is_empty() {
        settled.holds = holds::end_open(known, HoldStatus::Closed);
    } else if is_changed {
        settled.holds = holds::open(session, known, waiting.removals, waiting.reasons);
    }
    settled
}

/// Asks and takes.
async fn apply(
    session: &mut Session<'_>,
    graph: &GroupGraph,
    removals: &BTreeSet<Removal>,
    deleted: &BTreeSet<PersonId>,
    mut settled: Settled,
) -> Result<Settled, Failure> {
    let by_person = by_person(removals);
    let people: Vec<PersonId> = by_person.keys().copied().collect();
    let before = session.state().doubts;
    for some in people.chunks(AT_ONCE) {
        session.check_time()?;
        let asked: Vec<PersonId> = some.iter().filter(|person| needs_asking(&by_person, **person)).copied().collect();
        let answers = ask(session, graph, &asked, deleted).await?;
        let now = session.now();
        let mut taken: BTreeMap<PersonId, Vec<Loss>> = BTreeMap::new();
        for removal in some.iter().filter_map(|person| by_person.get(person)).flatten() {
            match finding(session, graph, removal, &answers, now) {
                Finding::Confirmed(loss) => taken.entry(removal.person).or_default().push(loss),
                // In doubt they would be asked about by each run, and Graph fails slowly.
                Finding::Refuted | Finding::Unproven if answers.get(&removal.person) == Some(&Answer::Unanswered) => {
                    session.run.counts.unproven += 1;
                    settled.unanswered.insert(removal.person);
                }
                // Who is back with an inactive account is looked at by every full run anyway.
                Finding::Refuted | Finding::Unproven if removal.loss == Loss::Deletion => {}
                Finding::Refuted => {
                    session.run.counts.refuted += 1;
                    settled.doubts.insert(removal.person, None);
                }
                Finding::Unproven => {
                    session.run.counts.unproven += 1;
                    let missing = matches!(answers.get(&removal.person), Some(Answer::Missing { .. }));
                    let since = before.get(&removal.person).copied().flatten().unwrap_or(now);
                    settled.doubts.insert(removal.person, missing.then_some(since));
                }
            }
        }
        settled.asked.extend(asked);
        settled.taken.extend(take_from(session, &taken).await?);
    }
    Ok(settled)
}

fn finding(
    session: &Session<'_>,
    graph: &GroupGraph,
    removal: &Removal,
    answers: &BTreeMap<PersonId, Answer>,
    now: Timestamp,
) -> Finding {
    match answers.get(&removal.person) {
        Some(answer) => examine(removal, &session.policy(graph), answer, now),
        // Nobody was asked, because nothing needs asking about.
        None => Finding::Confirmed(removal.loss.clone()),
    }
}

fn needs_asking(by_person: &BTreeMap<PersonId, Vec<Removal>>, person: PersonId) -> bool {
    let needs = |removal: &Removal| matches!(removal.loss, Loss::Account(_) | Loss::Team(_) | Loss::Deletion);
    by_person.get(&person).is_some_and(|removals| removals.iter().any(needs))
}

pub(super) fn by_person(removals: &BTreeSet<Removal>) -> BTreeMap<PersonId, Vec<Removal>> {
    let mut sorted: BTreeMap<PersonId, Vec<Removal>> = BTreeMap::new();
    for removal in removals {
        sorted.entry(removal.person).or_default().push(removal.clone());
    }
    sorted
}

/// Takes from each what is listed. Answers what that changed.
pub(super) async fn take_from(
    session: &mut Session<'_>,
    taken: &BTreeMap<PersonId, Vec<Loss>>,
) -> Result<Vec<UserWrite>, Failure> {
    let people: Vec<PersonId> = taken.keys().copied().collect();
    let stored = session.table().users_by_person(session.connection.id, session.tenant, &people).await?;
    let now = session.now();
    let mut users = Vec::new();
    for (person, losses) in taken {
        let Some(before) = stored.get(person) else { continue };
        let taking = |user: Option<User>, loss: &Loss| user.and_then(|user| take(user, loss, now));
        let after = losses.iter().fold(Some(before.clone()), taking);
        if after.as_ref() != Some(before) {
            users.push(UserWrite { before: Some(before.clone()), after, taken: losses.clone() });
        }
    }
    if !users.is_empty() {
        accounts::write(session, users.clone()).await?;
    }
    Ok(users)
}
