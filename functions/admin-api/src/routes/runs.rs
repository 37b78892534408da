//! `/connections/{connection}/runs`: newest first, kept as long as the connection says.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_runtime::clock;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Limit, Listing, PageQuery, page_request};
use crate::http::problem::Problem;
use crate::operate::runs;
use crate::view::change::Change;
use crate::view::run::Run;

/// Which page of which runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Only previews, which have done nothing, or only others.
    #[serde(default)]
    preview: Option<bool>,
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
    /// Where to go on: `next` of the page before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists runs, newest first. Previews are among them, told apart by their mode.
#[utoipa::path(get, path = "/connections/{connection}/runs", tag = "Runs", params(("connection" = Uuid, Path, description = "The connection"), RunsQuery),
    responses((status = 200, description = "A page of runs", body = Listing<Run>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(RunsQuery { preview, limit, cursor }): Params<RunsQuery>,
) -> Result<Json<Listing<Run>>, Problem> {
    let page = runs::page(&app, ConnectionId(connection), page_request(limit, cursor), preview).await?;
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
