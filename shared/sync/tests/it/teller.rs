//! Telling: claimed before it is sent, told once however many look, and not lost when sending fails.

#![expect(clippy::indexing_slicing, reason = "a request that is not as expected shall fail the test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use futures::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::ConnectionId;
use rollcall_store::{
    Connection, ConnectionStatus, PageRequest, PauseKind, PauseReason, Resource, Secrets, Subscription, SyncState,
    Table,
};
use rollcall_sync::notice::channel::{ChannelAddress, ChannelHosts};
use rollcall_sync::notice::facts::{Facts, Notifications};
use rollcall_sync::notice::{Channels, Teller, Visited};
use rollcall_sync::ports::{Channel, ChannelError, Letter, Mail, MailError};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

const ADDRESS: &str =
    "https://a.4a.environment.api.powerplatform.com/workflows/b/triggers/manual/paths/invoke?sig=canary";

fn now() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

/// Items by key, with the two conditions under which notices are written.
#[derive(Clone, Default)]
struct Items(Arc<Mutex<BTreeMap<(String, String), Value>>>);

fn key(item: &Value) -> (String, String) {
    let part = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (part("pk"), part("sk"))
}

impl Items {
    fn put(&self, body: &Value) -> ResponseTemplate {
        let mut items = self.0.lock().unwrap();
        let key = key(&body["Item"]);
        let holds = match body["ConditionExpression"].as_str() {
            Some("attribute_not_exists(pk)") => !items.contains_key(&key),
            Some("mark = :mark") => {
                items.get(&key).is_some_and(|item| item["mark"] == body["ExpressionAttributeValues"][":mark"])
            }
            other => panic!("{other:?}"),
        };
        if holds {
            items.insert(key, body["Item"].clone());
            return ResponseTemplate::new(200).set_body_json(json!({}));
        }
        let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        ResponseTemplate::new(400).set_body_json(json!({ "__type": kind }))
    }

    fn query(&self, body: &Value) -> ResponseTemplate {
        let items = self.0.lock().unwrap();
        let values = &body["ExpressionAttributeValues"];
        let prefix = values[":prefix"]["S"].as_str().unwrap_or_default();
        let found: Vec<&Value> = items
            .iter()
            .filter(|((pk, sk), _)| values[":pk"]["S"] == *pk && sk.starts_with(prefix))
            .map(|(_, item)| item)
            .collect();
        ResponseTemplate::new(200).set_body_json(json!({ "Items": found }))
    }
}

impl Respond for Items {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        match request.headers["x-amz-target"].to_str().unwrap() {
            "DynamoDB_20120810.PutItem" => self.put(&body),
            "DynamoDB_20120810.Query" => self.query(&body),
            // A connection that never ran has no state.
            "DynamoDB_20120810.BatchGetItem" => ResponseTemplate::new(200).set_body_json(json!({ "Responses": {} })),
            "DynamoDB_20120810.GetItem" => {
                let found = self.0.lock().unwrap().get(&key(&body["Key"])).cloned();
                ResponseTemplate::new(200).set_body_json(found.map_or(json!({}), |item| json!({ "Item": item })))
            }
            other => panic!("{other}"),
        }
    }
}

/// What arrived, and how many of the next ones do not.
#[derive(Default)]
struct Post {
    arrived: Mutex<Vec<String>>,
    failures: Mutex<usize>,
}

impl Post {
    fn take(&self, text: String) -> bool {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return false;
        }
        self.arrived.lock().unwrap().push(text);
        true
    }

    fn fail(&self, times: usize) {
        *self.failures.lock().unwrap() = times;
    }

    fn subjects(&self) -> Vec<String> {
        self.arrived.lock().unwrap().clone()
    }
}

impl Mail for Post {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        let taken = self.take(letter.subject.clone());
        Box::pin(async move { if taken { Ok(()) } else { Err(MailError("down".to_owned())) } })
    }
}

impl Channel for Post {
    fn post<'a>(&'a self, address: &'a ChannelAddress, message: &'a Value) -> BoxFuture<'a, Result<(), ChannelError>> {
        assert_eq!(address.secret().expose_secret(), ADDRESS);
        let title = message.pointer("/attachments/0/content/body/0/items/0/inlines/0/text").unwrap();
        let taken = self.take(title.as_str().unwrap().to_owned());
        Box::pin(async move { if taken { Ok(()) } else { Err(ChannelError::Throttled { retry_after: None }) } })
    }
}

struct World {
    _aws: MockServer,
    items: Items,
    mail: Arc<Post>,
    channel: Arc<Post>,
    teller: Teller,
}

impl World {
    /// With this address in the connection's secret.
    async fn start(address: Option<&str>) -> Self {
        let (aws, items) = (MockServer::start().await, Items::default());
        let credential = json!({ "kind": "client_secret", "client_id": "app", "secret": "canary" });
        let mut secret = json!({ "v": 1, "tenant": Uuid::from_u128(7), "credential": credential });
        if let Some(address) = address {
            secret["channel_webhook"] = address.into();
        }
        let secret = json!({ "SecretString": secret.to_string() });
        Mock::given(matchers::header("x-amz-target", "secretsmanager.GetSecretValue"))
            .respond_with(ResponseTemplate::new(200).set_body_json(secret))
            .mount(&aws)
            .await;
        Mock::given(matchers::any()).respond_with(items.clone()).with_priority(9).mount(&aws).await;
        let config = config(&aws.uri());
        let table = Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall");
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), "");
        let (mail, channel) = (Arc::new(Post::default()), Arc::new(Post::default()));
        let channels = Channels { secrets, hosts: ChannelHosts::default(), channel: channel.clone() };
        let teller = Teller::by_mail(table, mail.clone()).and_in_channels(channels);
        Self { _aws: aws, items, mail, channel, teller }
    }

    async fn look(&self, connection: &Connection, now: Timestamp) -> Visited {
        self.teller.look(connection, now).await.unwrap()
    }
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// A connection, read from an item, so that it has whatever a connection has.
async fn connection(status: ConnectionStatus) -> Connection {
    let aws = MockServer::start().await;
    let page = json!({ "Items": [crate::clock::item(1, "active")] });
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200).set_body_json(page)).mount(&aws).await;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&config(&aws.uri())), "rollcall");
    let found = table.connections(&PageRequest::first(1)).await.unwrap().items.remove(0);
    let id = ConnectionId(Uuid::from_u128(0xc0));
    Connection { id, status, owners: vec!["it@contoso.com".to_owned()], updated_at: now(), ..found }
}

async fn paused() -> Connection {
    let reason = PauseReason {
        kind: PauseKind::Credential,
        message: "the client secret has expired".to_owned(),
        action: "Make a new one.".to_owned(),
    };
    connection(ConnectionStatus::Paused { reason, since: now() }).await
}

const PAUSED: &str = "Rollcall has paused the connection Contoso";

#[tokio::test]
async fn however_many_look_at_the_same_moment_people_hear_of_it_once() {
    let (world, connection) = (World::start(Some(ADDRESS)).await, paused().await);
    let looks = join_all((0..20).map(|_| world.look(&connection, now()))).await;
    assert_eq!(looks.iter().map(|visited| visited.sent).sum::<usize>(), 2);
    assert_eq!(world.mail.subjects(), [PAUSED]);
    assert_eq!(world.channel.subjects(), [PAUSED]);
    for hour in 0..48 {
        world.look(&connection, after(hour)).await;
    }
    assert_eq!(world.mail.subjects(), [PAUSED, &format!("Reminder: {PAUSED}")]);
    assert_eq!(world.channel.subjects().len(), 2);
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_at_the_next_look_and_the_other_way_is_not_repeated() {
    let (world, connection) = (World::start(Some(ADDRESS)).await, paused().await);
    world.mail.fail(2);
    assert_eq!(world.look(&connection, now()).await, Visited { sent: 1, failed: 1 });
    assert_eq!(world.look(&connection, after(1)).await, Visited { sent: 0, failed: 1 });
    assert_eq!(world.look(&connection, after(2)).await, Visited { sent: 1, failed: 0 });
    assert_eq!((world.mail.subjects().len(), world.channel.subjects().len()), (1, 1));
}

#[tokio::test]
async fn a_worker_that_dies_while_it_sends_loses_nothing() {
    let (world, connection) = (World::start(None).await, paused().await);
    // Dropped at the first moment after the claim at which it waits.
    let mut look = Box::pin(world.teller.look(&connection, now()));
    while world.items.0.lock().unwrap().is_empty() {
        tokio::select! { _ = &mut look => panic!("it was not to be finished"), () = tokio::task::yield_now() => {} }
    }
    drop(look);
    let told = world.mail.subjects().len();
    assert!(told <= 1);
    assert_eq!(world.look(&connection, now()).await, Visited::default(), "the claim holds");
    assert_eq!(world.look(&connection, after(1)).await.sent, 1, "and has lapsed by the next look");
    assert_eq!(world.mail.subjects().len(), told + 1);
}

#[tokio::test]
async fn a_connection_without_a_channel_or_with_a_foreign_address_is_told_by_mail_only() {
    for address in [None, Some("https://evil.example/?sig=canary"), Some("http://127.0.0.1:9001/2018-06-01/runtime")] {
        let (world, connection) = (World::start(address).await, paused().await);
        assert_eq!(world.look(&connection, now()).await, Visited { sent: 1, failed: 0 });
        assert!(world.channel.subjects().is_empty());
        // Whoever sets a channel later hears of it then.
        assert!(world.items.0.lock().unwrap().keys().all(|(_, sk)| sk == "NOTICE#paused#mail"));
    }
}

#[tokio::test]
async fn recovery_is_told_and_a_connection_that_is_stopped_is_forgotten() {
    let world = World::start(Some(ADDRESS)).await;
    world.look(&paused().await, now()).await;
    let active = Connection { updated_at: after(1), ..connection(ConnectionStatus::Active).await };
    for hour in 1..4 {
        world.look(&active, after(hour)).await;
    }
    assert_eq!(world.mail.subjects(), [PAUSED, "The connection Contoso is active again"]);
    world.look(&paused().await, after(5)).await;
    world.look(&connection(ConnectionStatus::Inactive).await, after(6)).await;
    world.look(&active, after(7)).await;
    assert_eq!(world.mail.subjects().len(), 3, "{:?}", world.mail.subjects());
    assert_eq!(world.channel.subjects().len(), 3);
}

#[tokio::test]
async fn no_secret_is_in_what_is_remembered_or_said() {
    let (world, connection) = (World::start(Some(ADDRESS)).await, paused().await);
    world.look(&connection, now()).await;
    let items = format!("{:?}", world.items.0.lock().unwrap());
    assert!(!items.contains("canary") && !items.contains("powerplatform"), "{items}");
}

#[tokio::test]
async fn the_subscription_that_ends_first_counts_and_one_that_was_never_confirmed_does_not() {
    let connection = connection(ConnectionStatus::Active).await;
    let row = |id: Option<&str>, hours| Subscription {
        nonce: Uuid::new_v4(),
        resource: Resource::Users,
        id: id.map(str::to_owned),
        expires_at: after(hours),
        created_at: now(),
        renewed_at: None,
        reauthorize_at: None,
    };
    let of = |rows: &[Subscription]| Facts::of(&connection, &SyncState::default(), rows, &[]).notifications;
    assert_eq!(of(&[]), Notifications::Missing);
    assert_eq!(of(&[row(None, 500)]), Notifications::Missing);
    // Of two for the same thing, while one replaces the other, the later end counts.
    assert_eq!(of(&[row(Some("a"), 20), row(Some("b"), 400), row(None, 500)]), Notifications::Until(after(400)));
    let mut by_hand = connection.clone();
    by_hand.rules.auto_sync = false;
    let facts = Facts::of(&by_hand, &SyncState::default(), &[], &[]);
    assert_eq!((facts.auto_sync, facts.notifications), (false, Notifications::NotWanted));
}
