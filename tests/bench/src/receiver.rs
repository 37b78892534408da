//! Takes what Graph sends to the address of subscriptions: without a receiver none could be created.

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::Result;
use crate::served::Served;

/// Starts the receiver.
pub(crate) async fn start() -> Result<Served> {
    Served::start(Router::new().fallback(receive)).await
}

/// Graph's handshake wants its token back as plain text (Graph page "Receive change notifications through webhooks").
async fn receive(Query(query): Query<Vec<(String, String)>>) -> Response {
    match query.into_iter().find(|(name, _)| name == "validationToken") {
        Some((_, token)) => token.into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}
