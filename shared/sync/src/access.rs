//! From a connection to a Graph client with its credential.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, Digest, SHA256};
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::{GraphClient, HttpClient, IdentityPlatform, Origins, Tuning};
use rollcall_sign_in::entra::credential::{self, Unusable};
use rollcall_store::secrets::{ConnectionSecret, Secrets, StoredCredential};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The connection has no secret, or one that can't be read.
    #[error("the credential of the connection can't be read: {0}")]
    Secret(#[from] rollcall_store::Error),
    /// The credential is not one that can be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

/// Makes Graph clients, and keeps them, so that their access tokens serve later invocations too.
#[derive(Clone)]
pub struct GraphAccess {
    http: HttpClient,
    origins: Origins,
    secrets: Secrets,
    tuning: Tuning,
    clients: Arc<Mutex<HashMap<ConnectionId, Known>>>,
}

/// A client that was made, and from which secret.
struct Known {
    tenant: TenantId,
    client: GraphClient,
    secret: Digest,
}

impl GraphAccess {
    /// Access to the Graph of one cloud.
    #[must_use]
    pub fn new(http: HttpClient, origins: Origins, secrets: Secrets) -> Self {
        Self::with_tuning(http, origins, secrets, Tuning::default())
    }

    /// The same with other times, another clock and a known jitter, for simulations.
    #[must_use]
    pub fn with_tuning(http: HttpClient, origins: Origins, secrets: Secrets, tuning: Tuning) -> Self {
        Self { http, origins, secrets, tuning, clients: Arc::default() }
    }

    /// Where tokens come from, in the same cloud.
    #[must_use]
    pub fn identity_platform(&self) -> IdentityPlatform {
        IdentityPlatform::new(self.http.clone(), self.origins.clone())
    }

    /// The client of a connection, and the tenant that it talks to.
    ///
    /// # Errors
    /// [`AccessError`] when the credential can't be read or used.
    pub async fn client(&self, connection: ConnectionId) -> Result<(TenantId, GraphClient), AccessError> {
        // Held across the read on purpose: two callers must not make two clients with two token caches.
        let mut clients = self.clients.lock().await;
        if let Some(known) = clients.get(&connection) {
            return Ok((known.tenant, known.client.clone()));
        }
        let secret = self.read(connection).await?;
        let (tenant, client) = self.connect(&secret)?;
        clients.insert(connection, Known { tenant, client: client.clone(), secret: digest(&secret) });
        Ok((tenant, client))
    }

    /// After a refusal: was the stored credential replaced since the client was made? If so the
    /// next client uses the new one, and the refused call is worth one more try.
    ///
    /// # Errors
    /// [`AccessError`] when the credential can't be read.
    pub async fn renewed(&self, connection: ConnectionId) -> Result<bool, AccessError> {
        let mut clients = self.clients.lock().await;
        let secret = digest(&self.read(connection).await?);
        let renewed = clients.get(&connection).is_none_or(|known| known.secret.as_ref() != secret.as_ref());
        // Also where it is the same: after the repair of something else than the secret the token must be new.
        clients.remove(&connection);
        Ok(renewed)
    }

    /// The secret of a connection, with a credential that can be used.
    ///
    /// # Errors
    /// [`AccessError::Secret`].
    pub async fn read(&self, connection: ConnectionId) -> Result<ConnectionSecret, AccessError> {
        let secret = self.secrets.read(connection).await?;
        let credential = self.secrets.resolved(&secret.credential, (self.tuning.wall_clock)()).await?;
        Ok(ConnectionSecret { credential, ..secret })
    }

    /// A client for a credential that need not be stored yet.
    ///
    /// # Errors
    /// [`AccessError::Unusable`].
    pub fn connect(&self, secret: &ConnectionSecret) -> Result<(TenantId, GraphClient), AccessError> {
        let credential = credential::usable(&secret.credential)?;
        let (http, origins) = (self.http.clone(), self.origins.clone());
        let client = GraphClient::with_tuning(http, origins, secret.tenant.0, credential, self.tuning.clone());
        Ok((secret.tenant, client))
    }
}

/// Tells one secret from another without keeping it.
fn digest(secret: &ConnectionSecret) -> Digest {
    let mut context = Context::new(&SHA256);
    let mut part = |text: &str| {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    };
    part(&secret.tenant.to_string());
    match &secret.credential {
        StoredCredential::ClientSecret { client_id, secret } => {
            part(client_id);
            part(secret.expose_secret());
        }
        StoredCredential::Certificate { client_id, certificate_pem, private_key_pem } => {
            part(client_id);
            part(certificate_pem);
            part(private_key_pem.expose_secret());
        }
        StoredCredential::PlatformApplication => part("platform application"),
        StoredCredential::FederatedAssertion { client_id, .. } => part(client_id),
    }
    context.finish()
}
