//! `/connections/{connection}/notification-channel`: a Teams channel in which people are told what needs them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_directory::identity::ConnectionId;
use uuid::Uuid;

use crate::app::App;
use crate::body::channel::NotificationChannel;
use crate::http::input::{Body, Ids};
use crate::http::problem::Problem;
use crate::operate::channel;
use crate::view::channel::{ChannelState, ChannelTest};

/// Says whether a connection has a notification channel.
#[utoipa::path(get, path = "/connections/{connection}/notification-channel", tag = "Connections",
    params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "Whether there is one", body = ChannelState)))]
pub(crate) async fn read(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<ChannelState>, Problem> {
    Ok(Json(channel::state(&app, ConnectionId(connection)).await?))
}

/// Sets the notification channel of a connection. What is not well at that time is told there within the hour.
#[utoipa::path(put, path = "/connections/{connection}/notification-channel", tag = "Connections",
    params(("connection" = Uuid, Path, description = "The connection")), request_body = NotificationChannel,
    responses((status = 204, description = "It is set")))]
pub(crate) async fn set(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Body(new): Body<NotificationChannel>,
) -> Result<StatusCode, Problem> {
    channel::set(&app, ConnectionId(connection), &new.url.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the notification channel of a connection. Owners are told by mail as before.
#[utoipa::path(delete, path = "/connections/{connection}/notification-channel", tag = "Connections",
    params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 204, description = "There is none any more")))]
pub(crate) async fn remove(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<StatusCode, Problem> {
    channel::remove(&app, ConnectionId(connection)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Posts a test card in the notification channel, and says what is wrong if that does not work.
#[utoipa::path(post, path = "/connections/{connection}/notification-channel/test", tag = "Connections",
    params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "What became of it", body = ChannelTest)))]
pub(crate) async fn test(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<ChannelTest>, Problem> {
    Ok(Json(channel::test(&app, ConnectionId(connection)).await?))
}
