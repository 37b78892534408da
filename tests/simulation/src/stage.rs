//! Tenants, AWS, queue and mail, and the environments in which the product runs.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use entra::{Receiver as _, Server, TenantInfo, TenantOptions};
use jiff::Timestamp;
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_graph::{HttpClient, Origins, Tuning};
use rollcall_store::{
    Connection, ConnectionSecret, ConnectionStatus, CredentialKind, Secrets, StoredCredential, Table,
};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::notice::Teller;
use rollcall_sync::notification::client_state::{ClientStateKey, Origin};
use rollcall_sync::ports::Letter;
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::subscription::keeper::Keeper;
use rollcall_sync::worker::Worker;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use uuid::Uuid;

use crate::aws::{Aws, Weather};
use crate::network::{Line, Network, ORIGIN, Route};
use crate::ports::{MemoryMail, MemoryQueue};
use crate::time::Clock;
use crate::trace::Trace;
use crate::webhook::Webhook;

/// Anything that keeps a simulation from going on. Never what the product did wrong.
pub type Failed = Box<dyn Error + Send + Sync>;

/// Name of the table.
pub const TABLE: &str = "rollcall";
/// Prefix of the secrets' names.
const SECRETS: &str = "rollcall/connection/";
/// Where Graph reaches the product.
const PUBLIC: &str = "https://rollcall.example";

/// What goes wrong on a stage, and what is written down.
pub struct Nature {
    /// What becomes of calls to AWS.
    pub weather: Box<dyn Weather>,
    /// How requests to Graph travel.
    pub route: Arc<dyn Route>,
    /// Whether the queue refuses a message.
    pub queue_trouble: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Seed of everything that is random in the product.
    pub seed: u64,
    /// Whether the lines of the trace are kept.
    pub keep_trace: bool,
}

impl Nature {
    /// Nothing goes wrong.
    #[must_use]
    pub fn kind(seed: u64) -> Self {
        Self {
            weather: Box::new(crate::aws::Fair),
            route: Arc::new(crate::network::Straight),
            queue_trouble: Arc::new(|| false),
            seed,
            keep_trace: false,
        }
    }
}

/// Everything around the product.
pub struct Stage {
    /// The right time.
    pub clock: Clock,
    /// The simulated tenants.
    pub entra: Arc<Server>,
    /// The way to them.
    pub network: Arc<Network>,
    /// AWS.
    pub aws: Aws,
    /// The sync queue.
    pub queue: Arc<MemoryQueue>,
    /// What happened.
    pub trace: Trace,
    mail: Arc<MemoryMail>,
    webhook: Arc<Webhook>,
    seed: u64,
}

/// One Lambda environment: the product's worker with clients, caches and a clock of its own.
#[derive(Clone)]
pub struct Environment {
    /// The worker.
    pub worker: Worker,
    /// The secrets.
    pub secrets: Secrets,
    /// Its clock, which may be wrong.
    pub clock: Clock,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("name", &self.worker.name).finish_non_exhaustive()
    }
}

impl Stage {
    /// A stage with these tenants and an empty table. Everything runs on the current runtime, and in its time.
    ///
    /// # Errors
    /// Something could not be started.
    pub async fn begin(tenants: &[TenantOptions], nature: Nature) -> Result<Self, Failed> {
        let Nature { weather, route, queue_trouble, seed, keep_trace } = nature;
        // The SDK draws the jitter of its retries from here.
        fastrand::seed(seed);
        let clock = Clock::begin();
        let trace = Trace::new(clock.clone(), keep_trace);
        let aws = Aws::new(clock.clone(), trace.clone(), weather);
        create_table(&aws.dynamodb("operator")).await?;
        let queue = Arc::new(MemoryQueue::new(clock.clone(), queue_trouble));
        let webhook = Webhook {
            table: table(&aws, "webhook", seed),
            key: client_state_key(),
            queue: queue.clone(),
            clock: clock.clone(),
            trace: trace.clone(),
            delay: Mutex::default(),
        };
        let webhook = Arc::new(webhook);
        let source = {
            let clock = clock.clone();
            Arc::new(move || clock.now_millis())
        };
        let entra = Arc::new(Server::in_process(ORIGIN, tenants, source, webhook.clone())?);
        let network = Arc::new(Network::new(entra.clone(), route, trace.clone()));
        Ok(Self { clock, entra, network, aws, queue, trace, mail: Arc::default(), webhook, seed })
    }

    /// A new environment. Its name must be new, too.
    ///
    /// # Errors
    /// The origins of the tenant are refused.
    pub fn environment(&self, name: &str) -> Result<Environment, Failed> {
        let clock = self.clock.another();
        let tick: rollcall_sync::worker::Clock = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let line = Line { network: self.network.clone(), client: name.to_owned() };
        let origin: Url = ORIGIN.parse()?;
        let table = table(&self.aws, name, self.seed);
        let secrets = Secrets::new(self.aws.secrets_manager(name), SECRETS);
        let tuning = Tuning { jitter_seed: Some(self.seed), wall_clock: tick.clone(), ..Tuning::default() };
        let origins = Origins::custom(origin.clone(), origin)?;
        let http = HttpClient::with_transport(Arc::new(line));
        let keeper = Keeper {
            rows: Arc::new(table.clone()),
            queue: self.queue.clone(),
            key: client_state_key(),
            addresses: Addresses::new(PUBLIC.parse()?),
        };
        let teller = Teller::by_mail(table.clone(), self.mail.clone());
        let worker = Worker {
            table,
            access: GraphAccess::with_tuning(http, origins, secrets.clone(), tuning),
            queue: self.queue.clone(),
            teller,
            keeper: Some(keeper),
            clock: tick,
            name: name.to_owned(),
        };
        Ok(Environment { worker, secrets, clock })
    }

    /// The receiver of notifications takes so long for each.
    pub fn slow_down_receiver(&self, delay: Duration) {
        self.webhook.slow_down(delay);
    }

    /// Posts to the receiver of notifications as anybody can.
    pub async fn post(&self, body: String) {
        self.webhook.post(PUBLIC.to_owned(), body).await;
    }

    /// What a subscription of a connection to a tenant would carry.
    #[must_use]
    pub fn client_state(&self, connection: Uuid, tenant: Uuid) -> String {
        let origin = Origin { connection: ConnectionId(connection), nonce: connection };
        client_state_key().issue(origin, TenantId(tenant)).expose_secret().to_owned()
    }

    /// A secret becomes one that lacks a field.
    ///
    /// # Errors
    /// There is no such secret.
    pub async fn spoil_secret(&self, connection: ConnectionId) -> Result<(), Failed> {
        let call = self.aws.secrets_manager("operator").put_secret_value();
        call.secret_id(format!("{SECRETS}{connection}")).secret_string("{\"version\":1}").send().await?;
        Ok(())
    }

    /// Letters to owners.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.mail.letters()
    }
}

impl Environment {
    /// An active connection to a tenant.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn connect(
        &self,
        tenant: &TenantInfo,
        id: ConnectionId,
        scope: Scope,
        rules: Rules,
        limits: Limits,
    ) -> Result<(), Failed> {
        self.secrets.create(id, &secret(tenant)).await?;
        let plain = connection(id, self.clock.now());
        self.worker.table.create_connection(&Connection { scope, rules, limits, ..plain }).await?;
        Ok(())
    }
}

/// The secret of a connection to a tenant.
#[must_use]
pub fn secret(tenant: &TenantInfo) -> ConnectionSecret {
    ConnectionSecret {
        tenant: TenantId(tenant.tenant_id),
        credential: StoredCredential::ClientSecret {
            client_id: tenant.client_id.to_string(),
            secret: SecretString::from(tenant.client_secret.clone()),
        },
        channel_webhook: None,
    }
}

fn connection(id: ConnectionId, now: Timestamp) -> Connection {
    Connection {
        id,
        name: "Acme".to_owned(),
        status: ConnectionStatus::Active,
        scope: Scope::everyone(),
        rules: Rules::default(),
        settings_revision: 0,
        limits: Limits::default(),
        owners: vec!["owner@example.com".to_owned()],
        sync_every_hours: None,
        history_days: rollcall_store::HistoryDays::default(),
        sign_in: None,
        unbound: false,
        credential_kind: CredentialKind::ClientSecret,
        secret_expires_at: None,
        created_at: now,
        updated_at: now,
        revision: 0,
    }
}

fn client_state_key() -> ClientStateKey {
    ClientStateKey::new(&SecretString::from("a key for simulations"))
}

fn table(aws: &Aws, name: &str, seed: u64) -> Table {
    Table::new(aws.dynamodb(name), TABLE).with_cursor_key(b"a key for simulations").with_seeded_waits(seed)
}

/// Creates the product's table, as the template has it.
///
/// # Errors
/// The service refuses.
pub async fn create_table(client: &aws_sdk_dynamodb::Client) -> Result<(), Failed> {
    let mut call = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        call = call.attribute_definitions(attribute.build()?).key_schema(key.build()?);
    }
    call.send().await?;
    Ok(())
}
