//! From an event of API Gateway to its answer.

use std::convert::Infallible;

use axum::Router;
use axum::middleware::from_fn;
use lambda_http::LambdaEvent;
use rollcall_runtime::gateway;
use serde::Serialize;

pub use rollcall_runtime::gateway::Event;

use crate::http::answer;
use crate::http::problem::Problem;

/// Answers an event.
///
/// # Errors
/// None: what can't be carried out is an answer too.
pub async fn answer(router: &Router, event: LambdaEvent<Event>) -> Result<impl Serialize + use<>, Infallible> {
    gateway::answer(router, refusing, event).await
}

fn refusing() -> Router {
    let refuse = async || Problem::malformed("The host, the path, the query or the encoding of the body is broken.");
    Router::new().fallback(refuse).layer(from_fn(answer::finish))
}
