//! `/connections/{connection}/runs/{run}/undo`: taking back what a run did.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::body::preview::UndoRequest;
use crate::http::input::{Ids, OptionalBody};
use crate::http::problem::Problem;
use crate::operate::undo;
use crate::view::preview::{QueuedRun, Undoing};

/// Finds out what undoing a run would do. Nobody's account is touched. The answer names the run whose changes tell it.
///
/// A run is refused with 409 that is a preview itself, is not at its end, or has changed nothing.
#[utoipa::path(post, path = "/connections/{connection}/runs/{run}/undo/preview", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run that would be undone")),
    responses((status = 202, description = "The preview is queued", body = QueuedRun)))]
pub(crate) async fn preview(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
) -> Result<impl IntoResponse, Problem> {
    let queued = undo::preview(&app, ConnectionId(connection), RunId(run), clock::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(queued)))
}

/// Undoes a run of an active connection, as a run of its own: accounts, memberships, managers and attributes are again as they were
/// before, except for what has changed again since.
///
/// Auto sync is switched off first, unless it shall stay as it is: the directory still says what it said, and the next run would do the
/// same again. **What it destroys**: accounts that the run made are deactivated, not deleted, and values that it brought are taken away.
#[utoipa::path(post, path = "/connections/{connection}/runs/{run}/undo", tag = "Runs",
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run that is undone")),
    request_body = Option<UndoRequest>, responses((status = 202, description = "The run is being undone", body = Undoing)))]
pub(crate) async fn undo(
    State(app): State<App>,
    Ids((connection, run)): Ids<(Uuid, Uuid)>,
    OptionalBody(UndoRequest { keep_auto_sync }): OptionalBody<UndoRequest>,
) -> Result<impl IntoResponse, Problem> {
    let undoing = undo::undo(&app, ConnectionId(connection), RunId(run), keep_auto_sync, clock::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(undoing)))
}
