//! What the clock starts goes through all connections, page by page, and one that fails stops no other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::{HttpClient, Origins, subscriptions};
use rollcall_store::{Error as StoreError, Resource, Secrets, Subscription, Table};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::ports::{Queue, QueueError};
use rollcall_sync::schedule::{FanOutError, Tick, fan_out};
use rollcall_sync::subscription::keeper::{Keeper, Rows};
use rollcall_sync::subscription::round::{Round, Tally};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

use crate::stage::{Memory, Stage};

const GOOD: u128 = 1;
const WRONG_SECRET: u128 = 2;
const INACTIVE: u128 = 3;
const PAUSED: u128 = 4;

fn id(number: u128) -> ConnectionId {
    ConnectionId(Uuid::from_u128(number))
}

/// Two pages of connections, as `DynamoDB` answers.
struct Connections;

pub(crate) fn item(number: u128, state: &str) -> Value {
    let status = match state {
        "paused" => json!({ "M": {
            "state": { "S": "paused" },
            "since": { "S": "2026-11-22T04:00:00Z" },
            "reason": { "M": { "kind": { "S": "other" }, "message": { "S": "" }, "action": { "S": "" } } },
        } }),
        state => json!({ "M": { "state": { "S": state } } }),
    };
    json!({
        "pk": { "S": "CONNECTIONS" }, "sk": { "S": id(number).to_string() }, "v": { "N": "1" },
        "id": { "S": id(number).to_string() }, "name": { "S": "Contoso" }, "status": status,
        "scope": { "M": { "type": { "S": "everyone" } } },
        "limits": { "M": { "people": { "N": "5" }, "percent": { "N": "10" }, "emptied_group": { "N": "10" } } },
        "owners": { "L": [] }, "credential_kind": { "S": "client_secret" },
        "created_at": { "S": "2026-11-22T04:00:00Z" }, "updated_at": { "S": "2026-11-22T04:00:00Z" },
        "revision": { "N": "1" },
    })
}

impl Respond for Connections {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let answer = if body.get("ExclusiveStartKey").is_none() {
            let last = json!({ "pk": { "S": "CONNECTIONS" }, "sk": { "S": id(WRONG_SECRET).to_string() } });
            json!({ "Items": [item(GOOD, "active"), item(WRONG_SECRET, "active")], "LastEvaluatedKey": last })
        } else {
            json!({ "Items": [item(INACTIVE, "inactive"), item(PAUSED, "paused")] })
        };
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

/// The secret of each connection: that of [`WRONG_SECRET`] does not work.
struct Credentialed {
    tenant: Uuid,
    client_id: Uuid,
    secret: String,
}

impl Respond for Credentialed {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let wrong = body.get("SecretId").and_then(Value::as_str).unwrap().ends_with(&id(WRONG_SECRET).to_string());
        let secret = if wrong { "wrong" } else { &self.secret };
        let credential = json!({ "kind": "client_secret", "client_id": self.client_id, "secret": secret });
        let text = json!({ "v": 1, "tenant": self.tenant, "credential": credential }).to_string();
        ResponseTemplate::new(200).set_body_json(json!({ "SecretString": text }))
    }
}

async fn aws(stage: &Stage) -> (MockServer, SdkConfig) {
    let server = MockServer::start().await;
    Mock::given(matchers::header("x-amz-target", "DynamoDB_20120810.Query"))
        .respond_with(Connections)
        .mount(&server)
        .await;
    let secrets = Credentialed {
        tenant: stage.info.tenant_id,
        client_id: stage.info.client_id,
        secret: stage.info.client_secret.clone(),
    };
    Mock::given(matchers::header("x-amz-target", "secretsmanager.GetSecretValue"))
        .respond_with(secrets)
        .mount(&server)
        .await;
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(server.uri())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    (server, config)
}

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_second(since.as_secs().try_into().unwrap()).unwrap()
}

/// A queue that refuses one connection.
struct Picky(Memory);

impl Queue for Picky {
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        if message.connection == id(GOOD) {
            return Box::pin(async { Err(QueueError("down".to_owned())) });
        }
        self.0.send(message, key)
    }
}

#[tokio::test]
async fn every_active_connection_of_every_page_gets_its_job() {
    let stage = Stage::start().await;
    let (_server, config) = aws(&stage).await;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall");
    let memory = Memory::default();
    let sent = fan_out(&table, &memory, Tick::Reconcile, now(), now()).await.unwrap();
    assert_eq!((sent.active, sent.sent, sent.failed), (2, 2, 0));
    let job = || Job::Full { cause: Cause::Schedule };
    let expected = [Message::new(id(GOOD), job()), Message::new(id(WRONG_SECRET), job())];
    assert_eq!(*memory.sent.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_refused_job_fails_the_fan_out_at_its_end_and_stops_no_other() {
    let stage = Stage::start().await;
    let (_server, config) = aws(&stage).await;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall");
    let memory = Memory::default();
    let result = fan_out(&table, &Picky(memory.clone()), Tick::Poll, now(), now()).await;
    assert!(matches!(result, Err(FanOutError::Some(sent)) if sent.sent == 1 && sent.failed == 1));
    assert_eq!(memory.sent.lock().unwrap()[0].connection, id(WRONG_SECRET));
}

/// Rows of several connections.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<(ConnectionId, Uuid), Subscription>>>);

impl Shelf {
    fn of(&self, connection: ConnectionId) -> Vec<Subscription> {
        let rows = self.0.lock().unwrap();
        rows.iter().filter(|((owner, _), _)| *owner == connection).map(|(_, row)| row.clone()).collect()
    }
}

impl Rows for Shelf {
    fn list(&self, connection: ConnectionId) -> BoxFuture<'_, Result<Vec<Subscription>, StoreError>> {
        Box::pin(async move { Ok(self.of(connection)) })
    }

    fn put<'a>(&'a self, connection: ConnectionId, row: &'a Subscription) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.lock().unwrap().insert((connection, row.nonce), row.clone());
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, connection: ConnectionId, nonce: Uuid) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.lock().unwrap().remove(&(connection, nonce));
        Box::pin(async { Ok(()) })
    }
}

fn leftover(id: Option<Uuid>) -> Subscription {
    Subscription {
        nonce: Uuid::from_u128(9),
        resource: Resource::Users,
        id: id.map(|id| id.to_string()),
        expires_at: now() + SignedDuration::from_hours(24),
        created_at: now() - SignedDuration::from_hours(24),
        renewed_at: None,
        reauthorize_at: None,
    }
}

#[tokio::test]
async fn the_round_serves_active_connections_clears_stopped_ones_and_leaves_paused_ones() {
    let stage = Stage::start().await;
    let (_server, config) = aws(&stage).await;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall");
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), "rollcall/connection/");
    let origin: Url = stage.entra.origin().parse().unwrap();
    let origins = Origins::custom(origin.clone(), origin).unwrap();
    let access = GraphAccess::new(HttpClient::new().unwrap(), origins, secrets);
    let (shelf, memory) = (Shelf::default(), Memory::default());
    shelf.put(id(INACTIVE), &leftover(Some(Uuid::from_u128(77)))).await.unwrap();
    shelf.put(id(PAUSED), &leftover(None)).await.unwrap();
    let keeper = Keeper {
        rows: Arc::new(shelf.clone()),
        queue: Arc::new(memory),
        key: ClientStateKey::new(&SecretString::from("key")),
        addresses: stage.addresses.clone(),
    };
    let round = Round { table: &table, access: &access, keeper: &keeper };
    let tally = round.run(Instant::now() + std::time::Duration::from_secs(20), now()).await.unwrap();
    assert_eq!(tally, Tally { settled: 3, blocked: 1, failed: 0 });
    assert_eq!(stage.client().send(&subscriptions::list()).await.unwrap().value.len(), 1);
    let left = [GOOD, WRONG_SECRET, INACTIVE, PAUSED].map(|number| shelf.of(id(number)).len());
    assert_eq!(left, [1, 0, 0, 1]);
}
