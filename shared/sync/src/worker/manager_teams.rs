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
use uuid::Uuid;

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

/// What accounts make of the teams of the managers concerned. It is to be written with them: once they are written, the
/// next run finds nothing changed.
pub(super) async fn with_changes(session: &Session<'_>, users: &[UserWrite]) -> Result<Vec<TeamWrite>, Failure> {
    let connection = session.connection.id;
    let after: BTreeMap<PersonId, Option<&User>> =
        users.iter().filter_map(|write| Some((write.person()?, write.after.as_ref()))).collect();
    let changed: BTreeSet<PersonId> = after.keys().copied().collect();
    let led: BTreeSet<PersonId> = after.values().filter_map(|user| place(*user)).collect();
    let mut writes = Vec::new();
    for manager in concerned(session, users) {
        let team = session.table().team(connection, manager.0).await?;
        let user = match after.get(&manager) {
            Some(user) => user.cloned(),
            None => session.table().user(connection, session.tenant, manager).await?.map(|stored| stored.user),
        };
        let is_active = user.as_ref().is_some_and(|user| user.status.is_active());
        let source = TeamSource::Manager(manager);
        let has_reports = is_active
            && (led.contains(&manager) || session.table().has_members_besides(connection, source, &changed).await?);
        match team {
            team if has_reports => writes.push(made(session, manager, user.as_ref().map(User::name), team)),
            Some(team) => writes.push(retire(team)),
            None => {}
        }
    }
    Ok(writes.into_iter().filter(differs).collect())
}

/// Teams of managers who are called otherwise. A full run decides about all others at its end; but that somebody's name was
/// written by another run before would be known to nobody then.
pub(super) async fn renamed(session: &Session<'_>, users: &[UserWrite]) -> Result<Vec<TeamWrite>, Failure> {
    // A preview writes nothing, so that its own end finds the names.
    if session.connection.rules.teams.managers.is_none() || session.run.mode.is_preview() {
        return Ok(Vec::new());
    }
    let mut names: BTreeMap<Uuid, String> = BTreeMap::new();
    for (before, after) in users.iter().filter_map(|write| write.before.as_ref().zip(write.after.as_ref())) {
        if before.name() != after.name() {
            names.insert(after.person.0, after.name());
        }
    }
    let sources: BTreeSet<Uuid> = names.keys().copied().collect();
    let teams = session.table().teams_by_source(session.connection.id, &sources).await?;
    let renamed = teams.into_iter().filter(|team| team.active).filter_map(|team| {
        let manager = team.supervisor()?;
        Some(made(session, manager, names.remove(&manager.0), Some(team)))
    });
    Ok(renamed.filter(differs).collect())
}

/// The manager in whose team an account shows.
fn place(user: Option<&User>) -> Option<PersonId> {
    user.filter(|user| user.status.is_active()).and_then(|user| user.reports_to)
}

/// Managers whose team may begin, end, or be called otherwise.
pub(super) fn concerned(session: &Session<'_>, users: &[UserWrite]) -> BTreeSet<PersonId> {
    let mut managers = BTreeSet::new();
    if session.connection.rules.teams.managers.is_none() {
        return managers;
    }
    let looks = |user: &Option<User>| user.as_ref().map(|user| (user.status.is_active(), user.name()));
    for write in users {
        let (before, after) = (place(write.before.as_ref()), place(write.after.as_ref()));
        if before != after {
            managers.extend(before.into_iter().chain(after));
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
