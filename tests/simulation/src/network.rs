//! The way to the simulated tenant without a network: [`Transport`] in virtual time.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use entra::Server;
use flate2::read::GzDecoder;
use futures::future::BoxFuture;
use rollcall_graph::{Limits, Transport, TransportError};
use tokio::time::{Instant, sleep, timeout_at};

use crate::trace::Trace;

/// Where Graph and the identity platform are reached. Nothing listens there.
pub const ORIGIN: &str = "https://tenant.example";

/// Decides how a request travels.
pub trait Route: Send + Sync {
    /// How long it takes, each way, and whether it arrives at all.
    fn journey(&self, client: &str, path: &str) -> Journey;
}

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journey {
    /// Time there.
    pub there: Duration,
    /// Time back.
    pub back: Duration,
    /// No connection comes about.
    pub refused: bool,
}

/// Every request takes five milliseconds each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Straight;

impl Route for Straight {
    fn journey(&self, _client: &str, _path: &str) -> Journey {
        Journey { there: Duration::from_millis(5), back: Duration::from_millis(5), refused: false }
    }
}

/// What all clients of a tenant share.
pub struct Network {
    server: Arc<Server>,
    route: Arc<dyn Route>,
    trace: Trace,
    requests: AtomicU64,
    strayed: AtomicU64,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("requests", &self.requests()).finish_non_exhaustive()
    }
}

impl Network {
    pub(crate) fn new(server: Arc<Server>, route: Arc<dyn Route>, trace: Trace) -> Self {
        Self { server, route, trace, requests: AtomicU64::new(0), strayed: AtomicU64::new(0) }
    }

    /// Requests so far, to whatever host.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Requests to another host than the tenant's. There must be none.
    #[must_use]
    pub fn strayed(&self) -> u64 {
        self.strayed.load(Ordering::Relaxed)
    }

    async fn exchange(
        &self,
        client: &str,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let limits = Limits::default();
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !request.uri().to_string().starts_with(ORIGIN) {
            self.strayed.fetch_add(1, Ordering::Relaxed);
            return Err(TransportError::Connect);
        }
        let start = Instant::now();
        let end = until.map_or(start + limits.total, |until| until.min(start + limits.total));
        let Journey { there, back, refused } = self.route.journey(client, request.uri().path());
        if refused {
            sleep(there).await;
            return Err(TransportError::Connect);
        }
        let head = async {
            sleep(there).await;
            let answer = self.server.exchange(request).await;
            sleep(answer.head + back).await;
            answer
        };
        let answer = timeout_at(end.min(start + limits.headers), head).await.map_err(|_| TransportError::Timeout)?;
        let Some(time) = answer.body.filter(|time| Instant::now() + *time < end) else {
            tokio::time::sleep_until(end).await;
            return Err(TransportError::Timeout);
        };
        sleep(time).await;
        if answer.broken {
            return Err(TransportError::Broken);
        }
        let response = decoded(answer.response)?;
        if response.body().len() > limits.body { Err(TransportError::TooLarge) } else { Ok(response) }
    }
}

/// A gzip body is decoded on the way, as the real client does.
fn decoded(response: http::Response<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
    if response.headers().get(http::header::CONTENT_ENCODING).is_none_or(|encoding| encoding != "gzip") {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let mut plain = Vec::new();
    GzDecoder::new(body.as_ref()).read_to_end(&mut plain).map_err(|_| TransportError::Broken)?;
    head.headers.remove(http::header::CONTENT_ENCODING);
    head.headers.remove(http::header::CONTENT_LENGTH);
    Ok(http::Response::from_parts(head, plain.into()))
}

/// The network as one client sees it.
pub(crate) struct Line {
    pub(crate) network: Arc<Network>,
    pub(crate) client: String,
}

impl Transport for Line {
    fn send(
        &self,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let what = format!("{} graph {} {}", self.client, request.method(), request.uri().path());
            let answer = self.network.exchange(&self.client, request, until).await;
            let outcome = match &answer {
                Ok(response) => response.status().as_u16().to_string(),
                Err(error) => error.to_string(),
            };
            self.network.trace.note(&format!("{what}: {outcome}"));
            answer
        })
    }
}
