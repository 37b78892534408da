//! Lists as files: `…/changes.csv`, `…/users.json`, …

use axum::extract::State;
use axum::response::Response;
use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::export::table::{CHANGES, REMOVALS, USERS};
use crate::export::{Format, file};
use crate::http::input::{Ids, Params};
use crate::http::problem::Problem;
use crate::operate::exports;
use crate::view::change::Change;
use crate::view::hold::Removal;
use crate::view::user::User;

/// Which part of an export.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Where to go on: follow the `Link` of the part before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Which part of an export of which users.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersExportQuery {
    /// Only active ones, or only inactive ones.
    #[serde(default)]
    active: Option<bool>,
    /// Where to go on: follow the `Link` of the part before.
    #[param(value_type = Option<String>, max_length = 1024)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Exports what a run changed as CSV, a line for each field.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, and the parts make one file when they are
/// put together. A cell that a spreadsheet could take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/connections/{connection}/runs/{run}/changes.csv", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run"), ExportQuery),
    responses((status = 200, description = "Some of the changes", body = String, content_type = "text/csv",
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")), example = json!("\"object\",\"id\",\"person\",\"group\",\"manager\",\"name\",\"action\",\"reasons\",\"field\",\"before\",\"after\"\r\n"))))]
pub(crate) async fn changes_csv(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    changes(&app, connection, run, Format::Csv(&CHANGES), query).await
}

/// Exports what a run changed as JSON: an array of changes.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, which is an array of its own.
#[utoipa::path(get, path = "/connections/{connection}/runs/{run}/changes.json", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run"), ExportQuery),
    responses((status = 200, description = "Some of the changes", body = Vec<Change>,
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")))))]
pub(crate) async fn changes_json(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    changes(&app, connection, run, Format::Json, query).await
}

async fn changes(
    app: &App,
    connection: Uuid,
    run: Uuid,
    format: Format,
    ExportQuery { cursor }: ExportQuery,
) -> Result<Response, Problem> {
    let part = exports::changes(app, ConnectionId(connection), RunId(run), format, cursor).await?;
    file::answer(part, format, "changes", run, "")
}

/// Exports accounts as CSV, a line for each.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, and the parts make one file when they are
/// put together. A cell that a spreadsheet could take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/connections/{connection}/users.csv", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), UsersExportQuery),
    responses((status = 200, description = "Some of the accounts", body = String, content_type = "text/csv",
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")))))]
pub(crate) async fn users_csv(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(query): Params<UsersExportQuery>,
) -> Result<Response, Problem> {
    users(&app, connection, Format::Csv(&USERS), query).await
}

/// Exports accounts as JSON: an array.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, which is an array of its own.
#[utoipa::path(get, path = "/connections/{connection}/users.json", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), UsersExportQuery),
    responses((status = 200, description = "Some of the accounts", body = Vec<User>,
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")))))]
pub(crate) async fn users_json(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(query): Params<UsersExportQuery>,
) -> Result<Response, Problem> {
    users(&app, connection, Format::Json, query).await
}

async fn users(
    app: &App,
    connection: Uuid,
    format: Format,
    UsersExportQuery { active, cursor }: UsersExportQuery,
) -> Result<Response, Problem> {
    let part = exports::users(app, ConnectionId(connection), active, format, cursor).await?;
    let more = active.map_or_else(String::new, |active| format!("active={active}&"));
    file::answer(part, format, "users", connection, &more)
}

/// Exports the removals of a hold as CSV, a line for each.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, and the parts make one file when they are
/// put together. A cell that a spreadsheet could take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/connections/{connection}/holds/{hold}/removals.csv", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold"), ExportQuery),
    responses((status = 200, description = "Some of the removals", body = String, content_type = "text/csv",
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")))))]
pub(crate) async fn removals_csv(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    removals(&app, connection, hold, Format::Csv(&REMOVALS), query).await
}

/// Exports the removals of a hold as JSON: an array.
///
/// An answer has some 4 MB at most; its `Link` with `rel="next"` leads to the rest, which is an array of its own.
#[utoipa::path(get, path = "/connections/{connection}/holds/{hold}/removals.json", tag = "Holds",
    params(("connection" = Uuid, Path, description = "The connection"), ("hold" = Uuid, Path, description = "The hold"), ExportQuery),
    responses((status = 200, description = "Some of the removals", body = Vec<Removal>,
        headers(("Link" = String, description = "Where the next part is"), ("Content-Disposition" = String, description = "The name of the file")))))]
pub(crate) async fn removals_json(
    State(app): State<App>,
    Ids((connection, hold)): Ids<(Uuid, Uuid)>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    removals(&app, connection, hold, Format::Json, query).await
}

async fn removals(
    app: &App,
    connection: Uuid,
    hold: Uuid,
    format: Format,
    ExportQuery { cursor }: ExportQuery,
) -> Result<Response, Problem> {
    let part = exports::removals(app, ConnectionId(connection), HoldId(hold), format, cursor).await?;
    file::answer(part, format, "removals", hold, "")
}
