//! The client of one tenant.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::cloud::Origins;
use crate::credential::Credential;
use crate::http_client::HttpClient;
use crate::pace::Pace;
use crate::patience::{Jitter, Tuning};
use crate::token::TokenProvider;

/// Reads one tenant's directory. Cheap to clone; clones share the token, the pace and the counters.
#[derive(Clone)]
pub struct GraphClient {
    pub(crate) shared: Arc<Shared>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) priority: Priority,
}

pub(crate) struct Shared {
    pub(crate) http: HttpClient,
    pub(crate) origins: Origins,
    pub(crate) tokens: TokenProvider,
    pub(crate) tuning: Tuning,
    pub(crate) jitter: Jitter,
    pace: Mutex<Pace>,
    requests: AtomicU64,
    throttled: AtomicU64,
    waited: AtomicU64,
}

/// Which calls Graph throttles first (header `x-ms-throttle-priority`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// Work in the background.
    Low,
    /// Graph's own default.
    #[default]
    Normal,
    /// Somebody is waiting for the answer.
    High,
}

/// What a client has asked of Graph since it was made, for the record of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// HTTP requests to Graph, repeated ones included. A `$batch` counts as one.
    pub requests: u64,
    /// Answers that asked for a pause (429), in a `$batch` per item.
    pub throttled: u64,
    /// The time that calls spent in pauses, added up over concurrent calls.
    pub waited: Duration,
}

impl GraphClient {
    /// A client for `tenant`. Nothing is sent before the first call.
    pub fn new(http: HttpClient, origins: Origins, tenant: Uuid, credential: Credential) -> Self {
        Self::with_tuning(http, origins, tenant, credential, Tuning::default())
    }

    /// A client with other times and a known jitter, for tests and simulations.
    pub fn with_tuning(
        http: HttpClient,
        origins: Origins,
        tenant: Uuid,
        credential: Credential,
        tuning: Tuning,
    ) -> Self {
        let tokens = TokenProvider::new(http.clone(), &origins, tenant, credential);
        let jitter = Jitter::new(tuning.jitter_seed);
        let shared = Shared {
            http,
            origins,
            tokens,
            tuning,
            jitter,
            pace: Mutex::default(),
            requests: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            waited: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), deadline: None, priority: Priority::default() }
    }

    /// A handle whose calls never run or wait past `deadline`: they fail before it with
    /// [`Error::Throttled`](crate::Error::Throttled) or [`Error::Transient`](crate::Error::Transient), which say how
    /// long to wait. Without it a call may take minutes.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// A handle whose calls have this priority.
    #[must_use]
    pub fn priority(&self, priority: Priority) -> Self {
        Self { priority, ..self.clone() }
    }

    /// The origins that this client talks to.
    pub fn origins(&self) -> &Origins {
        &self.shared.origins
    }

    /// HTTP requests to Graph so far.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// All counters.
    pub fn usage(&self) -> Usage {
        Usage {
            requests: self.requests(),
            throttled: self.shared.throttled.load(Ordering::Relaxed),
            waited: Duration::from_millis(self.shared.waited.load(Ordering::Relaxed)),
        }
    }
}

impl Shared {
    pub(crate) fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_wait(&self, wait: Duration) {
        self.waited.fetch_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Priority {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClient").field("graph", &self.shared.origins.graph().as_str()).finish_non_exhaustive()
    }
}
