//! Teams of the people who report to the same manager.
//!
//! Who is in which of them stands on each account. Here it is only decided which of these teams
//! there are: those of managers who have an active account themselves and at least one active
//! report. A manager who arrives late gets the team then; one who leaves, or whose last report
//! does, leaves the team retired.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::{PersonId, TeamSource};
use rollcall_directory::team::Team;
use rollcall_directory::user::User;
use rollcall_store::commit::{TeamWrite, UserWrite};

use super::failure::Failure;
use super::full::FullRun;
use super::session::Session;
use super::teams::{differs, retire};

/// What the directory and the rules make of all managers' teams, after a full read.
///
/// `taken` is what the run has taken: it too can change what people call a manager.
pub(super) async fn after_full(
    session: &Session<'_>,
    run: &FullRun,
    taken: &[UserWrite],
) -> Result<Vec<TeamWrite>, Failure> {
    let mut stored = stored(session).await?;
    let reports_to = run.index.values().filter(|known| known.is_active()).filter_map(|known| known.reports_to);
    let is_active = |manager: PersonId| run.index.get(&manager).is_some_and(super::full::Known::is_active);
    let wanted = session.connection.rules.teams.supervisors(reports_to, is_active);
    // Names are looked up only where they may have changed: of new teams, of managers whose account was
    // written, and of all after new settings.
    let all = session.state().settings_revision < session.connection.settings_revision;
    let taken: BTreeSet<PersonId> = taken.iter().filter_map(UserWrite::person).collect();
    let is_written = |manager: &PersonId| run.snapshot.written().contains_key(manager) || taken.contains(manager);
    let is_settled = |manager: &PersonId, stored: &BTreeMap<PersonId, Team>| {
        !all && stored.get(manager).is_some_and(|team| team.active) && !is_written(manager)
    };
    let open: Vec<PersonId> = wanted.iter().filter(|manager| !is_settled(manager, &stored)).copied().collect();
    let mut writes = Vec::new();
    for some in open.chunks(1_000) {
        let known = session.table().users_by_person(session.connection.id, session.tenant, some).await?;
        for manager in some {
            let previewed = run.snapshot.written().get(manager).and_then(|written| written.name.clone());
            let name = previewed.or_else(|| known.get(manager).map(User::name));
            writes.push(made(session, *manager, name, stored.remove(manager)));
        }
    }
    stored.retain(|manager, _| !wanted.contains(manager));
    writes.extend(stored.into_values().map(retire));
    Ok(writes.into_iter().filter(differs).collect())
}

/// What changed accounts make of the teams of the managers concerned.
pub(super) async fn after_changes(session: &Session<'_>, written: &[UserWrite]) -> Result<Vec<TeamWrite>, Failure> {
    if !concern(session, written) {
        return Ok(Vec::new());
    }
    let connection = session.connection.id;
    let mut writes = Vec::new();
    for manager in concerned(written) {
        let team = session.table().team(connection, manager.0).await?;
        let user = session.table().user(connection, session.tenant, manager).await?.map(|stored| stored.user);
        let is_active = user.as_ref().is_some_and(|user| user.status.is_active());
        let has_reports = is_active && session.table().has_members(connection, TeamSource::Manager(manager)).await?;
        match team {
            team if has_reports => writes.push(made(session, manager, user.as_ref().map(User::name), team)),
            Some(team) => writes.push(retire(team)),
            None => {}
        }
    }
    Ok(writes.into_iter().filter(differs).collect())
}

/// Whether changed accounts make anything of managers' teams.
pub(super) fn concern(session: &Session<'_>, written: &[UserWrite]) -> bool {
    session.connection.rules.teams.managers.is_some() && !concerned(written).is_empty()
}

/// Managers whose team may begin, end, or be called otherwise.
fn concerned(written: &[UserWrite]) -> BTreeSet<PersonId> {
    let place =
        |user: &Option<User>| user.as_ref().filter(|user| user.status.is_active()).and_then(|user| user.reports_to);
    let looks = |user: &Option<User>| user.as_ref().map(|user| (user.status.is_active(), user.name()));
    let mut managers = BTreeSet::new();
    for write in written {
        if place(&write.before) != place(&write.after) {
            managers.extend(place(&write.before).into_iter().chain(place(&write.after)));
        }
        if looks(&write.before) != looks(&write.after) {
            managers.extend(write.person());
        }
    }
    managers
}

fn made(session: &Session<'_>, manager: PersonId, name: Option<String>, before: Option<Team>) -> TeamWrite {
    let name = name.unwrap_or_else(|| manager.to_string());
    TeamWrite { before, after: Team::of_manager(session.tenant, manager, &name, &session.connection.rules) }
}

async fn stored(session: &Session<'_>) -> Result<BTreeMap<PersonId, Team>, Failure> {
    let teams = session.table().teams(session.connection.id).await?;
    let of_managers = teams.into_iter().filter_map(|team| team.supervisor().map(|manager| (manager, team)));
    Ok(of_managers.collect())
}
