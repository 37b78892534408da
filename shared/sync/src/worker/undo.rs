//! Takes back what a run did, as a run of its own.
//!
//! Each account and each team gets back what the run's history says that it had, unless it has
//! changed again since. Nobody is asked about: a person has decided. The directory still says what
//! it said, so that only a connection without auto sync keeps what was taken back. Photos stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::history::UserChange;
use rollcall_directory::identity::{PersonId, RunId};
use rollcall_directory::team::Team;
use rollcall_directory::undo::{Undone, undo as undo_change};
use rollcall_store::change::{Change, TeamAction, TeamChange};
use rollcall_store::commit::{Commit, TeamWrite, UserWrite};
use rollcall_store::page::PageRequest;

use super::failure::Failure;
use super::manager_teams;
use super::session::Session;

/// Changes that are taken back at a time.
const AT_ONCE: u32 = 500;

/// Takes back a run. Doing it again after an interruption finds what was done already and goes on.
pub(super) async fn undo(session: &mut Session<'_>, run: RunId) -> Result<(), Failure> {
    let (users, teams) = changes_of(session, run).await?;
    session.run.progress.phase = "undo".to_owned();
    session.run.progress.expected = Some(users.len() as u64);
    session.run.counts.changed_since = 0;
    let mut decided = BTreeSet::new();
    let people: Vec<PersonId> = users.keys().copied().collect();
    for some in people.chunks(AT_ONCE as usize) {
        session.check_time()?;
        let writes = taken_back(session, &users, some).await?;
        session.run.progress.people += some.len() as u64;
        if !writes.is_empty() {
            decided.extend(manager_teams::concerned(session, &writes));
            let teams = manager_teams::with_changes(session, &writes).await?;
            session.save(Commit { users: writes, teams, ..Commit::at(session.now()) }).await?;
        }
    }
    let mut teams = teams_taken_back(session, teams).await?;
    // Whether a manager has a team follows from the accounts as they are now.
    teams.retain(|team| team.after.supervisor().is_none_or(|manager| !decided.contains(&manager)));
    session.finish(false, Commit { teams, ..Commit::at(session.now()) }).await
}

type Changes = (BTreeMap<PersonId, Vec<UserChange>>, Vec<TeamChange>);

/// Everything that a run changed, in its order for each account.
async fn changes_of(session: &Session<'_>, run: RunId) -> Result<Changes, Failure> {
    let mut users: BTreeMap<PersonId, Vec<UserChange>> = BTreeMap::new();
    let mut teams = Vec::new();
    let mut request = PageRequest::first(AT_ONCE);
    loop {
        let page = session.table().changes_page(session.connection.id, run, &request).await?;
        for change in page.items {
            match change {
                Change::User(change) => users.entry(change.person).or_default().push(change),
                Change::Team(change) => teams.push(change),
                // The directory has no older photo, and an older one of ours would not stay.
                Change::Photo(_) | Change::Skipped(_) => {}
            }
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok((users, teams)),
        }
    }
}

async fn taken_back(
    session: &mut Session<'_>,
    changes: &BTreeMap<PersonId, Vec<UserChange>>,
    people: &[PersonId],
) -> Result<Vec<UserWrite>, Failure> {
    let stored = session.table().users_by_person(session.connection.id, session.tenant, people).await?;
    let now = session.now();
    let mut writes = Vec::new();
    for person in people {
        let before = stored.get(person).cloned();
        let mut after = before.clone();
        // The last change first.
        for change in changes.get(person).into_iter().flatten().rev() {
            let Undone { write, changed_since } = undo_change(change, after.as_ref(), now);
            session.run.counts.changed_since += changed_since.len() as u64;
            after = write.or(after);
        }
        if after != before {
            writes.push(UserWrite { before, after, taken: Vec::new() });
        }
    }
    Ok(writes)
}

async fn teams_taken_back(session: &Session<'_>, changes: Vec<TeamChange>) -> Result<Vec<TeamWrite>, Failure> {
    let mut writes: BTreeMap<uuid::Uuid, TeamWrite> = BTreeMap::new();
    for change in changes.into_iter().rev() {
        let id = change.source.id();
        let before = match writes.remove(&id) {
            Some(write) => Some((write.before, write.after)),
            None => session.table().team(session.connection.id, id).await?.map(|team| (Some(team.clone()), team)),
        };
        let Some((before, now)) = before else { continue };
        let after = match change.action {
            TeamAction::Created | TeamAction::Restored => Team { active: false, ..now },
            TeamAction::Retired => Team { active: true, ..now },
            // A name that was given since is not ours to take.
            TeamAction::Renamed if now.name == change.name_after => {
                Team { name: change.name_before.unwrap_or(change.name_after), ..now }
            }
            TeamAction::Renamed => now,
        };
        writes.insert(id, TeamWrite { before, after });
    }
    Ok(writes.into_values().filter(super::teams::differs).collect())
}
