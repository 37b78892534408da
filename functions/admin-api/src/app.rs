//! What the handlers work with, and the router.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use rollcall_graph::HttpClient;
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{
    AdminConfig, ChannelConfig, GraphConfig, QueueConfig, SecretsConfig, SignInConfig, TableConfig, WebhookConfig,
};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::StartError;
use rollcall_sign_in::seal::SealKey;
use rollcall_store::{Secrets, Table};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::notice::Channels;
use rollcall_sync::ports::Queue;
use rollcall_sync::subscription::address::Addresses;

use crate::http::{answer, token};
use crate::routes;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub table: Table,
    /// Credentials and the admin token.
    pub secrets: Secrets,
    /// Graph.
    pub access: GraphAccess,
    /// Where jobs go.
    pub queue: Arc<dyn Queue>,
    /// Where Graph sends notifications.
    pub addresses: Addresses,
    /// Teams channels.
    pub channels: Channels,
    /// ARN of the secret that holds the admin token.
    pub token: Arc<str>,
    /// ARN of the secret that holds the credential of the platform's own application.
    pub application: Arc<str>,
    /// Under what tenants stand in the table.
    pub seal: SealKey,
    /// Where people sign in: what links begin with.
    pub issuer: Arc<str>,
}

impl App {
    /// Reads the configuration and makes the clients.
    ///
    /// # Errors
    /// The configuration, the admin token or the key of sign-ins can't be read.
    pub async fn open() -> Result<Self, StartError> {
        let (table, queue, admin) = (TableConfig::from_env()?, QueueConfig::from_env()?, AdminConfig::from_env()?);
        let (graph, secrets, webhook) =
            (GraphConfig::from_env()?, SecretsConfig::from_env()?, WebhookConfig::from_env()?);
        let sign_in = SignInConfig::from_env()?;
        let clients = Clients::load().await;
        let channels = clients.channels(&secrets, ChannelConfig::from_env()?)?;
        let application = secrets.application_arn.as_str().into();
        let secrets = clients.secrets(&secrets);
        let cursors = token::cursor_key(&secrets, &admin.token_arn).await?;
        let seal = SealKey::new(&secrets.plain(&sign_in.key_arn, clock::now()).await?);
        Ok(Self {
            table: clients.table(&table).with_cursor_key(&cursors),
            access: GraphAccess::new(HttpClient::new()?, graph.origins, secrets.clone()),
            secrets,
            queue: Arc::new(SyncQueue::new(&clients, &queue)),
            addresses: Addresses::new(webhook.base),
            channels,
            token: admin.token_arn.into(),
            application,
            seal,
            issuer: sign_in.issuer().into(),
        })
    }
}

/// All routes with everything around them.
pub fn router(app: App) -> Router {
    let guarded = routes::guarded().route_layer(from_fn_with_state(app.clone(), token::require));
    let (router, description) = routes::open().merge(guarded).split_for_parts();
    router
        .merge(routes::description(description))
        .fallback(answer::no_route)
        .method_not_allowed_fallback(answer::no_method)
        .layer(from_fn(answer::finish))
        .with_state(app)
}
