//! Applies the removals that a person approved: exactly these, or none of them.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::evidence::{Finding, examine};
use rollcall_directory::guard::PlanHash;
use rollcall_directory::identity::{GroupId, HoldId, PersonId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_store::commit::Commit;
use rollcall_store::group::StoredGroup;
use rollcall_store::hold::{HoldStatus, HoldWrite};

use super::failure::Failure;
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
    session.run.hold = Some(hold);
    session.run.progress.expected = Some(removals.len() as u64);
    let confirmed = if PlanHash::of(&removals).to_string() == found.hash {
        confirm_all(session, &by_person(&removals)).await?
    } else {
        None
    };
    let mut groups = Vec::new();
    let to = match confirmed {
        Some(taken) => {
            for some in taken.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
                take_from(session, &some.iter().cloned().collect()).await?;
            }
            // What was approved is settled: the groups count as empty from now on.
            let emptied: BTreeSet<GroupId> = emptied_groups(&found).collect();
            let stored = session.table().groups_by_id(connection, &emptied).await?;
            groups = stored.into_iter().map(|(id, group)| (id, StoredGroup { members: 0, ..group })).collect();
            HoldStatus::Applied
        }
        // The directory is no longer as it was when it was approved. The next run judges anew.
        None => HoldStatus::Superseded,
    };
    let holds = vec![HoldWrite::Move { hold, from: HoldStatus::Approved, to }];
    session.finish(false, Commit { holds, groups, ..Commit::at(session.now()) }).await
}

/// What is to be taken from whom, if Graph still confirms every single removal of somebody
/// who still has what is to be taken.
async fn confirm_all(
    session: &mut Session<'_>,
    removals: &BTreeMap<PersonId, Vec<Removal>>,
) -> Result<Option<BTreeMap<PersonId, Vec<Loss>>>, Failure> {
    let people: Vec<PersonId> = removals.keys().copied().collect();
    let mut taken: BTreeMap<PersonId, Vec<Loss>> = BTreeMap::new();
    for some in people.chunks(AT_ONCE) {
        session.check_time()?;
        let stored = session.table().users_by_person(session.connection.id, session.tenant, some).await?;
        // Whoever has lost the account meanwhile needs no confirmation: nothing is left to take.
        let there: Vec<PersonId> = some
            .iter()
            .filter(|person| stored.get(*person).is_some_and(|user| user.status.is_active()))
            .copied()
            .collect();
        let answers = ask(session, &there, &BTreeSet::new()).await?;
        let now = session.now();
        for (person, answer) in &answers {
            for removal in removals.get(person).into_iter().flatten() {
                match examine(removal, &session.connection.scope, answer, now) {
                    Finding::Confirmed(loss) => taken.entry(*person).or_default().push(loss),
                    Finding::Refuted => {
                        session.run.counts.refuted += 1;
                        return Ok(None);
                    }
                    Finding::Unproven => {
                        session.run.counts.unproven += 1;
                        return Ok(None);
                    }
                }
            }
        }
        session.run.progress.people += some.len() as u64;
    }
    Ok(Some(taken))
}
