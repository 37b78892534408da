//! `/connections/{connection}/previews`: what settings would do, before they are saved.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::body::preview::PreviewRequest;
use crate::http::input::{Ids, OptionalBody};
use crate::http::problem::Problem;
use crate::operate::previews;
use crate::view::connection::Connection;
use crate::view::preview::Preview;

/// Finds out what a full run would do with some settings: exact creations, changes, deactivations, teams and people who would be skipped,
/// with reasons.
///
/// Nothing is saved and nobody's account is touched. It works for drafts too. It reads the directory as a full run does, and takes as long.
#[utoipa::path(post, path = "/connections/{connection}/previews", tag = "Previews",
    params(("connection" = Uuid, Path, description = "The connection")), request_body = Option<PreviewRequest>,
    responses((status = 202, description = "The preview is queued", body = Preview, headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    OptionalBody(request): OptionalBody<PreviewRequest>,
) -> Result<impl IntoResponse, Problem> {
    let preview = previews::begin(&app, ConnectionId(connection), request, clock::now()).await?;
    let location = format!("/connections/{connection}/previews/{}", preview.id());
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(preview)))
}

/// Shows a preview: how far it has come, what it counted, why its removals would be held. Its changes are those of the run with the same
/// id, exports included; people who would be skipped are among them.
#[utoipa::path(get, path = "/connections/{connection}/previews/{preview}", tag = "Previews",
    params(("connection" = Uuid, Path, description = "The connection"), ("preview" = Uuid, Path, description = "The preview")),
    responses((status = 200, description = "The preview", body = Preview)))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, preview)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(previews::show(&app, ConnectionId(connection), RunId(preview), clock::now()).await?))
}

/// Saves exactly the settings that were previewed, and starts a full run with them if the connection is active.
///
/// **What it destroys** is what the preview says. It is refused with 409 where the connection has been changed since, or the preview is
/// not at its end: preview again then.
#[utoipa::path(post, path = "/connections/{connection}/previews/{preview}/apply", tag = "Previews",
    params(("connection" = Uuid, Path, description = "The connection"), ("preview" = Uuid, Path, description = "The preview")),
    responses((status = 200, description = "The connection with these settings", body = Connection)))]
pub(crate) async fn apply(
    State(app): State<App>,
    Ids((connection, preview)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Connection>, Problem> {
    let applied = previews::apply(&app, ConnectionId(connection), RunId(preview), clock::now()).await?;
    Ok(Json(Connection::brief(applied, &app.issuer)))
}
