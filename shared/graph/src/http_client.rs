//! HTTP by reqwest and rustls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::transport::{Limits, Transport, TransportError};

/// Below the idle limits of load balancers in use (60 s and more), so that a pooled connection is hardly ever dead.
const IDLE: Duration = Duration::from_secs(20);
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A pool of connections, shared by any number of [`GraphClient`](crate::GraphClient)s. Cheap to clone.
///
/// TLS trusts the Mozilla roots compiled into the program: loading the system's costs milliseconds at every start.
/// Redirects are not followed and proxy variables of the environment are not read, so a token goes to the checked
/// origin only.
#[derive(Clone)]
pub struct HttpClient {
    transport: Arc<dyn Transport>,
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built: {0}")]
pub struct HttpClientError(String);

impl HttpClient {
    /// A client with the default [`Limits`].
    ///
    /// # Errors
    /// TLS could not be set up, which a program meets at its first start or never.
    pub fn new() -> Result<Self, HttpClientError> {
        Self::with_limits(Limits::default())
    }

    /// A client with other limits.
    ///
    /// # Errors
    /// As [`HttpClient::new`].
    pub fn with_limits(limits: Limits) -> Result<Self, HttpClientError> {
        Ok(Self::with_transport(Arc::new(Pooled::new(limits)?)))
    }

    /// A client over another way to the network, such as a simulation in the same process.
    pub fn with_transport(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
    }

    pub(crate) async fn send(
        &self,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        self.transport.send(request, until).await
    }
}

/// reqwest, with a pool that can be replaced.
///
/// Microsoft asks that a 503 be retried over a *new* connection. reqwest cannot drop a single connection, so the
/// whole pool that carried a failed exchange is retired: new exchanges get a fresh pool and therefore fresh
/// connections, those under way end on the old one, and with the last of them its connections close. Building a
/// pool costs some 20 µs, because the TLS configuration (with its session tickets) is shared.
struct Pooled {
    limits: Limits,
    tls: rustls::ClientConfig,
    current: Mutex<Pool>,
}

#[derive(Clone)]
struct Pool {
    number: u64,
    client: reqwest::Client,
}

impl Pooled {
    fn new(limits: Limits) -> Result<Self, HttpClientError> {
        let tls = tls().map_err(|error| HttpClientError(error.to_string()))?;
        let client = build(&tls, limits).map_err(|error| HttpClientError(error.to_string()))?;
        Ok(Self { limits, tls, current: Mutex::new(Pool { number: 0, client }) })
    }

    fn current(&self) -> Pool {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the pool with this number, unless somebody else has done so already.
    fn retire(&self, number: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number != number {
            return;
        }
        // A pool was built from the same parts before. Should it fail now, the old one is still better than none.
        if let Ok(client) = build(&self.tls, self.limits) {
            *current = Pool { number: number + 1, client };
        }
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let pool = self.current();
        let answer = read(&pool.client, request, self.limits, until).await;
        let failed = match &answer {
            Ok(answer) => answer.status().is_server_error(),
            Err(_) => true,
        };
        if failed {
            self.retire(pool.number);
        }
        answer
    }
}

impl Transport for Pooled {
    fn send(
        &self,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request, until))
    }
}

async fn read(
    client: &reqwest::Client,
    request: http::Request<Bytes>,
    limits: Limits,
    until: Option<Instant>,
) -> Result<http::Response<Bytes>, TransportError> {
    let start = Instant::now();
    let end = until.map_or(start + limits.total, |until| until.min(start + limits.total));
    let request = reqwest::Request::try_from(request).map_err(|_| TransportError::Connect)?;
    let mut answer = timeout_at(end.min(start + limits.headers), client.execute(request))
        .await
        .map_err(|_| TransportError::Timeout)?
        .map_err(|error| kind(&error))?;
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status();
    *head.headers_mut() = std::mem::take(answer.headers_mut());
    let body = timeout_at(end, body(&mut answer, limits.body)).await.map_err(|_| TransportError::Timeout)??;
    Ok(head.map(|()| body))
}

async fn body(answer: &mut reqwest::Response, limit: usize) -> Result<Bytes, TransportError> {
    // What the server announces is only believed up to the limit.
    let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = BytesMut::with_capacity(announced.min(limit));
    while let Some(chunk) = answer.chunk().await.map_err(|error| kind(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn kind(error: &reqwest::Error) -> TransportError {
    // reqwest's own connect time-out counts as both; nothing was sent, and that is what matters.
    if error.is_connect() {
        TransportError::Connect
    } else if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Broken
    }
}

fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // reqwest leaves the protocols of a preconfigured TLS alone.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn build(tls: &rustls::ClientConfig, limits: Limits) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(limits.connect)
        .pool_idle_timeout(IDLE)
        .user_agent(USER_AGENT)
        .build()
}
