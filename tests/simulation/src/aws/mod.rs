//! AWS in the same process: a simulated `DynamoDB` and Secrets Manager behind the real SDK.
//!
//! [`Aws`] stands in the place of the SDK's HTTP client. A request is on its way for some (virtual) time, is carried
//! out, and its answer comes back; [`Weather`] decides how long that takes and what goes wrong. What is on its way
//! arrives also if the client has died since.

mod client;
mod fate;
mod partly;
mod secrets;
mod sleep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

pub use self::fate::{Fair, Fate, Weather, What};

use self::secrets::SecretsManager;
use crate::dynamodb::{Database, NAMESPACE, Refusal, Written};
use crate::time::Clock;
use crate::trace::Trace;

/// The service name in `x-amz-target` of `DynamoDB`.
const DYNAMODB: &str = "DynamoDB_20120810";

/// One AWS account. Cheap to clone.
#[derive(Clone)]
pub struct Aws {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    trace: Trace,
    weather: Box<dyn Weather>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    database: Database,
    secrets: SecretsManager,
    record: Vec<Operation>,
    calls: u64,
}

/// One call that wrote something.
#[derive(Clone, Debug)]
pub struct Operation {
    /// When it was sent, in milliseconds since 1970.
    pub sent: i64,
    /// When it was carried out, in milliseconds since 1970.
    pub at: i64,
    /// The name of the client.
    pub client: String,
    /// The name of the call.
    pub operation: String,
    /// What it wrote, in the order of the request.
    pub written: Vec<Written>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws").finish_non_exhaustive()
    }
}

/// An answer as it goes over the wire.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: String,
}

impl Aws {
    /// An account without tables.
    #[must_use]
    pub fn new(clock: Clock, trace: Trace, weather: Box<dyn Weather>) -> Self {
        Self { inner: Arc::new(Inner { clock, trace, weather, state: Mutex::default() }) }
    }

    /// What the tables hold, and how much was written.
    pub fn database<T>(&self, look: impl FnOnce(&mut Database) -> T) -> T {
        look(&mut self.state().database)
    }

    /// The calls that wrote something since the last time, in the order in which they were carried out.
    #[must_use]
    pub fn take_record(&self) -> Vec<Operation> {
        std::mem::take(&mut self.state().record)
    }

    /// Calls that were carried out so far, reads and refusals included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Whether a text is part of a secret, or holds one.
    #[must_use]
    pub fn knows_secret(&self, found: impl Fn(&str) -> bool) -> bool {
        self.state().secrets.texts().any(found)
    }

    /// Carries out a request at once: status and body.
    #[must_use]
    pub fn exchange(&self, target: &str, request: &Json) -> (u16, Json) {
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let answer = {
            let now = self.inner.clock.now_millis();
            self.perform("operator", (service, operation), request.to_string().as_bytes(), now)
        };
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a request.
    fn perform(&self, client: &str, (service, operation): (&str, &str), body: &[u8], sent: i64) -> Answer {
        let mut state = self.state();
        state.calls += 1;
        if service != DYNAMODB {
            return answer(state.secrets.call(operation, body), "com.amazonaws.secretsmanager");
        }
        let now = self.inner.clock.now_millis();
        let outcome = state.database.call(operation, body, now);
        let written = state.database.take_written();
        self.inner.trace.note(&line(client, operation, &outcome, &written));
        if !written.is_empty() {
            let (client, operation) = (client.to_owned(), operation.to_owned());
            state.record.push(Operation { sent, at: now, client, operation, written });
        }
        answer(outcome, NAMESPACE)
    }
}

fn line(client: &str, operation: &str, outcome: &Result<Json, Refusal>, written: &[Written]) -> String {
    let mut line = format!("{client} {operation}: {}", outcome.as_ref().map_or_else(|refusal| refusal.code, |_| "ok"));
    for write in written {
        let mark = if write.after.is_some() { '+' } else { '-' };
        line.push_str(&format!(" {mark}{}/{}", write.pk, write.sk));
    }
    line
}

fn answer(outcome: Result<Json, Refusal>, namespace: &str) -> Answer {
    match outcome {
        Ok(body) => Answer { status: 200, body: body.to_string() },
        Err(refusal) => Answer { status: refusal.status, body: refusal.body(namespace).to_string() },
    }
}
