//! One tenant, one table, one worker.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use entra::{Options, Server, TenantInfo, TenantOptions};
use jiff::{SignedDuration, Timestamp};
use local::emulator::Emulator;
use local::layout::Layout;
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{ConnectionId, GroupId, TenantId};
use rollcall_directory::scope::Scope;
use rollcall_graph::{HttpClient, Origins};
use rollcall_store::{
    Connection, ConnectionSecret, ConnectionStatus, CredentialKind, PageRequest, Run, Secrets, StoredCredential, Table,
};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::notice::Teller;
use rollcall_sync::ports::Letter;
use rollcall_sync::worker::{WorkError, Worker};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use uuid::Uuid;

use crate::expected::{Expected, expected};
use crate::platform::platform;
use crate::ports::{MemoryMail, MemoryQueue};

type Failed = Box<dyn Error + Send + Sync>;

/// Time that a worker gets for a job, unless a test gives it less.
const PLENTY: Duration = Duration::from_secs(300);

/// One tenant, one table with one connection, one worker.
pub struct World {
    /// The simulated tenant.
    pub entra: Server,
    /// Ids and secret of the tenant.
    pub tenant: TenantInfo,
    /// The table.
    pub table: Table,
    /// The secrets.
    pub secrets: Secrets,
    /// The worker.
    pub worker: Worker,
    /// The connection.
    pub connection: ConnectionId,
    queue: Arc<MemoryQueue>,
    mail: Arc<MemoryMail>,
    /// How far the worker's clock is ahead, in seconds.
    ahead: Arc<AtomicI64>,
}

/// One emulator for all tests of a process: starting it takes longer than most tests.
static EMULATOR: OnceCell<Emulator> = OnceCell::const_new();

async fn emulator() -> Result<&'static Emulator, Failed> {
    EMULATOR
        .get_or_try_init(async || {
            let layout = Layout::new(&format!("simulation-{}", std::process::id()))?;
            local::tools::install(&layout).await?;
            Ok::<_, Failed>(Emulator::start(&layout, &std::collections::BTreeMap::new()).await?)
        })
        .await
}

impl World {
    /// A world with a tenant made from these options, and an active connection with its scope
    /// groups among the tenant's roots (all of them), or everyone if `everyone`.
    ///
    /// # Errors
    /// Something could not be started.
    pub async fn start(tenant: TenantOptions, everyone: bool) -> Result<Self, Failed> {
        let entra = Server::start(Options::one(tenant)).await?;
        let tenant = entra.tenant().ok_or("the server has no tenant")?;
        let url = emulator().await?.aws().url().to_owned();
        let name = format!("world-{}", Uuid::new_v4());
        let (table, secrets) = storage(&url, &name).await?;
        let (queue, mail) = (Arc::new(MemoryQueue::default()), Arc::new(MemoryMail::default()));
        let ahead = Arc::new(AtomicI64::new(0));
        let origin = entra.origin().parse::<url::Url>()?;
        let worker = Worker {
            table: table.clone(),
            access: GraphAccess::new(HttpClient::new()?, Origins::custom(origin.clone(), origin)?, secrets.clone()),
            queue: queue.clone(),
            teller: Teller::by_mail(table.clone(), mail.clone()),
            keeper: None,
            clock: clock(ahead.clone()),
            name: "worker".to_owned(),
        };
        let scope = if everyone {
            Scope::Everyone
        } else {
            Scope::Groups { groups: tenant.roots.iter().map(|root| GroupId(*root)).collect() }
        };
        let connection = ConnectionId(Uuid::new_v4());
        let world = Self { entra, tenant, table, secrets, worker, connection, queue, mail, ahead };
        world.connect(scope).await?;
        Ok(world)
    }

    async fn connect(&self, scope: Scope) -> Result<(), Failed> {
        let secret = ConnectionSecret {
            tenant: TenantId(self.tenant.tenant_id),
            credential: StoredCredential::ClientSecret {
                client_id: self.tenant.client_id.to_string(),
                secret: SecretString::from(self.tenant.client_secret.clone()),
            },
            channel_webhook: None,
        };
        self.secrets.create(self.connection, &secret).await?;
        let now = (self.worker.clock)();
        let connection = Connection {
            id: self.connection,
            name: "Acme".to_owned(),
            status: ConnectionStatus::Active,
            scope,
            limits: Limits::default(),
            owners: vec!["owner@example.com".to_owned()],
            sync_every_hours: None,
            history_days: rollcall_store::HistoryDays::default(),
            credential_kind: CredentialKind::ClientSecret,
            secret_expires_at: None,
            created_at: now,
            updated_at: now,
            revision: 0,
        };
        self.table.create_connection(&connection).await?;
        Ok(())
    }

    /// The connection as it is stored.
    ///
    /// # Errors
    /// It can't be read, or there is none.
    pub async fn stored_connection(&self) -> Result<Connection, Failed> {
        Ok(self.table.connection(self.connection).await?.ok_or("there is no connection")?)
    }

    /// Does a job to its end, with its continuations.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn run(&self, job: Job) -> Result<(), WorkError> {
        self.run_in_slices(job, PLENTY).await
    }

    /// Does a job with so much time for each invocation.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn run_in_slices(&self, job: Job, slice: Duration) -> Result<(), WorkError> {
        self.worker.work(&Message::new(self.connection, job), Instant::now() + slice).await?;
        while let Some(message) = self.queue.take() {
            self.worker.work(&message, Instant::now() + slice).await?;
        }
        Ok(())
    }

    /// A full run.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn full(&self) -> Result<(), WorkError> {
        self.run(Job::Full { cause: Cause::Schedule }).await
    }

    /// An incremental run.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn incremental(&self) -> Result<(), WorkError> {
        self.run(Job::Incremental { cause: Cause::Poll }).await
    }

    /// What differs between the platform and what the directory asks for, a line for each
    /// person; empty when nothing does.
    ///
    /// # Errors
    /// The platform can't be read.
    pub async fn differences(&self) -> Result<Vec<String>, Failed> {
        let scope = self.stored_connection().await?.scope;
        let expected = self.expected(&scope);
        Ok(expected.differences(&platform(&self.table, self.connection).await?))
    }

    /// What the platform should hold.
    #[must_use]
    pub fn expected(&self, scope: &Scope) -> Expected {
        self.entra.read(self.tenant.tenant_id, |directory| expected(directory, scope)).unwrap_or_default()
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// They can't be read.
    pub async fn runs(&self) -> Result<Vec<Run>, Failed> {
        Ok(self.table.runs_page(self.connection, &PageRequest::first(50)).await?.items)
    }

    /// Letters to the owners.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.mail.letters()
    }

    /// Moves the worker's clock and the tenant's.
    pub fn advance(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.entra.advance_clock(by);
    }
}

#[expect(clippy::disallowed_methods, reason = "the rim of the test's world")]
fn clock(ahead: Arc<AtomicI64>) -> rollcall_sync::worker::Clock {
    Arc::new(move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed)))
}

async fn storage(url: &str, name: &str) -> Result<(Table, Secrets), Failed> {
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(local::emulator::REGION))
        .endpoint_url(url)
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .build();
    let client = aws_sdk_dynamodb::Client::new(&config);
    let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let text =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?)
        .attribute_definitions(text("pk")?)
        .attribute_definitions(text("sk")?)
        .send()
        .await?;
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), format!("{name}/connection/"));
    Ok((Table::new(client, name).with_cursor_key(b"a key for tests"), secrets))
}
