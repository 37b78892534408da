//! What the handlers work with, and the router.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use rollcall_graph::{HttpClient, IdentityPlatform};
use rollcall_runtime::clients::Clients;
use rollcall_runtime::config::{GraphConfig, QueueConfig, SecretsConfig, SignInConfig, SigningKeysConfig, TableConfig};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::StartError;
use rollcall_sign_in::flow::Service;
use rollcall_sign_in::provider::signing_keys::SigningKeys;
use rollcall_sign_in::seal::SealKey;
use rollcall_sync::access::GraphAccess;
use rollcall_sync::admission::DirectoryAdmission;
use rollcall_sync::subscription::address::Addresses;

use crate::http::answer;
use crate::routes;

/// The largest body: a form with a token or an assertion.
const LARGEST_BODY: usize = 64 * 1024;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Sign-ins.
    pub service: Arc<Service>,
}

impl App {
    /// Reads the configuration and makes the clients.
    ///
    /// # Errors
    /// The configuration or the key of sign-ins can't be read.
    pub async fn open() -> Result<Self, StartError> {
        let (table, queue, graph) = (TableConfig::from_env()?, QueueConfig::from_env()?, GraphConfig::from_env()?);
        let (secrets, sign_in) = (SecretsConfig::from_env()?, SignInConfig::from_env()?);
        let signing = SigningKeysConfig::from_env()?;
        let clients = Clients::load().await;
        let secrets = clients.secrets(&secrets);
        let http = HttpClient::new()?;
        let platform = IdentityPlatform::new(http.clone(), graph.origins.clone());
        let access = GraphAccess::new(http, graph.origins, secrets.clone());
        let admission = DirectoryAdmission::new(
            access,
            Arc::new(SyncQueue::new(&clients, &queue)),
            Addresses::new(sign_in.public.base.clone()),
        );
        let seal = SealKey::new(&clients.secret(&sign_in.key_arn).await?);
        let signing = SigningKeys::new(secrets.clone(), signing.keys_arn);
        let (table, issuer) = (clients.table(&table), sign_in.issuer());
        let service = Service::new(table, secrets, platform, seal, signing, Arc::new(admission), issuer);
        Ok(Self { service: Arc::new(service) })
    }
}

/// All routes with everything around them.
pub fn router(app: App) -> Router {
    routes::all()
        .fallback(answer::no_route)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(app.clone(), answer::finish))
        .with_state(app)
}
