//! Where a platform is told of sign-outs.

use super::session_of;
use crate::error::{Error, Result};
use crate::http::serve;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

type Heard = Arc<Mutex<BTreeMap<String, Instant>>>;

/// Listens at a platform's address. It takes every logout token, and looks at its session only. It stops with this value.
#[derive(Debug)]
pub struct Logouts {
    heard: Heard,
    server: JoinHandle<()>,
}

impl Logouts {
    /// Listens at this origin.
    ///
    /// # Errors
    /// Somebody else listens there.
    pub async fn listen(origin: &str) -> Result<Self> {
        let address = origin.trim_start_matches("http://");
        let listener = TcpListener::bind(address).await.map_err(Error::file(address))?;
        let heard = Heard::default();
        let router = Router::new().route("/backchannel-logout", post(hear)).with_state(Arc::clone(&heard));
        Ok(Self { heard, server: serve(listener, router) })
    }

    /// When a session's end was told.
    pub fn of(&self, session: &str) -> Option<Instant> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(session).copied()
    }

    /// Waits until a session's end was told.
    ///
    /// # Errors
    /// It was not, in time.
    pub async fn wait(&self, session: &str, patience: Duration) -> Result<Instant> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(told) = self.of(session) {
                return Ok(told);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Waited { what: "the platform to be told of a sign-out".to_owned(), seconds: patience.as_secs() })
    }
}

impl Drop for Logouts {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hear(State(heard): State<Heard>, form: String) {
    if let Some(session) = form.strip_prefix("logout_token=").and_then(session_of) {
        heard.lock().unwrap_or_else(PoisonError::into_inner).entry(session).or_insert_with(Instant::now);
    }
}
