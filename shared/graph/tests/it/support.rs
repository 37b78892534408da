//! A transport that answers by a script and keeps a log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use rollcall_graph::{Credential, GraphClient, HttpClient, Origins, Transport, TransportError, Tuning, WallClock};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

/// What the scripted side answers.
pub(crate) type Reply = Result<Response<Bytes>, TransportError>;
type Script = dyn Fn(&Sent, usize) -> Reply + Send + Sync;

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is_token(&self) -> bool {
        self.url.ends_with("/oauth2/v2.0/token")
    }
}

/// The other side. Every answer takes `latency`.
pub(crate) struct Scripted {
    graph: Box<Script>,
    login: Box<Script>,
    latency: Duration,
    start: Instant,
    log: Mutex<Vec<Sent>>,
}

impl Scripted {
    /// Graph answers by this function of the request and of how many Graph calls were before.
    pub(crate) fn graph(graph: impl Fn(&Sent, usize) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Self::new(graph, |_, number| {
            ok(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-{number}")}))
        })
    }

    /// Both sides by a function.
    pub(crate) fn new(
        graph: impl Fn(&Sent, usize) -> Reply + Send + Sync + 'static,
        login: impl Fn(&Sent, usize) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            graph: Box::new(graph),
            login: Box::new(login),
            latency: Duration::from_millis(10),
            start: Instant::now(),
            log: Mutex::default(),
        })
    }

    pub(crate) fn log(&self) -> Vec<Sent> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn graph_log(&self) -> Vec<Sent> {
        self.log().into_iter().filter(|sent| !sent.is_token()).collect()
    }

    pub(crate) fn token_log(&self) -> Vec<Sent> {
        self.log().into_iter().filter(Sent::is_token).collect()
    }

    pub(crate) fn client(self: &Arc<Self>) -> GraphClient {
        self.client_with(secret())
    }

    pub(crate) fn client_with(self: &Arc<Self>, credential: Credential) -> GraphClient {
        self.client_tuned(credential, Tuning { jitter_seed: Some(7), wall_clock: wall_clock(), ..Tuning::default() })
    }

    pub(crate) fn client_tuned(self: &Arc<Self>, credential: Credential, tuning: Tuning) -> GraphClient {
        let http = HttpClient::with_transport(self.clone());
        GraphClient::with_tuning(http, origins(), Uuid::from_u128(1), credential, tuning)
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request<Bytes>, until: Option<Instant>) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let sent = Sent {
                at: self.start.elapsed(),
                method: request.method().to_string(),
                url: request.uri().to_string(),
                headers: request.headers().clone(),
                body: String::from_utf8(request.body().to_vec()).unwrap(),
            };
            let number = {
                let mut log = self.log.lock().unwrap();
                let number = log.iter().filter(|other| other.is_token() == sent.is_token()).count();
                log.push(sent.clone());
                number
            };
            let end = Instant::now() + self.latency;
            if until.is_some_and(|until| until < end) {
                tokio::time::sleep_until(until.unwrap()).await;
                return Err(TransportError::Timeout);
            }
            tokio::time::sleep_until(end).await;
            if sent.is_token() { (self.login)(&sent, number) } else { (self.graph)(&sent, number) }
        })
    }
}

pub(crate) fn origins() -> Origins {
    Origins::custom("https://graph.test".parse().unwrap(), "https://login.test".parse().unwrap()).unwrap()
}

pub(crate) fn secret() -> Credential {
    Credential::ClientSecret { client_id: "app".to_owned(), secret: "CANARY-secret".into() }
}

pub(crate) fn start_of_time() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// A wall clock that runs with tokio's.
pub(crate) fn wall_clock() -> WallClock {
    let start = Instant::now();
    Arc::new(move || start_of_time() + start.elapsed())
}

pub(crate) fn ok(body: &Value) -> Reply {
    answer(200, body)
}

pub(crate) fn answer(status: u16, body: &Value) -> Reply {
    raw(status, "application/json", body.to_string())
}

pub(crate) fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
    Ok(Response::builder().status(status).header("content-type", content_type).body(body.into()).unwrap())
}

pub(crate) fn error(status: u16, code: &str) -> Reply {
    answer(status, &json!({"error": {"code": code, "message": "CANARY-message", "innerError": {"request-id": "x"}}}))
}

pub(crate) fn with(reply: Reply, name: &'static str, value: &str) -> Reply {
    reply.map(|mut answer| {
        answer.headers_mut().insert(name, value.parse().unwrap());
        answer
    })
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}
