//! Deciding about holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, HoldId, PersonId};
use rollcall_directory::plan::Removal as Planned;
use rollcall_directory::user::User;
use rollcall_store::{Decision, Hold, HoldStatus};
use rollcall_sync::job::Job;

use super::{ADMIN, existing, lasting, queue};
use crate::app::App;
use crate::http::page::Listing;
use crate::http::problem::Problem;
use crate::view::hold::Removal;

/// A hold of a connection.
pub(crate) async fn hold(app: &App, id: ConnectionId, hold: HoldId) -> Result<Hold, Problem> {
    existing(app, id).await?;
    app.table.hold(id, hold).await?.ok_or_else(|| Problem::not_found("hold"))
}

/// Approves exactly the removals that were looked at, and queues their application.
pub(crate) async fn approve(
    app: &App,
    id: ConnectionId,
    hold_id: HoldId,
    hash: &str,
    now: Timestamp,
) -> Result<Hold, Problem> {
    lasting(app, id).await?;
    let found = hold(app, id, hold_id).await?;
    if found.hash != hash {
        return Err(Problem::conflict("The hash is not that of this hold. Look at its removals again."));
    }
    let approved = match found.status {
        HoldStatus::Open => app.table.decide_hold(id, hold_id, Decision::Approved, ADMIN, now).await?,
        // Approved before: perhaps its job was not queued then.
        HoldStatus::Approved => found,
        status => return Err(decided(status)),
    };
    let job = Job::ApplyHold { hold: hold_id, by: ADMIN.to_owned() };
    queue(app, id, job, &format!("apply:{hold_id}")).await?;
    Ok(approved)
}

/// Rejects a hold: nothing of it is applied.
pub(crate) async fn reject(app: &App, id: ConnectionId, hold_id: HoldId, now: Timestamp) -> Result<Hold, Problem> {
    lasting(app, id).await?;
    let found = hold(app, id, hold_id).await?;
    match found.status {
        HoldStatus::Open => Ok(app.table.decide_hold(id, hold_id, Decision::Rejected, ADMIN, now).await?),
        HoldStatus::Rejected => Ok(found),
        status => Err(decided(status)),
    }
}

fn decided(status: HoldStatus) -> Problem {
    Problem::conflict(match status {
        HoldStatus::Open => "The hold is open.",
        HoldStatus::Approved => "The hold has been approved.",
        HoldStatus::Rejected => "The hold has been rejected.",
        HoldStatus::Applied => "The hold has been approved and applied.",
        HoldStatus::Superseded => "A newer hold has taken the place of this one.",
        HoldStatus::Closed => "The removals of this hold are no longer called for.",
    })
}

/// A page of a hold's removals, with the names of the people concerned.
pub(crate) async fn removals(
    app: &App,
    id: ConnectionId,
    hold_id: HoldId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Listing<Removal>, Problem> {
    some(app, id, &all_removals(app, id, hold_id).await?, limit, cursor).await
}

/// All removals of a hold.
pub(super) async fn all_removals(app: &App, id: ConnectionId, hold_id: HoldId) -> Result<BTreeSet<Planned>, Problem> {
    hold(app, id, hold_id).await?;
    Ok(app.table.hold_removals(id, hold_id).await?)
}

/// Some of all removals, with names. A cursor is how many come before.
pub(super) async fn some(
    app: &App,
    id: ConnectionId,
    all: &BTreeSet<Planned>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Listing<Removal>, Problem> {
    let skip = match cursor {
        Some(cursor) => {
            cursor.parse::<usize>().map_err(|_| Problem::invalid("cursor", "is not one that this list gave"))?
        }
        None => 0,
    };
    let page: Vec<Planned> = all.iter().skip(skip).take(limit).cloned().collect();
    let users = named(app, id, &page).await?;
    let items = page.iter().map(|removal| Removal::of(removal, users.get(&removal.person))).collect();
    let next = skip.saturating_add(limit);
    Ok(Listing { items, next: (next < all.len()).then(|| next.to_string()) })
}

async fn named(app: &App, id: ConnectionId, page: &[Planned]) -> Result<BTreeMap<PersonId, User>, Problem> {
    let mut people: Vec<PersonId> = page.iter().map(|removal| removal.person).collect();
    people.dedup();
    let tenant = app.secrets.read(id).await?.tenant;
    Ok(app.table.users_by_person(id, tenant, &people).await?)
}
