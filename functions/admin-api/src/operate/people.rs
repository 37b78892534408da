//! Single accounts: protection, signing out, and who is above and below.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rollcall_directory::hierarchy::Descent;
use rollcall_directory::identity::{ConnectionId, PersonId, TeamSource};
use rollcall_directory::user::User;
use rollcall_store::{Error as StoreError, PageRequest};

use super::{existing, lasting, tenant};
use crate::app::App;
use crate::http::page::Listing;
use crate::http::problem::Problem;
use crate::view::hierarchy::{Chain, Manager, Report};

/// The longest chain of managers that is followed.
const HIGHEST: usize = 100;
/// Teams that are read at the same time.
const AT_ONCE: usize = 16;
/// Items of a page of the table.
const PAGE: u32 = 999;
/// The most accounts that one pass may read while somebody waits.
const MOST_ACCOUNTS: u64 = 100_000;

type Reports = BTreeMap<PersonId, BTreeSet<PersonId>>;

/// Protects an account from deactivation and deletion, or protects it no more.
pub(crate) async fn protect(app: &App, id: ConnectionId, person: PersonId, protected: bool) -> Result<(), Problem> {
    let tenant = tenant(app, &lasting(app, id).await?, "user").await?;
    match app.table.protect(id, tenant, person, protected).await {
        Err(StoreError::Conflict { .. }) => Err(Problem::not_found("user")),
        result => Ok(result?),
    }
}

/// Signs a person out everywhere.
pub(crate) async fn sign_out(app: &App, id: ConnectionId, person: PersonId, now: Timestamp) -> Result<(), Problem> {
    let tenant = tenant(app, &existing(app, id).await?, "user").await?;
    match app.table.sign_out_everywhere(id, tenant, person, now).await {
        Err(StoreError::Conflict { .. }) => Err(Problem::not_found("user")),
        Err(error) => Err(error.into()),
        Ok(()) => {
            tracing::info!(connection.id = %id, person.id = %person, "a person was signed out everywhere");
            Ok(())
        }
    }
}

/// The managers above a person, the nearest first.
pub(crate) async fn managers(app: &App, id: ConnectionId, person: PersonId) -> Result<Chain, Problem> {
    let first = account(app, id, person).await?;
    let tenant = app.secrets.read(id).await?.tenant;
    let mut chain = Chain { managers: Vec::new(), cycle: false };
    let (mut seen, mut next) = (BTreeSet::from([person]), first.manager);
    while let Some(manager) = next.filter(|_| chain.managers.len() < HIGHEST) {
        if !seen.insert(manager) {
            chain.cycle = true;
            break;
        }
        let user = app.table.user(id, tenant, manager).await?.map(|stored| stored.user);
        chain.managers.push(Manager::of(manager, user.as_ref()));
        next = user.and_then(|user| user.manager);
    }
    Ok(chain)
}

/// Everybody with an active account below a person, the nearest first.
///
/// A cursor is how many come before.
pub(crate) async fn reports(
    app: &App,
    id: ConnectionId,
    person: PersonId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Listing<Report>, Problem> {
    let connection = existing(app, id).await?;
    account(app, id, person).await?;
    let list = format!("reports {id} {person}");
    let skip = match cursor {
        Some(cursor) => app.table.open_cursor(&list, cursor)?.parse().map_err(|_| StoreError::BadCursor)?,
        None => 0_usize,
    };
    let all = if connection.rules.teams.managers.is_some() { None } else { Some(everybody(app, id).await?) };
    let mut descent = Descent::from(person);
    // One more than is shown tells whether there is more.
    while !descent.level().is_empty() && descent.found().len() <= skip.saturating_add(limit) {
        match &all {
            Some(all) => descent.descend(all),
            None => descent.descend(&of_teams(app, id, descent.level()).await?),
        }
    }
    let items = descent.found().iter().skip(skip).take(limit).map(Report::from).collect();
    let end = skip.saturating_add(limit);
    let more = descent.found().len() > end;
    let next = more.then(|| app.table.seal_cursor(&list, &end.to_string())).transpose()?;
    Ok(Listing { items, next })
}

/// The account of a person.
pub(super) async fn account(app: &App, id: ConnectionId, person: PersonId) -> Result<User, Problem> {
    let tenant = tenant(app, &existing(app, id).await?, "user").await?;
    let found = app.table.user(id, tenant, person).await?;
    found.map(|stored| stored.user).ok_or_else(|| Problem::not_found("user"))
}

/// Who reports to these people, by the members of their teams.
async fn of_teams(app: &App, id: ConnectionId, managers: &[PersonId]) -> Result<Reports, Problem> {
    let sources = managers.iter().map(|manager| manager.0).collect();
    let teams = app.table.teams_by_source(id, &sources).await?;
    let supervised = teams.into_iter().filter(|team| team.active).filter_map(|team| team.supervisor());
    let members = stream::iter(supervised.collect::<Vec<_>>()).map(|manager| team_of(app, id, manager));
    members.buffer_unordered(AT_ONCE).try_collect().await
}

async fn team_of(app: &App, id: ConnectionId, manager: PersonId) -> Result<(PersonId, BTreeSet<PersonId>), Problem> {
    let (mut people, mut request) = (BTreeSet::new(), PageRequest::first(PAGE));
    loop {
        let page = app.table.team_members(id, TeamSource::Manager(manager), &request).await?;
        people.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok((manager, people)),
        }
    }
}

/// Who reports to whom, by one pass over the active accounts.
async fn everybody(app: &App, id: ConnectionId) -> Result<Reports, Problem> {
    if app.table.state(id).await?.active > MOST_ACCOUNTS {
        return Err(Problem::conflict(
            "There are too many accounts to look through while you wait. Switch teams of managers on: then their members are known.",
        ));
    }
    let (mut reports, mut request) = (Reports::new(), PageRequest::first(PAGE));
    loop {
        let page = app.table.users_page(id, &request, Some(true)).await?;
        for user in page.items.into_iter().map(|stored| stored.user) {
            if let Some(manager) = user.manager {
                reports.entry(manager).or_default().insert(user.person);
            }
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(reports),
        }
    }
}
