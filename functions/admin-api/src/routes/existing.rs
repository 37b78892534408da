//! `/connections/{connection}/existing-accounts`: accounts that were on the platform before.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::body::existing::{AccountId, ExistingAccounts, Link};
use crate::http::input::{Body, Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::existing as accounts;
use crate::view::existing::ExistingAccount;

/// Lists the accounts that were there before. The order has no meaning.
#[utoipa::path(get, path = "/connections/{connection}/existing-accounts", tag = "Existing accounts",
    params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of accounts", body = Listing<ExistingAccount>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<ExistingAccount>>, Problem> {
    let connection = crate::operate::existing(&app, ConnectionId(connection)).await?;
    let page = app.table.existing_page(connection.id, &page.request()).await?;
    Ok(Json(Listing::of(page, ExistingAccount::from)))
}

/// Tells Rollcall of accounts that were there before, up to 500 in a call. One that is known gets the new values; what was decided about
/// it stays. Those that are not named stay too. Do it before the first run: who looks like one of them gets no second account.
#[utoipa::path(put, path = "/connections/{connection}/existing-accounts", tag = "Existing accounts",
    params(("connection" = Uuid, Path, description = "The connection")), request_body = ExistingAccounts,
    responses((status = 204, description = "They are noted")))]
pub(crate) async fn note(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Body(new): Body<ExistingAccounts>,
) -> Result<StatusCode, Problem> {
    accounts::note(&app, ConnectionId(connection), new.accounts.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Links an account to a person of the directory, who then gets this account and no new one. From then on it is kept in step with the
/// directory: values are overwritten, and it is deactivated when the person leaves, unless it is protected.
///
/// Refused with 409 where the person has an account of this connection already, or the account is linked to somebody else.
#[utoipa::path(post, path = "/connections/{connection}/existing-accounts/{account}/link", tag = "Existing accounts",
    params(("connection" = Uuid, Path, description = "The connection"), ("account" = AccountId, Path, description = "The platform's name for the account")),
    request_body = Link, responses((status = 200, description = "The account", body = ExistingAccount)))]
pub(crate) async fn link(
    State(app): State<App>,
    Ids((connection, account)): Ids<(Uuid, AccountId)>,
    Body(Link { person }): Body<Link>,
) -> Result<Json<ExistingAccount>, Problem> {
    let (connection, person) = (ConnectionId(connection), PersonId(person));
    Ok(Json(accounts::link(&app, connection, account.into(), person, clock::now()).await?.into()))
}

/// Says that an account belongs to nobody of the directory. It is never proposed again, and whoever looked like it gets an account of their
/// own with the next sync.
#[utoipa::path(post, path = "/connections/{connection}/existing-accounts/{account}/keep-apart", tag = "Existing accounts",
    params(("connection" = Uuid, Path, description = "The connection"), ("account" = AccountId, Path, description = "The platform's name for the account")),
    responses((status = 200, description = "The account", body = ExistingAccount)))]
pub(crate) async fn keep_apart(
    State(app): State<App>,
    Ids((connection, account)): Ids<(Uuid, AccountId)>,
) -> Result<Json<ExistingAccount>, Problem> {
    Ok(Json(accounts::keep_apart(&app, ConnectionId(connection), account.into()).await?.into()))
}

/// Takes back what was decided about an account, as long as nobody has it.
#[utoipa::path(delete, path = "/connections/{connection}/existing-accounts/{account}/decision", tag = "Existing accounts",
    params(("connection" = Uuid, Path, description = "The connection"), ("account" = AccountId, Path, description = "The platform's name for the account")),
    responses((status = 200, description = "The account", body = ExistingAccount)))]
pub(crate) async fn reopen(
    State(app): State<App>,
    Ids((connection, account)): Ids<(Uuid, AccountId)>,
) -> Result<Json<ExistingAccount>, Problem> {
    Ok(Json(accounts::reopen(&app, ConnectionId(connection), account.into()).await?.into()))
}
