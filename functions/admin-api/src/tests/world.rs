//! The router, in front of a real table and a simulated tenant: for what an empty table can not show.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use entra::directory::{Kind, NewObject};
use entra::{Options, Server, TenantInfo, TenantOptions};
use futures::future::BoxFuture;
use jiff::Timestamp;
use local::emulator::{Emulator, REGION};
use local::layout::Layout;
use rollcall_directory::identity::{ConnectionId, PersonId, RunId, TenantId, UserId};
use rollcall_directory::property::{Attributes, Property};
use rollcall_directory::user::{Status, User};
use rollcall_graph::{HttpClient, Origins};
use rollcall_store::{
    Acquired, Commit, Counts, Lease, Mode, Progress, Run, RunStatus, Secrets, StateChange, Table, Trigger, UserWrite,
};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::Message;
use rollcall_sync::notice::channel::ChannelHosts;
use rollcall_sync::ports::{Queue, QueueError};
use rollcall_sync::subscription::address::Addresses;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::ServiceExt;
use uuid::Uuid;

use super::stage::{TOKEN, channels};
use crate::app::{App, router};

pub(super) const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);
const NAME: &str = "rollcall";

static TOOLS: OnceCell<()> = OnceCell::const_new();

/// A table, secrets and a tenant. They end with this value.
pub(super) struct World {
    _emulator: Emulator,
    pub(super) entra: Server,
    pub(super) tenant: TenantInfo,
    pub(super) app: App,
}

struct Forgetful;

impl Queue for Forgetful {
    fn send<'a>(&'a self, _: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
}

impl World {
    pub(super) async fn new(name: &str) -> Self {
        let layout = Layout::new(&format!("admin-api-{name}")).unwrap();
        TOOLS.get_or_init(|| async { local::tools::install(&layout).await.unwrap() }).await;
        let emulator = Emulator::start(&layout, &BTreeMap::new()).await.unwrap();
        let entra = Server::start(Options::one(TenantOptions::empty())).await.unwrap();
        let config = config(emulator.aws().url());
        let client = aws_sdk_dynamodb::Client::new(&config);
        create(&client).await;
        let secrets_client = aws_sdk_secretsmanager::Client::new(&config);
        let token = secrets_client.create_secret().name("admin-token").secret_string(TOKEN).send().await.unwrap();
        let secrets = Secrets::new(secrets_client, "rollcall/connection/");
        let origin: url::Url = entra.origin().parse().unwrap();
        let origins = Origins::custom(origin.clone(), origin).unwrap();
        let app = App {
            channels: channels(&secrets, ChannelHosts::default()),
            table: Table::new(client, NAME).with_cursor_key(b"key"),
            access: GraphAccess::new(HttpClient::new().unwrap(), origins, secrets.clone()),
            secrets,
            queue: Arc::new(Forgetful),
            addresses: Addresses::new("https://api.example.com".parse().unwrap()),
            token: token.arn.unwrap().into(),
        };
        Self { _emulator: emulator, tenant: entra.tenant().unwrap(), entra, app }
    }

    /// A connection of this tenant, made through the API.
    pub(super) async fn connect(&self, name: &str, secret: &str, scope: Value) -> ConnectionId {
        let new = json!({
            "name": name, "tenant_id": self.tenant.tenant_id, "owners": ["it@contoso.com"], "scope": scope,
            "credential": {"type": "client_secret", "client_id": self.tenant.client_id.to_string(), "client_secret": secret},
        });
        let (status, _, body) = self.send(Method::POST, "/connections", Some(new.to_string())).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let created: Value = serde_json::from_str(&body).unwrap();
        ConnectionId(created["id"].as_str().unwrap().parse().unwrap())
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, "application/json");
        let response = router(self.app.clone())
            .oneshot(request.body(Body::from(body.unwrap_or_default())).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// What a path answers, whatever the status.
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, body) = self.send(Method::GET, path, None).await;
        (status.as_u16(), serde_json::from_str(&body).unwrap())
    }

    /// Puts an object into the directory.
    pub(super) fn add(&self, kind: Kind, values: &[(&str, &str)]) -> Uuid {
        let id = Uuid::new_v4();
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        let new = NewObject { kind, id, values };
        self.entra.change(self.tenant.tenant_id, |directory, now| directory.create(new, now).unwrap()).unwrap();
        id
    }

    /// A person in the directory.
    pub(super) fn person(&self, name: &str, mail: &str) -> Uuid {
        let given = name.split(' ').next().unwrap();
        self.add(
            Kind::User,
            &[
                ("displayName", name),
                ("givenName", given),
                ("surname", name.split(' ').next_back().unwrap()),
                ("mail", mail),
                ("userPrincipalName", mail),
                ("accountEnabled", "true"),
            ],
        )
    }

    /// An account of a person.
    pub(super) fn account(&self, person: Uuid, status: Status, name: &str) -> User {
        let person = PersonId(person);
        User {
            status,
            attributes: Attributes::from([(Property::GivenName, name.to_owned())]),
            ..User::new(UserId::derive(TenantId(self.tenant.tenant_id), person), person)
        }
    }

    /// Writes accounts in a run of the connection.
    pub(super) async fn write(&self, connection: ConnectionId, users: Vec<User>) -> Run {
        let lease = self.lease(connection).await;
        let run = run();
        let users = users.into_iter().map(|after| UserWrite::giving(None, after)).collect();
        let state = StateChange { run: Some(Some(run.id)), ..StateChange::default() };
        lease.commit(Commit { run: Some(run.clone()), state, users, ..Commit::at(NOW) }).await.unwrap();
        lease.release().await.unwrap();
        run
    }

    pub(super) async fn lease(&self, connection: ConnectionId) -> Lease {
        match self.app.table.acquire(connection, "worker").await.unwrap() {
            Acquired::Lease(lease) => lease,
            busy => panic!("{busy:?}"),
        }
    }
}

fn run() -> Run {
    Run {
        id: RunId(Uuid::now_v7()),
        mode: Mode::Full,
        trigger: Trigger::Activation,
        status: RunStatus::Running,
        started_at: NOW,
        finished_at: None,
        epoch: 1,
        counts: Counts::default(),
        progress: Progress::default(),
        error: None,
        requests: 0,
        hold: None,
        reasons: Vec::new(),
        resume: None,
    }
}

async fn create(client: &aws_sdk_dynamodb::Client) {
    let mut call = client.create_table().table_name(NAME).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        call = call.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    }
    call.send().await.unwrap();
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
