//! `/connections`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use rollcall_directory::identity::ConnectionId;
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::body::connection::{ConnectionPatch, NewConnection};
use crate::http::input::{Body, Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::{connections, creation, existing};
use crate::view::connection::Connection;

/// Lists connections.
#[utoipa::path(get, path = "/connections", tag = "Connections", params(PageQuery),
    responses((status = 200, description = "A page of connections", body = Listing<Connection>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Connection>>, Problem> {
    let page = app.table.connections(&page.request()).await?;
    Ok(Json(Listing::of(page, |connection| Connection::brief(connection, &app.issuer))))
}

/// Creates a connection. It begins as a draft: test it, then activate it.
#[utoipa::path(post, path = "/connections", tag = "Connections", request_body = NewConnection,
    responses((status = 201, description = "The connection", body = Connection, headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create(
    State(app): State<App>,
    Body(new): Body<NewConnection>,
) -> Result<impl IntoResponse, Problem> {
    let created = creation::create(&app, new, clock::now()).await?;
    let location = format!("/connections/{}", created.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Connection::brief(created, &app.issuer))))
}

/// Shows a connection, and where its sync stands.
#[utoipa::path(get, path = "/connections/{connection}", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn read(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<Connection>, Problem> {
    let found = existing(&app, ConnectionId(connection)).await?;
    let sync = connections::standing(&app, found.id, clock::now()).await?;
    Ok(Json(Connection::detailed(found, sync, &app.issuer)))
}

/// Changes a connection. After a change of scope or credential an active or paused connection is synced in full.
#[utoipa::path(patch, path = "/connections/{connection}", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    request_body = ConnectionPatch, responses((status = 200, description = "The connection after the change", body = Connection)))]
pub(crate) async fn change(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Body(patch): Body<ConnectionPatch>,
) -> Result<Json<Connection>, Problem> {
    let changed = connections::change(&app, ConnectionId(connection), patch, clock::now()).await?;
    Ok(Json(Connection::brief(changed, &app.issuer)))
}

/// Deletes a connection that is not active, with its credential, accounts, teams and history. It takes a while.
#[utoipa::path(delete, path = "/connections/{connection}", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 202, description = "It is being deleted")))]
pub(crate) async fn delete(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<StatusCode, Problem> {
    connections::delete(&app, ConnectionId(connection), clock::now()).await?;
    Ok(StatusCode::ACCEPTED)
}
