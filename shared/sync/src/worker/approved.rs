//! Applies the removals that a person approved: exactly these, or none of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::evidence::{Answer, Finding, examine};
use rollcall_directory::guard::PlanHash;
use rollcall_directory::identity::{GroupId, HoldId, PersonId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::user::User;
use rollcall_store::commit::Commit;
use rollcall_store::group::StoredGroup;
use rollcall_store::hold::{HoldStatus, HoldWrite};
use rollcall_store::state::StateChange;

use super::failure::Failure;
use super::groups::stored_graph;
use super::manager_teams;
use super::question::ask;
use super::removals::{by_person, emptied_groups, take_from};
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
        Confirmation::Not { missing: BTreeSet::new() }
    };
    let mut state = StateChange::default();
    let (mut groups, mut done) = (Vec::new(), Vec::new());
    let to = match confirmed {
        Confirmation::All(taken) => {
            for some in taken.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
                done.extend(take_from(session, &some.iter().cloned().collect()).await?);
            }
            // What was approved is settled: the groups count as empty from now on.
            let emptied: BTreeSet<GroupId> = emptied_groups(&found).collect();
            let stored = session.table().groups_by_id(connection, &emptied).await?;
            groups = stored.into_iter().map(|(id, group)| (id, StoredGroup { members: 0, ..group })).collect();
            HoldStatus::Applied
        }
        // The directory is no longer as it was when it was approved. The next run judges anew.
        Confirmation::Not { missing } => {
            state.doubts = Some(with_missing(session, &missing));
            HoldStatus::Superseded
        }
    };
    let holds = vec![HoldWrite::Move { hold, from: HoldStatus::Approved, to }];
    let teams = manager_teams::after_changes(session, &done).await?;
    session.finish(false, Commit { holds, groups, teams, state, ..Commit::at(session.now()) }).await
}

/// What came of asking about everybody in a hold.
enum Confirmation {
    /// Everything is to be taken.
    All(BTreeMap<PersonId, Vec<Loss>>),
    /// Not everything.
    Not {
        /// People who were not found, and of whose deletion there is no record.
        missing: BTreeSet<PersonId>,
    },
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

fn missing(answers: &BTreeMap<PersonId, Answer>) -> BTreeSet<PersonId> {
    let is_missing = |(_, answer): &(&PersonId, &Answer)| matches!(answer, Answer::Missing { .. });
    answers.iter().filter(is_missing).map(|(person, _)| *person).collect()
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
    for some in people.chunks(AT_ONCE) {
        session.check_time()?;
        let stored = session.table().users_by_person(session.connection.id, session.tenant, some).await?;
        let there: Vec<PersonId> = some
            .iter()
            .filter(|person| stored.get(*person).is_some_and(|user| has_something_to_lose(user, removals.get(*person))))
            .copied()
            .collect();
        let answers = ask(session, graph, &there, &BTreeSet::new()).await?;
        let now = session.now();
        for (person, answer) in &answers {
            for removal in removals.get(person).into_iter().flatten() {
                match examine(removal, &session.policy(graph), answer, now) {
                    Finding::Confirmed(loss) => taken.entry(*person).or_default().push(loss),
                    Finding::Refuted => {
                        session.run.counts.refuted += 1;
                        return Ok(Confirmation::Not { missing: missing(&answers) });
                    }
                    Finding::Unproven => {
                        session.run.counts.unproven += 1;
                        return Ok(Confirmation::Not { missing: missing(&answers) });
                    }
                }
            }
        }
        session.run.progress.people += some.len() as u64;
    }
    Ok(Confirmation::All(taken))
}
