//! What single functions stand on: an emulator with queue and secrets, and a table, without a deployed stack.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use jiff::Timestamp;
use local::emulator::{Aws, Emulator};
use local::json::text;
use local::layout::Layout;
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use rollcall_store::{
    Connection, ConnectionSecret, ConnectionStatus, CredentialKind, Secrets, StoredCredential, Table,
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::served::Served;
use crate::{Result, receiver, table_server};

/// Names of what the functions find in their environment.
const TABLE: &str = "bench";
const SECRETS: &str = "bench/connection/";
/// Begins the ARN of each secret, which the emulator takes without its random end.
const ARNS: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:";
const KEY: &str = "/bench/client-state-key";
const SIGN_IN_KEY: &str = "/bench/sign-in-key";
const SIGNING_KEYS: &str = "/bench/signing-keys";
const APPLICATION: &str = "/bench/platform-application";
/// The key that `clientState` is derived from.
pub(crate) const CLIENT_STATE_KEY: &str = "a key that only these measurements know";
/// A worker's longest invocation, as in the template.
pub(crate) const WORKER_TIMEOUT: Duration = Duration::from_secs(300);

/// Emulator, table, queue and secrets.
pub(crate) struct Ground {
    pub(crate) layout: Layout,
    pub(crate) emulator: Emulator,
    pub(crate) table: Table,
    secrets: Secrets,
    /// Address of the queue of jobs.
    pub(crate) queue: String,
    key_arn: String,
    receiver: Served,
    table_server: Served,
}

impl Ground {
    /// Starts the emulator and makes everything in it.
    pub(crate) async fn start() -> Result<Self> {
        let layout = Layout::new("bench")?;
        let emulator = Emulator::start(&layout, &BTreeMap::new()).await?;
        let aws = emulator.aws();
        let queue = json!({"QueueName": "bench-sync.fifo", "Attributes": {
            "FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
            "VisibilityTimeout": "1800",
        }});
        let queue = text(&aws.call("AmazonSQS.CreateQueue", &queue).await?, "/QueueUrl").to_owned();
        let key = json!({"Name": KEY, "SecretString": CLIENT_STATE_KEY});
        let key_arn = text(&aws.call("secretsmanager.CreateSecret", &key).await?, "/ARN").to_owned();
        for (name, value) in [(SIGN_IN_KEY, CLIENT_STATE_KEY), (SIGNING_KEYS, "{}"), (APPLICATION, "{}")] {
            aws.call("secretsmanager.CreateSecret", &json!({"Name": name, "SecretString": value})).await?;
        }
        let config = config_at(aws.url());
        let table_server = table_server::start().await?;
        let client = aws_sdk_dynamodb::Client::new(&config_at(table_server.url()));
        create_table(&client).await?;
        let table = Table::new(client, TABLE);
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), SECRETS);
        let receiver = receiver::start().await?;
        Ok(Self { layout, table, secrets, queue, key_arn, emulator, receiver, table_server })
    }

    /// The emulator's APIs.
    pub(crate) const fn aws(&self) -> &Aws {
        self.emulator.aws()
    }

    /// The environment of the functions, as the template sets it.
    pub(crate) fn variables(&self, graph: &str) -> BTreeMap<String, String> {
        let values = [
            ("AWS_ENDPOINT_URL", self.aws().url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.table_server.url()),
            ("CLIENT_STATE_KEY_ARN", &self.key_arn),
            ("GRAPH_ORIGIN", graph),
            ("LOGIN_ORIGIN", graph),
            ("LOG_LEVEL", "info"),
            ("MAIL_FROM", "rollcall@example.com"),
            ("SECRET_PREFIX", SECRETS),
            ("SYNC_QUEUE_URL", &self.queue),
            ("TABLE_NAME", TABLE),
            ("WEBHOOK_URL", self.receiver.url()),
        ];
        let secrets = [
            ("SIGN_IN_KEY_ARN", SIGN_IN_KEY),
            ("SIGNING_KEYS_ARN", SIGNING_KEYS),
            ("PLATFORM_APPLICATION_ARN", APPLICATION),
        ];
        let secrets = secrets.map(|(name, secret)| (name.to_owned(), format!("{ARNS}{secret}")));
        secrets.into_iter().chain(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    }

    /// Where the table is.
    pub(crate) fn table_url(&self) -> &str {
        self.table_server.url()
    }

    /// The table's name.
    pub(crate) const fn table_name(&self) -> &'static str {
        TABLE
    }

    /// Reads the key of `clientState` as functions do when they start. Answers how long that took.
    pub(crate) async fn read_key(&self) -> Result<Duration> {
        let begun = Instant::now();
        self.aws().secret(KEY).await?;
        Ok(begun.elapsed())
    }

    /// Stores an active connection to a tenant.
    pub(crate) async fn connect(
        &self,
        tenant: &entra::TenantInfo,
        scope: Scope,
        rules: Rules,
        now: Timestamp,
    ) -> Result<ConnectionId> {
        let id = ConnectionId(Uuid::new_v4());
        let credential = StoredCredential::ClientSecret {
            client_id: tenant.client_id.to_string(),
            secret: SecretString::from(tenant.client_secret.clone()),
        };
        self.secrets
            .create(id, &ConnectionSecret { tenant: TenantId(tenant.tenant_id), credential, channel_webhook: None })
            .await?;
        let connection = Connection {
            id,
            name: "Contoso".to_owned(),
            status: ConnectionStatus::Active,
            scope,
            rules,
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
        };
        self.table.create_connection(&connection).await?;
        Ok(id)
    }
}

async fn create_table(client: &aws_sdk_dynamodb::Client) -> Result<()> {
    let mut call = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, key) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        call = call
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(key).build()?)
            .attribute_definitions(definition.build()?);
    }
    call.send().await?;
    Ok(())
}

fn config_at(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(local::emulator::REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "bench")))
        .build()
}
