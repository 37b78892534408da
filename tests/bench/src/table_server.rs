//! The table: the simulated `DynamoDB` behind an address of its own.
//!
//! The emulator, which has queue and secrets, goes through all items of a partition for each page of a query, so that a
//! table of a million items keeps it busy for minutes. The simulated one passes the same conformance suite. It answers
//! after as long as the service takes for a small request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use simulation::dynamodb::Database;

use crate::Result;
use crate::served::Served;

/// What the service says of itself: single-digit milliseconds (`DynamoDB`, "What is Amazon `DynamoDB`?").
const ANSWER: Duration = Duration::from_millis(5);
/// The largest request (`DynamoDB`, "Quotas").
const LARGEST: usize = 16 << 20;

/// Starts the server, with no table yet.
pub(crate) async fn start() -> Result<Served> {
    let database = Arc::new(Mutex::new(Database::default()));
    Served::start(Router::new().fallback(answer).layer(DefaultBodyLimit::max(LARGEST)).with_state(database)).await
}

async fn answer(State(database): State<Arc<Mutex<Database>>>, headers: HeaderMap, body: Bytes) -> Response {
    tokio::time::sleep(ANSWER).await;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let (status, body) = {
        let mut database = database.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = database.respond(operation, &body, now().as_millisecond());
        // Nobody here asks what was written.
        drop(database.take_written());
        answer
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

#[expect(clippy::disallowed_methods, reason = "the rim of the measurements")]
fn now() -> Timestamp {
    Timestamp::now()
}
