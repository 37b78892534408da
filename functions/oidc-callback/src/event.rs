//! From an event of API Gateway to its answer.

use std::convert::Infallible;

use axum::Router;
use axum::http::StatusCode;
use lambda_http::LambdaEvent;
use rollcall_runtime::gateway;
use serde::Serialize;

pub use rollcall_runtime::gateway::Event;

/// Answers an event.
///
/// # Errors
/// None: what can't be carried out is an answer too.
pub async fn answer(router: &Router, event: LambdaEvent<Event>) -> Result<impl Serialize + use<>, Infallible> {
    gateway::answer(router, refusing, event).await
}

fn refusing() -> Router {
    Router::new().fallback(async || StatusCode::BAD_REQUEST)
}
