//! A simulated tenant, a webhook that answers its handshakes, and a client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use entra::{Options, Server, TenantInfo, TenantOptions};
use futures::future::BoxFuture;
use rollcall_directory::identity::{ConnectionId, GroupId, TenantId};
use rollcall_directory::scope::Scope;
use rollcall_graph::subscriptions::{self, Subscription as Listed};
use rollcall_graph::{Credential, GraphClient, HttpClient, Origins};
use rollcall_store::{Error as StoreError, Subscription};
use rollcall_sync::job::Message;
use rollcall_sync::ports::{Queue, QueueError};
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::subscription::keeper::Rows;
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

pub(crate) struct Stage {
    pub(crate) entra: Server,
    pub(crate) info: TenantInfo,
    pub(crate) addresses: Addresses,
    _webhook: MockServer,
}

/// Repeats the validation token, as Graph's handshake wants it.
struct Handshake;

impl Respond for Handshake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let token = request.url.query_pairs().find(|(name, _)| name == "validationToken");
        match token {
            Some((_, token)) => ResponseTemplate::new(200).set_body_string(token.into_owned()),
            None => ResponseTemplate::new(202),
        }
    }
}

impl Stage {
    pub(crate) async fn with(options: TenantOptions) -> Self {
        let entra = Server::start(Options::one(options)).await.unwrap();
        let webhook = MockServer::start().await;
        Mock::given(matchers::method("POST")).respond_with(Handshake).mount(&webhook).await;
        Self {
            info: entra.tenant().unwrap(),
            addresses: Addresses::new(webhook.uri().parse().unwrap()),
            entra,
            _webhook: webhook,
        }
    }

    pub(crate) async fn start() -> Self {
        Self::with(small()).await
    }

    pub(crate) fn tenant(&self) -> TenantId {
        TenantId(self.info.tenant_id)
    }

    pub(crate) fn client(&self) -> GraphClient {
        self.client_of(self.info.tenant_id, &self.info.client_id.to_string(), &self.info.client_secret)
    }

    pub(crate) fn client_of(&self, tenant: Uuid, client_id: &str, secret: &str) -> GraphClient {
        let origin: Url = self.entra.origin().parse().unwrap();
        let origins = Origins::custom(origin.clone(), origin).unwrap();
        let credential =
            Credential::ClientSecret { client_id: client_id.to_owned(), secret: SecretString::from(secret) };
        GraphClient::new(HttpClient::new().unwrap(), origins, tenant, credential)
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::any_of(self.info.roots.iter().map(|root| GroupId(*root)).collect())
    }

    /// What Graph has.
    pub(crate) async fn listed(&self) -> Vec<Listed> {
        let mut listed = self.client().send(&subscriptions::list()).await.unwrap().value;
        listed.sort_by(|one, other| one.resource.cmp(&other.resource));
        listed
    }
}

/// A tenant that starts quickly.
pub(crate) fn small() -> TenantOptions {
    TenantOptions { people: 20, groups: 4, roots: 2, ..TenantOptions::default() }
}

/// The same, without one permission.
pub(crate) fn without(permission: &str) -> TenantOptions {
    let mut options = small();
    options.roles.retain(|role| role != permission);
    options
}

/// Rows and queue in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) rows: Arc<Mutex<BTreeMap<Uuid, Subscription>>>,
    pub(crate) sent: Arc<Mutex<Vec<Message>>>,
}

impl Memory {
    pub(crate) fn rows(&self) -> Vec<Subscription> {
        let mut rows: Vec<Subscription> = self.rows.lock().unwrap().values().cloned().collect();
        rows.sort_by_key(|row| row.resource);
        rows
    }
}

impl Rows for Memory {
    fn list(&self, _: ConnectionId) -> BoxFuture<'_, Result<Vec<Subscription>, StoreError>> {
        Box::pin(async { Ok(self.rows()) })
    }

    fn put<'a>(&'a self, _: ConnectionId, row: &'a Subscription) -> BoxFuture<'a, Result<(), StoreError>> {
        self.rows.lock().unwrap().insert(row.nonce, row.clone());
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, _: ConnectionId, nonce: Uuid) -> BoxFuture<'_, Result<(), StoreError>> {
        self.rows.lock().unwrap().remove(&nonce);
        Box::pin(async { Ok(()) })
    }
}

impl Queue for Memory {
    fn send<'a>(&'a self, message: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        self.sent.lock().unwrap().push(message.clone());
        Box::pin(async { Ok(()) })
    }
}
