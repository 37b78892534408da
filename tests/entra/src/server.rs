//! The HTTP server.

use crate::control;
use crate::directory::Directory;
use crate::faults::{self, Fault, Plane};
use crate::graph::{self, Photo};
use crate::login::{self, KeyError};
use crate::metrics::{Counts, Delivery};
use crate::options::{Options, TenantOptions};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use crate::wire::{Allowance, AnswerBody, OddBody, Socket};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

/// A running server. Dropping it stops it at once; [`Server::stop`] lets running requests end.
#[derive(Debug)]
pub struct Server {
    pub(crate) state: Arc<State>,
    pub(crate) origin: String,
    accepting: Option<JoinHandle<()>>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be listened on.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// The signing keys could not be made.
    #[error("cannot make signing keys: {0}")]
    Keys(#[from] KeyError),
    /// The client that delivers notifications could not be made.
    #[error("cannot make the notification client: {0}")]
    Client(String),
}

/// What a client needs to know to use a tenant.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantInfo {
    /// The tenant id.
    pub tenant_id: Uuid,
    /// The tenant's domain.
    pub domain: String,
    /// The client id of the seeded app.
    pub client_id: Uuid,
    /// The value of its secret.
    pub client_secret: String,
    /// The id of its secret, which is not the value.
    pub client_secret_id: Uuid,
    /// Groups at the top of the nesting, which a sync might take as its scope.
    pub roots: Vec<Uuid>,
}

impl Server {
    /// Seeds the tenants and starts to serve.
    ///
    /// # Errors
    /// The port is taken, or the cryptographic library failed.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind((options.address, options.port)).await?;
        let address = listener.local_addr()?;
        let client = crate::notify::client().map_err(|error| StartError::Client(error.to_string()))?;
        let state = Arc::new(State::new(crate::clock::Clock::default(), crate::notify::Post::Http(client))?);
        let accepting = Some(tokio::spawn(accept(listener, state.clone())));
        Ok(Self::with_tenants(state, format!("http://{address}"), accepting, &options.tenants))
    }

    pub(crate) fn with_tenants(
        state: Arc<State>,
        origin: String,
        accepting: Option<JoinHandle<()>>,
        tenants: &[TenantOptions],
    ) -> Self {
        let server = Self { state, origin, accepting };
        for tenant in tenants {
            server.add_tenant(tenant);
        }
        server
    }

    /// The origin of Graph, of the identity platform and of the control API.
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    /// Seeds one more tenant, in place of one with the same id.
    pub fn add_tenant(&self, options: &TenantOptions) -> TenantInfo {
        let tenant = Arc::new(crate::seed::tenant(options, self.state.clock.now_millis()));
        let info = info(&tenant);
        crate::sync::write(&self.state.tenants).insert(tenant.id, tenant);
        info
    }

    /// The tenants, in order of their ids.
    pub fn tenants(&self) -> Vec<TenantInfo> {
        crate::sync::read(&self.state.tenants).values().map(|tenant| info(tenant)).collect()
    }

    /// The first tenant.
    pub fn tenant(&self) -> Option<TenantInfo> {
        self.tenants().into_iter().next()
    }

    /// Reads a tenant's directory without HTTP; `None` when there is no such tenant.
    pub fn read<T>(&self, tenant: Uuid, reader: impl FnOnce(&Directory) -> T) -> Option<T> {
        let tenant = self.state.tenant(tenant)?;
        let directory = crate::sync::read(&tenant.directory);
        Some(reader(&directory))
    }

    /// Changes a tenant's directory without HTTP. The closure gets the time in milliseconds since 1970; notifications
    /// follow as for any change. `None` when there is no such tenant.
    pub fn change<T>(&self, tenant: Uuid, edit: impl FnOnce(&mut Directory, i64) -> T) -> Option<T> {
        Some(self.state.tenant(tenant)?.change(&self.state, edit))
    }

    /// Gives a person another photo, or none. Nobody is notified, and no delta query tells of it. `None` when there is no such tenant.
    pub fn set_photo(&self, tenant: Uuid, person: Uuid, photo: Option<Photo>) -> Option<()> {
        let tenant = self.state.tenant(tenant)?;
        crate::sync::lock(&tenant.photos).set(person, photo);
        Some(())
    }

    /// Replaces the fault rules.
    ///
    /// # Errors
    /// A pattern is no regular expression.
    pub fn set_faults(&self, rules: Vec<crate::FaultRule>) -> Result<(), faults::RuleError> {
        self.state.faults.replace(rules)
    }

    /// The counts since the last reset.
    pub fn counts(&self) -> Counts {
        self.state.metrics.counts()
    }

    /// What became of each notification since the last reset.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state.metrics.deliveries()
    }

    /// Sets counts and deliveries to nothing.
    pub fn reset_metrics(&self) {
        self.state.metrics.reset();
    }

    /// Moves the virtual clock.
    pub fn advance_clock(&self, by: Duration) {
        self.state.clock.advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Lets running requests end, for two seconds at most, and stops.
    pub async fn stop(mut self) {
        self.state.stop.send_replace(true);
        if let Some(accepting) = self.accepting.take() {
            // The only error is that the task was cancelled, which is what is wanted.
            let _ = accepting.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop.send_replace(true);
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

pub(crate) fn info(tenant: &Tenant) -> TenantInfo {
    let apps = crate::sync::read(&tenant.apps);
    let app = apps.values().find(|app| app.home.is_none());
    let secret = app.and_then(|app| app.secrets.last());
    TenantInfo {
        tenant_id: tenant.id,
        domain: tenant.domain.clone(),
        client_id: app.map(|app| app.client_id).unwrap_or_default(),
        client_secret: secret.map(|secret| secret.value.clone()).unwrap_or_default(),
        client_secret_id: secret.map(|secret| secret.id).unwrap_or_default(),
        roots: tenant.roots.clone(),
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = state.stopped() => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, state.clone()));
            }
            // Out of file descriptors, most likely: give others time to close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off when the set is dropped.
    let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    // Without this, small answers wait for the other side's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let allowance = Allowance::unlimited();
    let socket = TokioIo::new(Socket::new(stream, allowance.clone()));
    let service = service_fn(|request| {
        let (state, allowance) = (state.clone(), allowance.clone());
        async move { Ok::<_, Infallible>(send(handle(&state, request).await, &allowance).await) }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().timer(TokioTimer::new()).serve_connection(socket, service);
    tokio::pin!(connection);
    // An error of a connection is the client's, or a fault we injected.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = state.stopped() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn handle(state: &Arc<State>, request: hyper::Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Reply::empty(400) };
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = format!("http://{host}");
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(head.method, target, head.headers, body.to_bytes(), origin);
    answer(state, &request).await
}

/// Answers a request of any of the three APIs.
pub(crate) async fn answer(state: &Arc<State>, request: &Request) -> Reply {
    match request.segments.first().map(String::as_str) {
        Some("control") => control::answer(state, request),
        Some("v1.0" | "beta") => {
            let _in_flight = state.metrics.enter();
            let reply = graph::answer(state, request).await;
            state.metrics.count(request, &reply);
            reply
        }
        _ => {
            let reply = login_answer(state, request);
            state.metrics.count(request, &reply);
            reply
        }
    }
}

fn login_answer(state: &State, request: &Request) -> Reply {
    let tenant = request.segments.first().and_then(|name| state.tenant_by_name(name)).map(|tenant| tenant.id);
    let fault = state.faults.pick(request, Plane::Login, tenant, false);
    if let Some(fault) = &fault {
        state.metrics.count_fault(&fault.kind());
    }
    if let Some(reply) = fault.as_ref().and_then(|fault| faults::instead(fault, request, state.clock.now())) {
        return reply;
    }
    let reply = login::answer(state, request).unwrap_or_else(|| not_received(request));
    match fault {
        Some(fault) if !matches!(fault, Fault::StaleRead { .. }) => faults::after(&fault, reply, request),
        _ => reply,
    }
}

/// A path of none of the three APIs is a mistake of the client's, and says so.
fn not_received(request: &Request) -> Reply {
    Reply::bytes(404, "text/plain", format!("{} on {} is not served here", request.method, request.path))
}

async fn send(reply: Reply, allowance: &Allowance) -> hyper::Response<AnswerBody> {
    if reply.wire.delay_millis > 0 {
        tokio::time::sleep(Duration::from_millis(reply.wire.delay_millis)).await;
    }
    if let Some(bytes) = reply.wire.reset_after {
        allowance.set(bytes);
    }
    if let Some(bytes) = reply.wire.reset_in_body {
        allowance.set(bytes.min(reply.body.len() / 2) + head_length(&reply));
    }
    let odd = reply.wire.pace.is_some() || reply.wire.declared_length.is_some() || reply.wire.endless;
    let body = if odd {
        OddBody::new(reply.body.clone(), &reply.wire).boxed()
    } else {
        Full::<Bytes>::new(reply.body.clone()).map_err(|never| match never {}).boxed()
    };
    let mut response = hyper::Response::new(body);
    *response.status_mut() =
        hyper::StatusCode::from_u16(reply.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if let Some(length) = reply.wire.declared_length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// About how long the head is: status line, headers, and the date and length that are added.
fn head_length(reply: &Reply) -> usize {
    80 + reply.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>()
}
