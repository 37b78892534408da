//! Stands between a function and a service, forwards each call as it is, and notes how long its answer took.
//!
//! The time that the forwarding itself takes is not in these notes. So whoever subtracts them from the time of an
//! invocation subtracts too little, never too much.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;
use crate::client::Plain;

/// The stopwatch. It stops serving with this value.
pub(crate) struct Stopwatch {
    url: String,
    calls: Arc<Mutex<Vec<Duration>>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Forwarder {
    client: Plain,
    target: Arc<str>,
    calls: Arc<Mutex<Vec<Duration>>>,
}

impl Stopwatch {
    /// Listens on a free port and forwards to this origin.
    pub(crate) async fn before(target: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let calls = Arc::default();
        let forwarder = Forwarder { client: Plain::new(), target: target.into(), calls: Arc::clone(&calls) };
        let router = Router::new().fallback(forward).with_state(forwarder);
        let server = tokio::spawn(async move {
            // It serves until the task is aborted.
            let _ = axum::serve(axum::serve::ListenerExt::tap_io(listener, nodelay), router).await;
        });
        Ok(Self { url, calls, server })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What was noted since the last time this was asked.
    pub(crate) fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Without this, small answers wait for the other side's delayed acknowledgement.
fn nodelay(stream: &mut tokio::net::TcpStream) {
    let _ = stream.set_nodelay(true);
}

async fn forward(State(forwarder): State<Forwarder>, request: Request) -> Response {
    match forwarder.forward(request).await {
        Ok(answer) => answer,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Forwarder {
    async fn forward(&self, request: Request) -> Result<Response> {
        let (mut head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{}{path}", self.target).parse::<Uri>()?;
        let begun = Instant::now();
        let mut answer = self.client.send(http::Request::from_parts(head, Full::new(body))).await?;
        let took = begun.elapsed();
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        answer.headers_mut().remove(CONNECTION);
        answer.headers_mut().remove(TRANSFER_ENCODING);
        Ok(answer.map(Body::from))
    }
}
