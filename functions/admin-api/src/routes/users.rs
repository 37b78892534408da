//! `/connections/{connection}/users`. A user is named by the person's object id in Entra.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Limit, Listing, page_request};
use crate::http::problem::Problem;
use crate::operate::existing;
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
    Ok(Json(Listing::of(page, User::from)))
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
    let tenant = app.secrets.read(connection.id).await?.tenant;
    let found = app.table.user(connection.id, tenant, PersonId(person)).await?;
    Ok(Json(found.ok_or_else(|| Problem::not_found("user"))?.into()))
}
