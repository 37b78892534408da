//! `/connections/{connection}/setup-links`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::ConnectionId;
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::Ids;
use crate::http::problem::Problem;
use crate::operate::setup;
use crate::view::setup::SetupLink;

/// Makes a link by which an administrator of the customer consents to the platform's application in their tenant. It is good for seven
/// days, is shown in this answer and never again, and leaves those before it as they are. Only for connections with the platform's
/// application.
#[utoipa::path(post, path = "/connections/{connection}/setup-links", tag = "Connections", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 201, description = "The link", body = SetupLink)))]
pub(crate) async fn create(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<impl IntoResponse, Problem> {
    let link = setup::create(&app, ConnectionId(connection), clock::now()).await?;
    Ok((StatusCode::CREATED, Json(link)))
}
