//! Accounts that were on the platform before, and what people decide about them.

use jiff::Timestamp;
use rollcall_directory::adoption::{Decision, Existing, ExistingId};
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_store::ConnectionStatus;
use rollcall_sync::job::Job;

use super::{ADMIN, existing, lasting, must_be_bound, new_id, queue};
use crate::app::App;
use crate::http::problem::Problem;

/// Notes accounts. What was decided about those that are known already stays.
pub(crate) async fn note(app: &App, id: ConnectionId, accounts: Vec<Existing>) -> Result<(), Problem> {
    lasting(app, id).await?;
    Ok(app.table.note_existing(id, accounts).await?)
}

/// Links an account to a person who has none of this connection yet. Where the connection is active the person is read at once.
pub(crate) async fn link(
    app: &App,
    id: ConnectionId,
    account: ExistingId,
    person: PersonId,
    now: Timestamp,
) -> Result<Existing, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    let known = find(app, id, &account).await?;
    let linked = match known.decision {
        Decision::Linked { person: other } if other == person => known,
        Decision::Linked { .. } => {
            return Err(Problem::conflict("The account is linked to somebody else. Take that back first."));
        }
        Decision::Open | Decision::Apart => {
            must_be_free(app, id, person).await?;
            app.table.decide_existing(id, &account, Decision::Linked { person }).await?
        }
    };
    if connection.status == ConnectionStatus::Active {
        let job = Job::Person { person, by: ADMIN.to_owned() };
        queue(app, id, job, &format!("person:{}", new_id(now))).await?;
    }
    Ok(linked)
}

/// A second account is never linked to a person, and none to one for whom an account has been made.
async fn must_be_free(app: &App, id: ConnectionId, person: PersonId) -> Result<(), Problem> {
    let tenant = app.secrets.read(id).await?.tenant;
    if app.table.user(id, tenant, person).await?.is_some() {
        return Err(Problem::conflict("The person already has an account of this connection."));
    }
    let others = app.table.existing(id).await?;
    if others.iter().any(|other| other.decision == Decision::Linked { person }) {
        return Err(Problem::conflict("The person already has another account linked."));
    }
    Ok(())
}

/// Says that an account belongs to nobody of the directory.
pub(crate) async fn keep_apart(app: &App, id: ConnectionId, account: ExistingId) -> Result<Existing, Problem> {
    lasting(app, id).await?;
    must_not_be_in_use(app, id, &account).await?;
    Ok(app.table.decide_existing(id, &account, Decision::Apart).await?)
}

/// Takes a decision back.
pub(crate) async fn reopen(app: &App, id: ConnectionId, account: ExistingId) -> Result<Existing, Problem> {
    lasting(app, id).await?;
    must_not_be_in_use(app, id, &account).await?;
    Ok(app.table.decide_existing(id, &account, Decision::Open).await?)
}

/// Once a person has the account there is no way back: what hangs on it is theirs.
async fn must_not_be_in_use(app: &App, id: ConnectionId, account: &ExistingId) -> Result<(), Problem> {
    let Decision::Linked { person } = find(app, id, account).await?.decision else { return Ok(()) };
    let tenant = app.secrets.read(id).await?.tenant;
    let user = app.table.user(id, tenant, person).await?;
    if user.is_some_and(|stored| stored.user.linked.as_ref() == Some(account)) {
        return Err(Problem::conflict("The account is in use: the person it is linked to has it."));
    }
    Ok(())
}

async fn find(app: &App, id: ConnectionId, account: &ExistingId) -> Result<Existing, Problem> {
    existing(app, id).await?;
    app.table.existing_account(id, account).await?.ok_or_else(|| Problem::not_found("account"))
}
