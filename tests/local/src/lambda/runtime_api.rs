//! The Lambda Runtime API, as AWS documents it ("Using the Lambda runtime API"): next, response, error, init error.

use super::Invocation;
use super::environment::Outcome;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, oneshot};

/// The largest answer that Lambda takes is 6 MB; more is let through, so that the caller can see it.
const LARGEST_ANSWER: usize = 16 << 20;

/// What one environment is asked and answers. At most one event at a time.
#[derive(Debug, Default)]
pub(super) struct RuntimeApi {
    slots: Mutex<Slots>,
    offered: Notify,
}

#[derive(Debug, Default)]
struct Slots {
    waiting: Option<(Invocation, Duration)>,
    answer: Option<(String, oneshot::Sender<Outcome>)>,
}

impl RuntimeApi {
    /// Lets the process have this event when it next asks; gives what it makes of it.
    pub(super) fn offer(&self, invocation: Invocation, timeout: Duration) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.slots(|slots| {
            slots.answer = Some((invocation.id.clone(), sender));
            slots.waiting = Some((invocation, timeout));
        });
        self.offered.notify_one();
        receiver
    }

    fn finish(&self, id: &str, outcome: Outcome) -> StatusCode {
        let taken = self.slots(|slots| slots.answer.take_if(|(expected, _)| expected == id));
        match taken {
            Some((_, sender)) => {
                // Whoever waited may have been cut off meanwhile.
                let _ = sender.send(outcome);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }

    fn slots<T>(&self, act: impl FnOnce(&mut Slots) -> T) -> T {
        act(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The routes.
pub(super) fn router(api: Arc<RuntimeApi>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(LARGEST_ANSWER))
        .with_state(api)
}

#[expect(clippy::disallowed_methods, reason = "the deadline is a moment of the wall clock, and this is the rim")]
async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    let (invocation, timeout) = loop {
        if let Some(waiting) = api.slots(|slots| slots.waiting.take()) {
            break waiting;
        }
        api.offered.notified().await;
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + timeout;
    let mut answer = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.id)
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header("lambda-runtime-invoked-function-arn", &invocation.arn);
    if let Some(trace) = &invocation.trace {
        answer = answer.header("lambda-runtime-trace-id", trace);
    }
    let answer = answer.body(invocation.event.into());
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn response(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.finish(&id, Outcome::Answered(body))
}

async fn error(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.finish(&id, Outcome::Failed(body))
}

/// The process ends after this, which ends the invocation that started it.
async fn init_error() -> StatusCode {
    StatusCode::ACCEPTED
}
