//! `/connections/{connection}/holds`: removals that wait for a decision.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::{ConnectionId, HoldId};
use rollcall_runtime::clock;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::body::Approval;
use crate::http::input::{Body, Ids, Params};
use crate::http::page::{Limit, Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::{existing, holds};
use crate::view::hold::{Hold, Removal};

/// Which page of a hold's removals.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalsQuery {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
    /// Where to go on: `next` of the page before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists holds, newest first.
#[utoipa::path(get, path = "/connections/{connection}/holds", tag = "Holds", params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of holds", body = Listing<Hold>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Hold>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let page = app.table.holds_page(connection.id, &page.request()).await?;
    Ok(Json(Listing::of(page, Hold::from)))
}

/// Shows a hold.
#[utoipa::path(get, path = "/connections/{connection}/holds/{hold}", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold")),
    responses((status = 200, description = "The hold", body = Hold)))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Hold>, Problem> {
    Ok(Json(holds::hold(&app, ConnectionId(connection), HoldId(hold)).await?.into()))
}

/// Lists the removals of a hold, with the names of the people concerned.
#[utoipa::path(get, path = "/connections/{connection}/holds/{hold}/removals", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold"), RemovalsQuery),
    responses((status = 200, description = "A page of removals", body = Listing<Removal>)))]
pub(crate) async fn removals(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
    Params(RemovalsQuery { limit, cursor }): Params<RemovalsQuery>,
) -> Result<Json<Listing<Removal>>, Problem> {
    let (connection, hold) = (ConnectionId(connection), HoldId(hold));
    Ok(Json(holds::removals(&app, connection, hold, limit.size(), cursor.as_deref()).await?))
}

/// Approves exactly the removals that were looked at. They are applied right after.
#[utoipa::path(post, path = "/connections/{connection}/holds/{hold}/approve", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold")),
    request_body = Approval, responses((status = 202, description = "The hold; its removals are being applied", body = Hold)))]
pub(crate) async fn approve(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
    Body(Approval { hash }): Body<Approval>,
) -> Result<impl IntoResponse, Problem> {
    let approved = holds::approve(&app, ConnectionId(connection), HoldId(hold), &hash, clock::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(Hold::from(approved))))
}

/// Rejects a hold: nothing of it is applied.
#[utoipa::path(post, path = "/connections/{connection}/holds/{hold}/reject", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold")),
    responses((status = 200, description = "The hold", body = Hold)))]
pub(crate) async fn reject(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Hold>, Problem> {
    Ok(Json(holds::reject(&app, ConnectionId(connection), HoldId(hold), clock::now()).await?.into()))
}
