//! The same server without sockets: requests and answers are values, and time is what a caller says it is.
//!
//! What a socket would do to an answer (a reset, a slow body, a body without end) is told beside it, for the caller
//! to act on in its own time.

use crate::FaultRule;
use crate::clock::{Clock, Source};
use crate::notify::{Post, Receiver};
use crate::options::TenantOptions;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::{Server, StartError, answer};
use crate::settings::Settings;
use crate::state::State;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// An answer, and how it would have come over the wire.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status, headers and body as sent.
    pub response: http::Response<Bytes>,
    /// Time before the head.
    pub head: Duration,
    /// Time from head to end; `None` when the end never comes.
    pub body: Option<Duration>,
    /// The connection breaks before the end.
    pub broken: bool,
}

impl Server {
    /// A server that is called by [`Server::exchange`] only. `origin` is the one that clients use; nothing listens
    /// there. What is spawned (notifications) runs on the current runtime and in its time.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub fn in_process(
        origin: &str,
        tenants: &[TenantOptions],
        clock: Source,
        receiver: Arc<dyn Receiver>,
    ) -> Result<Self, StartError> {
        let state = Arc::new(State::new(Clock::following(clock), Post::Here(receiver))?);
        Ok(Self::with_tenants(state, origin.to_owned(), None, tenants))
    }

    /// Answers one request, the control API's included.
    pub async fn exchange(&self, request: http::Request<Bytes>) -> Answer {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let request = Request::new(head.method, target, head.headers, body, self.origin.clone());
        as_answer(answer(&self.state, &request).await)
    }

    /// Changes the switches of a tenant.
    pub fn adjust(&self, tenant: Uuid, change: impl FnOnce(&mut Settings)) {
        if let Some(tenant) = self.state.tenant(tenant) {
            change(&mut crate::sync::write(&tenant.settings));
        }
    }

    /// The fault rules in force, each with the number of requests that it met and of faults that it injected.
    pub fn fault_report(&self) -> Vec<(FaultRule, u64, u64)> {
        self.state.faults.report()
    }

    /// Every delta link given out so far is refused with 410 from now on.
    pub fn reset_delta(&self, tenant: Uuid) {
        if let Some(tenant) = self.state.tenant(tenant) {
            tenant.reset_delta();
        }
    }

    /// The ids of a tenant's subscriptions.
    pub fn subscriptions(&self, tenant: Uuid) -> Vec<Uuid> {
        let tenant = self.state.tenant(tenant);
        tenant.map(|tenant| crate::sync::lock(&tenant.subscriptions).keys().copied().collect()).unwrap_or_default()
    }

    /// Removes a subscription without a word to anybody.
    pub fn drop_subscription(&self, tenant: Uuid, subscription: Uuid) {
        if let Some(tenant) = self.state.tenant(tenant) {
            crate::sync::lock(&tenant.subscriptions).remove(&subscription);
        }
    }
}

fn as_answer(reply: Reply) -> Answer {
    let wire = &reply.wire;
    let pieces = |size: usize| u64::try_from(reply.body.len().div_ceil(size.max(1))).unwrap_or(u64::MAX);
    let paced = wire.pace.map_or(0, |(size, millis)| pieces(size).saturating_mul(millis));
    let broken = wire.reset_after.is_some() || wire.reset_in_body.is_some() || wire.declared_length.is_some();
    let (head, endless) = (Duration::from_millis(wire.delay_millis), wire.endless);
    let mut response = http::Response::new(reply.body.clone());
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    Answer { response, head, body: (!endless).then(|| Duration::from_millis(paced)), broken }
}
