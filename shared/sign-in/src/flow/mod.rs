//! What happens, step by step. Each step reads what it needs, lets the pure parts decide, and writes.
//!
//! * [`start`]: somebody wants to sign in. [`callback`]: Entra has answered. [`wait`]: an account is being made.
//! * [`token`], [`userinfo`]: a client fetches what it is due. [`sign_out`]: sessions end.
//! * [`consent`]: an administrator lets the application into their tenant.
//! * [`delegation`]: somebody lets the application act for them.
//! * [`link`]: sign-ins that begin here.
//! * [`reply`]: what comes out of each.

pub mod callback;
pub mod consent;
pub mod delegation;
pub mod link;
pub mod reply;
pub mod sign_out;
pub mod start;
pub mod token;
pub mod userinfo;
pub mod wait;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::IdentityPlatform;
use rollcall_store::{ConnectionSecret, Error as StoreError, Secrets, StoredCredential, Table};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cookie::Cookies;
use crate::entra::key_store::KeyStore;
use crate::page::{self, Language};
use crate::ports::Admission;
use crate::provider::signing_keys::SigningKeys;
use crate::refusal::Refusal;
use crate::seal::SealKey;
use reply::Reply;

/// So long a connection's secret is kept in memory.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Connections whose secrets are kept in memory.
const KNOWN: usize = 1_000;

/// Everything that sign-ins work with. One for each process.
pub struct Service {
    /// The table.
    pub table: Table,
    /// Credentials.
    pub secrets: Secrets,
    /// Entra.
    pub platform: IdentityPlatform,
    /// The keys of Entra's issuers.
    pub keys: KeyStore,
    /// The deployment's own key.
    pub seal: SealKey,
    /// The provider's signing keys.
    pub signing: SigningKeys,
    /// Lets people in who have no account yet.
    pub admission: Arc<dyn Admission>,
    /// Our base address, without a slash at its end: the provider's issuer.
    pub issuer: String,
    known: Mutex<HashMap<ConnectionId, (Timestamp, ConnectionSecret)>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// One request of a browser.
#[derive(Debug)]
pub struct Visit<'a> {
    /// Its cookies.
    pub cookies: &'a Cookies,
    /// The language of the person.
    pub language: Language,
    /// The address that it comes from, as the gateway saw it.
    pub address: &'a str,
    /// The time.
    pub now: Timestamp,
    /// When an answer must be there.
    pub until: Instant,
}

impl Service {
    /// A service of these parts.
    #[must_use]
    pub fn new(
        table: Table,
        secrets: Secrets,
        platform: IdentityPlatform,
        seal: SealKey,
        signing: SigningKeys,
        admission: Arc<dyn Admission>,
        issuer: String,
    ) -> Self {
        let keys = KeyStore::new(platform.clone(), table.clone(), seal.clone());
        Self { table, secrets, platform, keys, seal, signing, admission, issuer, known: Mutex::default() }
    }

    /// An address of ours.
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The tenant and the credential of a connection, the latter ready for use.
    async fn secret(&self, connection: ConnectionId, now: Timestamp) -> Result<ConnectionSecret, StoreError> {
        // Held across the call on purpose: many sign-ins at once read once.
        let mut known = self.known.lock().await;
        if let Some((at, secret)) = known.get(&connection)
            && now.duration_since(*at).abs() < FRESH
        {
            return Ok(secret.clone());
        }
        let secret = self.secrets.read(connection).await?;
        let credential = self.secrets.resolved(&secret.credential, now).await?;
        let secret = ConnectionSecret { credential, ..secret };
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(connection, (now, secret.clone()));
        Ok(secret)
    }

    /// Forgets a connection's secret: after it did not work, since somebody may just have replaced it.
    async fn forget(&self, connection: ConnectionId) {
        self.known.lock().await.remove(&connection);
    }

    /// The platform's own application, where there is one.
    async fn application(&self, now: Timestamp) -> Result<Option<StoredCredential>, StoreError> {
        self.secrets.application(now).await
    }

    /// The page of a refusal, and a line of the log.
    fn refuse(&self, refusal: &Refusal, visit: &Visit<'_>) -> Reply {
        log(refusal, None);
        Reply::page(refusal.status(), page::refusal(refusal, visit.language, None))
    }
}

/// One line for each refusal, with the word for it and no more of who or what it was.
fn log(refusal: &Refusal, connection: Option<ConnectionId>) {
    let connection = connection.map(|id| id.to_string());
    match refusal {
        Refusal::Token(error) => {
            tracing::warn!(reason = refusal.code(), detail = %error, connection.id = connection, "a sign-in was refused");
        }
        _ => tracing::warn!(reason = refusal.code(), connection.id = connection, "a sign-in was refused"),
    }
}
