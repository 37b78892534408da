//! `/connections/{connection}/runs`: newest first, kept as long as the connection says.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::existing;
use crate::view::change::Change;
use crate::view::run::Run;

/// Lists runs, newest first.
#[utoipa::path(get, path = "/connections/{connection}/runs", tag = "Runs", params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of runs", body = Listing<Run>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Run>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let page = app.table.runs_page(connection.id, &page.request()).await?;
    let now = clock::now();
    Ok(Json(Listing::of(page, |run| Run::at(now, run))))
}

/// Shows a run.
#[utoipa::path(get, path = "/connections/{connection}/runs/{run}", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run", body = Run)))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Run>, Problem> {
    let found = app.table.run(ConnectionId(connection), RunId(run)).await?;
    Ok(Json(Run::at(clock::now(), found.ok_or_else(|| Problem::not_found("run"))?)))
}

/// Lists what a run changed, in the order in which it was done.
#[utoipa::path(get, path = "/connections/{connection}/runs/{run}/changes", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run"), PageQuery),
    responses((status = 200, description = "A page of changes", body = Listing<Change>)))]
pub(crate) async fn changes(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Change>>, Problem> {
    let (connection, run) = (ConnectionId(connection), RunId(run));
    app.table.run(connection, run).await?.ok_or_else(|| Problem::not_found("run"))?;
    let page = app.table.changes_page(connection, run, &page.request()).await?;
    Ok(Json(Listing::of(page, Change::from)))
}
