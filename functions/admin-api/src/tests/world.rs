//! The router, in front of a real table and a simulated tenant: for what an empty table can not show.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use entra::directory::{Directory, Kind, NewObject};
use entra::{Options, Server, TenantInfo, TenantOptions};
use futures::future::BoxFuture;
use jiff::Timestamp;
use local::emulator::{Emulator, REGION};
use local::layout::Layout;
use rollcall_directory::identity::{ConnectionId, PersonId, RunId, TenantId, UserId};
use rollcall_directory::property::{Attributes, Property};
use rollcall_directory::user::{Status, User};
use rollcall_graph::{HttpClient, Origins};
use rollcall_runtime::clock;
use rollcall_sign_in::seal::SealKey;
use rollcall_store::{
    Acquired, Commit, Counts, Lease, Mode, Progress, Run, RunStatus, Secrets, StateChange, Table, Trigger, UserWrite,
};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::{Job, Message};
use rollcall_sync::notice::Teller;
use rollcall_sync::notice::channel::ChannelHosts;
use rollcall_sync::ports::{Letter, Mail, MailError, Queue, QueueError};
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::worker::Worker;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tower::ServiceExt;
use uuid::Uuid;

use super::stage::{TOKEN, channels};
use crate::app::{App, router};

pub(super) const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);
/// Where people sign in.
pub(super) const ISSUER: &str = "https://login.example.com";
const APPLICATION: &str = "platform-application";
const NAME: &str = "rollcall";

static TOOLS: OnceCell<()> = OnceCell::const_new();

/// A table, secrets and a tenant. They end with this value.
pub(super) struct World {
    _emulator: Emulator,
    pub(super) entra: Server,
    pub(super) tenant: TenantInfo,
    pub(super) app: App,
    queue: Kept,
}

/// Keeps what is queued until somebody works.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<VecDeque<Message>>>);

impl Queue for Kept {
    fn send<'a>(&'a self, message: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        self.0.lock().unwrap().push_back(message.clone());
        Box::pin(async { Ok(()) })
    }
}

/// Takes every letter.
struct Letterbox;

impl Mail for Letterbox {
    fn send<'a>(&'a self, _: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
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
        secrets_client.create_secret().name(APPLICATION).secret_string("{}").send().await.unwrap();
        let secrets = Secrets::new(secrets_client, "rollcall/connection/").with_application(APPLICATION);
        let origin: url::Url = entra.origin().parse().unwrap();
        let origins = Origins::custom(origin.clone(), origin).unwrap();
        let queue = Kept::default();
        let app = App {
            channels: channels(&secrets, ChannelHosts::default()),
            table: Table::new(client, NAME).with_cursor_key(b"key"),
            access: GraphAccess::new(HttpClient::new().unwrap(), origins, secrets.clone()),
            secrets,
            queue: Arc::new(queue.clone()),
            addresses: Addresses::new("https://api.example.com".parse().unwrap()),
            token: token.arn.unwrap().into(),
            application: APPLICATION.into(),
            seal: SealKey::new(&"key".into()),
            issuer: ISSUER.into(),
        };
        Self { _emulator: emulator, tenant: entra.tenant().unwrap(), entra, app, queue }
    }

    /// What is queued, which then is queued no more.
    pub(super) fn queued(&self) -> Vec<Job> {
        self.queue.0.lock().unwrap().drain(..).map(|message| message.job).collect()
    }

    /// Does everything that is queued, as a worker does.
    pub(super) async fn work(&self) {
        let queue: Arc<dyn Queue> = Arc::new(self.queue.clone());
        let worker = Worker {
            table: self.app.table.clone(),
            access: self.app.access.clone(),
            queue,
            teller: Teller::by_mail(self.app.table.clone(), Arc::new(Letterbox)),
            keeper: None,
            clock: Arc::new(clock::now),
            name: "worker".to_owned(),
        };
        loop {
            let Some(message) = self.queue.0.lock().unwrap().pop_front() else { return };
            worker.work(&message, Instant::now() + Duration::from_secs(120)).await.unwrap();
        }
    }

    /// Sends JSON, or nothing, and gives status and answer.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, text) = self.send(method, path, body.map(|body| body.to_string())).await;
        (status.as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    /// Makes a connection active and does its first run.
    pub(super) async fn activate(&self, connection: ConnectionId) {
        let (status, answer) = self.call(Method::POST, &format!("/connections/{connection}/activate"), None).await;
        assert_eq!(status, 200, "{answer}");
        self.work().await;
    }

    /// Changes something in the directory.
    pub(super) fn edit(&self, edit: impl FnOnce(&mut Directory, i64)) {
        self.entra.change(self.tenant.tenant_id, edit).unwrap();
    }

    /// Puts somebody or a group into a group.
    pub(super) fn join(&self, group: Uuid, member: Uuid) {
        self.edit(|directory, now| {
            let (group, member) = (directory.find(group).unwrap(), directory.find(member).unwrap());
            directory.add_member(group, member, now).unwrap();
        });
    }

    /// Gives an object other values.
    pub(super) fn set(&self, id: Uuid, name: &str, value: Option<&str>) {
        self.edit(|directory, now| {
            let slot = directory.find(id).unwrap();
            directory.set(slot, &[(name.to_owned(), value.map(str::to_owned))], now).unwrap();
        });
    }

    /// A group in the directory.
    pub(super) fn group(&self, name: &str) -> Uuid {
        self.add(Kind::Group, &[("displayName", name), ("groupTypes", "[]"), ("securityEnabled", "true")])
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
            attributes: Attributes::from_iter([(Property::GivenName, name.to_owned())]),
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
