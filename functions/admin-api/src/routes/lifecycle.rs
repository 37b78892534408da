//! What can be done with a connection: test, activate, deactivate, sync.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::ConnectionId;
use rollcall_runtime::clock;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::body::SyncRequest;
use crate::http::input::{Ids, OptionalBody};
use crate::http::problem::Problem;
use crate::operate::{status, trial};
use crate::view::check::TestReport;
use crate::view::connection::Connection;

/// That a run is queued.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Queued {
    /// Under which the wish is logged.
    pub(super) reference: Uuid,
}

/// Makes the very calls that a sync makes, and says what is wrong and who must do what. If all is well, a connection that
/// was paused goes on.
#[utoipa::path(post, path = "/connections/{connection}/test", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "What was found", body = TestReport)))]
pub(crate) async fn test(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<TestReport>, Problem> {
    Ok(Json(trial::test(&app, ConnectionId(connection), clock::now()).await?))
}

/// Makes a connection active and starts its first run. An active one stays as it is.
#[utoipa::path(post, path = "/connections/{connection}/activate", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn activate(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<Connection>, Problem> {
    let active = status::activate(&app, ConnectionId(connection), clock::now()).await?;
    Ok(Json(Connection::brief(active, &app.issuer)))
}

/// Stops a connection and its runs. Accounts and teams stay as they are, and it can be activated again.
#[utoipa::path(post, path = "/connections/{connection}/deactivate", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn deactivate(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
) -> Result<Json<Connection>, Problem> {
    let stopped = status::deactivate(&app, ConnectionId(connection), clock::now()).await?;
    Ok(Json(Connection::brief(stopped, &app.issuer)))
}

/// Starts a run of an active connection now.
#[utoipa::path(post, path = "/connections/{connection}/sync", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    request_body = Option<SyncRequest>, responses((status = 202, description = "The run is queued", body = Queued)))]
pub(crate) async fn sync(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    OptionalBody(request): OptionalBody<SyncRequest>,
) -> Result<impl IntoResponse, Problem> {
    let reference = status::sync(&app, ConnectionId(connection), request.mode, clock::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { reference })))
}
