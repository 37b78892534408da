//! `/connections/{connection}/users`. A user is named by the person's object id in Entra.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Limit, Listing, Many, page_request};
use crate::http::problem::Problem;
use crate::operate::{existing, people, tenant};
use crate::view::hierarchy::{Chain, Report};
use crate::view::user::User;

/// Which page of which users.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Only active ones, or only inactive ones.
    #[serde(default)]
    active: Option<bool>,
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
    /// Where to go on: `next` of the page before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists accounts. The order is fixed but has no meaning.
#[utoipa::path(get, path = "/connections/{connection}/users", tag = "Users", params(("connection" = Uuid, Path, description = "The connection"), UsersQuery),
    responses((status = 200, description = "A page of accounts", body = Listing<User>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(UsersQuery { active, limit, cursor }): Params<UsersQuery>,
) -> Result<Json<Listing<User>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let page = app.table.users_page(connection.id, &page_request(limit, cursor), active).await?;
    Ok(Json(Listing::of(page, |user| User::of(user, &connection.rules.attributes))))
}

/// Shows the account of a person.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 200, description = "The account", body = User)))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<Json<User>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let tenant = tenant(&app, &connection, "user").await?;
    let found = app.table.user(connection.id, tenant, PersonId(person)).await?;
    let found = found.ok_or_else(|| Problem::not_found("user"))?;
    Ok(Json(User::of(found, &connection.rules.attributes)))
}

/// Which page of the reports below a person.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportsQuery {
    /// How many people at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000, default = 1_000)]
    #[serde(default)]
    limit: Many,
    /// Where to go on: `next` of the page before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Protects an account: no sync ever deactivates or deletes it, whatever the directory says. Whoever leaves is put on the work-list.
#[utoipa::path(put, path = "/connections/{connection}/users/{person}/protection", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 204, description = "It is protected")))]
pub(crate) async fn protect(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    people::protect(&app, ConnectionId(connection), PersonId(person), true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Protects an account no more. **What it destroys**: someone who has left loses access with the next full run, after the guard.
#[utoipa::path(delete, path = "/connections/{connection}/users/{person}/protection", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 204, description = "It is not protected any more")))]
pub(crate) async fn unprotect(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    people::protect(&app, ConnectionId(connection), PersonId(person), false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the managers above a person, the nearest first: 100 at most, each once.
///
/// It costs one read of the table for each of them.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}/managers", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 200, description = "The managers", body = Chain)))]
pub(crate) async fn managers(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Chain>, Problem> {
    Ok(Json(people::managers(&app, ConnectionId(connection), PersonId(person)).await?))
}

/// Lists everybody with an active account below a person, each once: the direct reports first, then theirs, and so on.
///
/// It costs, where managers have teams, 16 small queries of the table for each manager below the person. Where they have none, every active
/// account is read once, a query for about a thousand of them; above 100,000 accounts that is refused with 409. Each page costs
/// the same again, so ask for large ones.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}/reports", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra"), ReportsQuery),
    responses((status = 200, description = "A page of people", body = Listing<Report>)))]
pub(crate) async fn reports(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
    Params(ReportsQuery { limit, cursor }): Params<ReportsQuery>,
) -> Result<Json<Listing<Report>>, Problem> {
    let (connection, person) = (ConnectionId(connection), PersonId(person));
    Ok(Json(people::reports(&app, connection, person, limit.size(), cursor.as_deref()).await?))
}
