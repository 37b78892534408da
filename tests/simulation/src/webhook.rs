//! The receiver of notifications, called by the simulated tenant.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entra::{Received, Receiver};
use rollcall_store::Table;
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::notification::{parse, receive, validation};

use crate::ports::MemoryQueue;
use crate::time::Clock;
use crate::trace::Trace;

/// The product's receiver, behind a simulated door.
pub(crate) struct Webhook {
    pub(crate) table: Table,
    pub(crate) key: ClientStateKey,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) clock: Clock,
    pub(crate) trace: Trace,
    /// Time that each answer takes.
    pub(crate) delay: Mutex<Duration>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Receiver for Webhook {
    fn post(&self, url: String, body: String) -> Pin<Box<dyn Future<Output = Option<Received>> + Send + '_>> {
        Box::pin(async move {
            tokio::time::sleep(self.delay()).await;
            let query = url.split_once('?').map_or("", |(_, query)| query);
            let answer = match validation::token(query) {
                Some(Ok(token)) => Received { status: 200, content_type: "text/plain".to_owned(), body: token },
                Some(Err(_)) => status(400),
                None => self.take_in(&body).await,
            };
            self.trace.note(&format!("webhook: {}", answer.status));
            Some(answer)
        })
    }
}

impl Webhook {
    /// Answers take so long from now on.
    pub(crate) fn slow_down(&self, delay: Duration) {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    fn delay(&self) -> Duration {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take_in(&self, body: &str) -> Received {
        let Ok(received) = parse::parse(body.as_bytes()) else { return status(400) };
        let receiver = receive::Receiver { key: &self.key, known: &self.table, queue: self.queue.as_ref() };
        let outcome = receiver.receive(received, self.clock.now()).await;
        status(if outcome.is_ok() { 202 } else { 503 })
    }
}

fn status(status: u16) -> Received {
    Received { status, ..Received::default() }
}
