//! Everything that one server shares between its requests.

use crate::clock::Clock;
use crate::faults::Faults;
use crate::graph::Sessions;
use crate::login::{Browsers, Grants, Keys};
use crate::metrics::Metrics;
use crate::notify::Outbox;
use crate::tenant::Tenant;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

/// Shared by all requests of one server.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) grants: Grants,
    pub(crate) browsers: Browsers,
    pub(crate) tenants: RwLock<BTreeMap<Uuid, Arc<Tenant>>>,
    pub(crate) sessions: Sessions,
    pub(crate) faults: Faults,
    pub(crate) metrics: Metrics,
    pub(crate) outbox: Outbox,
    pub(crate) post: crate::notify::Post,
    pub(crate) runtime: Handle,
    pub(crate) stop: watch::Sender<bool>,
}

impl State {
    /// Everything that a server needs, with no tenant yet. What it spawns runs on the current runtime.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn new(clock: Clock, post: crate::notify::Post) -> Result<Self, crate::login::KeyError> {
        Ok(Self {
            clock,
            keys: Keys::new()?,
            grants: Grants::default(),
            browsers: Browsers::default(),
            tenants: RwLock::default(),
            sessions: Sessions::default(),
            faults: Faults::default(),
            metrics: Metrics::default(),
            outbox: Outbox::default(),
            post,
            runtime: Handle::current(),
            stop: watch::channel(false).0,
        })
    }

    pub(crate) fn tenant(&self, id: Uuid) -> Option<Arc<Tenant>> {
        crate::sync::read(&self.tenants).get(&id).cloned()
    }

    /// The tenant with that id or domain.
    pub(crate) fn tenant_by_name(&self, name: &str) -> Option<Arc<Tenant>> {
        if let Ok(id) = Uuid::parse_str(name) {
            return self.tenant(id);
        }
        crate::sync::read(&self.tenants).values().find(|tenant| tenant.domain.eq_ignore_ascii_case(name)).cloned()
    }

    /// Waits until the server stops.
    pub(crate) async fn stopped(&self) {
        let mut signal = self.stop.subscribe();
        // An error means that the sender is gone, which is the same.
        let _ = signal.wait_for(|stopped| *stopped).await;
    }
}
