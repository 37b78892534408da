//! The real Graph client, over a transport that gives prepared answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, Uri};
use jiff::Timestamp;
use rollcall_graph::{Credential, GraphClient, HttpClient, Origins, Transport, TransportError, Tuning};
use tokio::time::Instant;
use uuid::Uuid;

use crate::answer::Answer;

/// The client's secret. It may go to the identity platform only.
pub const SECRET: &str = "CANARY-secret";
/// The token that is given where nothing else is asked for.
pub const TOKEN: &str = "CANARY-token";

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Where to.
    pub uri: Uri,
    /// With which headers.
    pub headers: HeaderMap,
}

/// The other side.
#[derive(Debug)]
pub struct Scripted {
    token: Answer,
    answers: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<Sent>>,
}

impl Scripted {
    /// Graph gives these answers, one after the other, and then none.
    #[must_use]
    pub fn graph(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let token = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{TOKEN}"}}"#);
        Self::new(Answer::json(token), answers)
    }

    /// The identity platform gives this answer.
    #[must_use]
    pub fn new(token: Answer, answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { token, answers: Mutex::new(answers.into_iter().collect()), sent: Mutex::default() })
    }

    /// The requests to Graph so far.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client that does not try anything twice.
    #[must_use]
    pub fn client(self: &Arc<Self>) -> GraphClient {
        let tuning = Tuning {
            jitter_seed: Some(1),
            wall_clock: Arc::new(now),
            back_off: Duration::from_millis(1),
            retries: 0,
            throttled_retries: 0,
        };
        let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: SECRET.into() };
        let http = HttpClient::with_transport(self.clone());
        GraphClient::with_tuning(http, origins(), Uuid::from_u128(1), credential, tuning)
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match request.uri().authority().map(http::uri::Authority::as_str) {
            Some("login.test") => Ok(self.token.response()),
            Some("graph.test") => {
                assert_eq!(request.uri().scheme_str(), Some("https"));
                assert!(request.uri().path().starts_with("/v1.0/"), "{}", request.uri());
                let sent = Sent { uri: request.uri().clone(), headers: request.headers().clone() };
                self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
                let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                answer.map(|answer| answer.response()).ok_or(TransportError::Broken)
            }
            _ => panic!("a request left for {}", request.uri()),
        }
    }
}

impl Transport for Scripted {
    fn send(
        &self,
        request: Request<Bytes>,
        _: Option<Instant>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move { self.answer(&request) })
    }
}

/// Where Graph and the identity platform are.
///
/// # Panics
/// Never: they are two constants.
#[must_use]
pub fn origins() -> Origins {
    let url = |text: &str| text.parse().expect("a constant");
    Origins::custom(url("https://graph.test"), url("https://login.test")).expect("two origins")
}

/// The time at which everything happens.
///
/// # Panics
/// Never: it is a constant.
#[must_use]
pub fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a constant")
}

/// Runs something to its end, with pauses that take no time.
///
/// # Panics
/// There is no runtime.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}
