//! Applies the removals that a person approved: exactly these, or none of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::evidence::{Answer, Finding, examine};
use rollcall_directory::guard::{PlanHash, Reason};
use rollcall_directory::identity::{GroupId, HoldId, PersonId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::user::User;
use rollcall_store::commit::Commit;
use rollcall_store::group::StoredGroup;
use rollcall_store::hold::{Hold, HoldStatus, HoldWrite};
use rollcall_store::problem::ProblemChanges;
use rollcall_store::state::StateChange;

use super::failure::Failure;
use super::groups::stored_graph;
use super::holds::{self, Waiting, emptied_groups};
use super::problems;
use super::question::{ask, unanswered_after};
use super::removals::{by_person, take_from};
use super::session::Session;

/// People who are asked about in one go.
const AT_ONCE: usize = 200;

/// Applies an approved hold. A hold in another state is left alone: it was applied already, or
/// replaced by another.
pub(super) async fn apply(session: &mut Session<'_>, hold: HoldId) -> Result<(), Failure> {
    let connection = session.connection.id;
    let found = session.table().hold(connection, hold).await?;
    let Some(found) = found.filter(|found| found.status == HoldStatus::Approved) else {
        return session.finish(false, Commit::at(session.now())).await;
    };
    let removals = session.table().hold_removals(connection, hold).await?;
    let graph = stored_graph(session).await?;
    session.run.hold = Some(hold);
    session.run.progress.expected = Some(removals.len() as u64);
    let confirmed = if PlanHash::of(&removals).to_string() == found.hash {
        confirm_all(session, &graph, &by_person(&removals)).await?
    } else {
        Confirmation::Not(Objections::default())
    };
    let (mut state, mut groups) = (StateChange::default(), Vec::new());
    let (mut holds, mut problems) = (Vec::new(), ProblemChanges::default());
    let to = match confirmed {
        Confirmation::All(taken) => {
            for some in taken.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
                take_from(session, &some.iter().cloned().collect()).await?;
            }
            // What was approved is settled: the groups count as empty from now on.
            let emptied: BTreeSet<GroupId> = emptied_groups(&found).collect();
            let stored = session.table().groups_by_id(connection, &emptied).await?;
            groups = stored.into_iter().map(|(id, group)| (id, StoredGroup { members: 0, ..group })).collect();
            HoldStatus::Applied
        }
        // The directory is no longer as it was when it was approved. What is left of it waits for another decision.
        Confirmation::Not(objections) => {
            state.doubts = Some(with_missing(session, &objections.missing));
            state.unanswered = unanswered_after(session, |_| false, &objections.unanswered);
            holds = left(session, &found, &removals, &objections).await?;
            problems = problems::unanswered(session, objections.unanswered).await?;
            HoldStatus::Superseded
        }
    };
    let held = !holds.is_empty();
    holds.push(HoldWrite::Move { hold, from: HoldStatus::Approved, to });
    session.finish(held, Commit { holds, groups, problems, state, ..Commit::at(session.now()) }).await
}

/// Lists anew what is still asked for of a hold that could not be applied. Of whom nobody can tell yet is asked again before
/// that, and so is not in it. A hold whose removals are not those that were listed is nothing to go on from.
async fn left(
    session: &mut Session<'_>,
    found: &Hold,
    removals: &BTreeSet<Removal>,
    objections: &Objections,
) -> Result<Vec<HoldWrite>, Failure> {
    let left: BTreeSet<Removal> = removals.iter().filter(|removal| objections.leave(removal)).cloned().collect();
    if left.is_empty() || objections.is_empty() {
        return Ok(Vec::new());
    }
    // Rounds beside it may have opened another one: then both are one list.
    let waiting = Waiting::read(session).await?;
    let known = holds::latest(session).await?;
    let waiting = waiting.undecided(&known);
    let all = left.union(&waiting.removals).cloned().collect();
    let reasons = found.reasons.iter().chain(waiting.reasons.iter().filter(|reason| !found.reasons.contains(reason)));
    let (known, reasons): (Vec<Hold>, Vec<Reason>) =
        (known.into_iter().filter(|hold| hold.id != found.id).collect(), reasons.cloned().collect());
    session.run.counts.held = left.len() as u64;
    Ok(holds::open(session, &known, all, reasons))
}

/// What came of asking about everybody in a hold.
enum Confirmation {
    /// Everything is to be taken.
    All(BTreeMap<PersonId, Vec<Loss>>),
    /// Not everything.
    Not(Objections),
}

/// What stands against applying a hold.
#[derive(Default)]
struct Objections {
    /// Removals that Graph refutes.
    refuted: BTreeSet<Removal>,
    /// Removals that nobody can confirm yet.
    unproven: BTreeSet<Removal>,
    /// People who were not found, and of whose deletion there is no record.
    missing: BTreeSet<PersonId>,
    /// People about whom Graph gives no answer.
    unanswered: BTreeSet<PersonId>,
    /// People who have nothing left to lose. That stands against nothing.
    settled: BTreeSet<PersonId>,
}

impl Objections {
    fn is_empty(&self) -> bool {
        self.refuted.is_empty() && self.unproven.is_empty()
    }

    /// Whether a removal is still to be decided about. Of whom it is not known whether they are there, or what they are, is
    /// asked again first.
    fn leave(&self, removal: &Removal) -> bool {
        let elsewhere = [&self.missing, &self.unanswered, &self.settled];
        !self.refuted.contains(removal) && !elsewhere.iter().any(|people| people.contains(&removal.person))
    }
}

/// The doubts with those who were missing now: from here on it counts how long they are. Without this a hold with somebody
/// in it who was deleted for good could never be applied.
fn with_missing(session: &Session<'_>, missing: &BTreeSet<PersonId>) -> BTreeMap<PersonId, Option<Timestamp>> {
    let (mut doubts, now) = (session.state().doubts, session.now());
    for person in missing {
        doubts.entry(*person).or_default().get_or_insert(now);
    }
    doubts
}

/// Whoever has lost the account meanwhile has nothing left to take, but the account itself.
fn has_something_to_lose(user: &User, removals: Option<&Vec<Removal>>) -> bool {
    let is_deletion = |removal: &Removal| removal.loss == Loss::Deletion;
    user.status.is_active() || removals.is_some_and(|removals| removals.iter().any(is_deletion))
}

/// What is to be taken from whom, if Graph still confirms every single removal of somebody
/// who still has what is to be taken.
async fn confirm_all(
    session: &mut Session<'_>,
    graph: &GroupGraph,
    removals: &BTreeMap<PersonId, Vec<Removal>>,
) -> Result<Confirmation, Failure> {
    let people: Vec<PersonId> = removals.keys().copied().collect();
    let mut taken: BTreeMap<PersonId, Vec<Loss>> = BTreeMap::new();
    let mut objections = Objections::default();
    for some in people.chunks(AT_ONCE) {
        session.check_time()?;
        let stored = session.table().users_by_person(session.connection.id, session.tenant, some).await?;
        let loses = |person: &PersonId| {
            stored.get(person).is_some_and(|user| has_something_to_lose(user, removals.get(person)))
        };
        let (there, settled): (Vec<PersonId>, Vec<PersonId>) = some.iter().copied().partition(loses);
        objections.settled.extend(settled);
        let answers = ask(session, graph, &there, &BTreeSet::new()).await?;
        let now = session.now();
        for (person, answer) in &answers {
            for removal in removals.get(person).into_iter().flatten() {
                match examine(removal, &session.policy(graph), answer, now) {
                    Finding::Confirmed(loss) => taken.entry(*person).or_default().push(loss),
                    Finding::Refuted => drop(objections.refuted.insert(removal.clone())),
                    Finding::Unproven => drop(objections.unproven.insert(removal.clone())),
                }
            }
            match answer {
                Answer::Missing { .. } => drop(objections.missing.insert(*person)),
                Answer::Unanswered => drop(objections.unanswered.insert(*person)),
                Answer::Present { .. } | Answer::Contradictory | Answer::Deleted => {}
            }
        }
        session.run.progress.people += some.len() as u64;
    }
    session.run.counts.refuted = objections.refuted.len() as u64;
    session.run.counts.unproven = objections.unproven.len() as u64;
    Ok(if objections.is_empty() { Confirmation::All(taken) } else { Confirmation::Not(objections) })
}
