use std::sync::Mutex;

use rollcall_directory::identity::TenantId;
use secrecy::SecretString;

use super::*;

const TENANT: TenantId = TenantId(Uuid::from_u128(70));

/// A world with two connections, each with one subscription.
struct World {
    key: ClientStateKey,
    rows: BTreeMap<Origin, Known>,
    reads: Mutex<usize>,
    marked: Mutex<BTreeSet<Origin>>,
    sent: Mutex<Vec<(Message, String)>>,
    broken: Option<&'static str>,
}

fn origin(number: u128) -> Origin {
    Origin { connection: ConnectionId(Uuid::from_u128(number)), nonce: Uuid::from_u128(number + 10) }
}

const fn subscription(number: u128) -> Uuid {
    Uuid::from_u128(number + 20)
}

fn world() -> World {
    let known = |number| Known { subscription: Some(subscription(number)), generation: 5 };
    World {
        key: ClientStateKey::new(&SecretString::from("key")),
        rows: BTreeMap::from([(origin(1), known(1)), (origin(2), known(2))]),
        reads: Mutex::default(),
        marked: Mutex::default(),
        sent: Mutex::default(),
        broken: None,
    }
}

impl KnownSubscriptions for World {
    fn look_up<'a>(
        &'a self,
        origins: &'a BTreeSet<Origin>,
    ) -> BoxFuture<'a, Result<BTreeMap<Origin, Known>, rollcall_store::Error>> {
        *self.reads.lock().unwrap() += 1;
        let broken = self.broken == Some("table");
        let found = origins.iter().filter_map(|origin| Some((*origin, *self.rows.get(origin)?))).collect();
        Box::pin(async move { if broken { Err(unavailable()) } else { Ok(found) } })
    }

    fn mark<'a>(&'a self, origin: Origin, _: Timestamp) -> BoxFuture<'a, Result<(), rollcall_store::Error>> {
        self.marked.lock().unwrap().insert(origin);
        Box::pin(async { Ok(()) })
    }
}

fn unavailable() -> rollcall_store::Error {
    rollcall_store::Error::Unavailable { operation: "BatchGetItem", code: "timeout".to_owned() }
}

impl Queue for World {
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        let refused = self.broken == Some("queue") && message.connection == origin(1).connection;
        if !refused {
            self.sent.lock().unwrap().push((message.clone(), key.to_owned()));
        }
        Box::pin(async move { if refused { Err(QueueError("down".to_owned())) } else { Ok(()) } })
    }
}

impl World {
    fn notification(&self, number: u128) -> Notification {
        Notification {
            subscription: subscription(number),
            tenant: TENANT,
            client_state: self.key.issue(origin(number), TENANT),
            event: Event::Change,
        }
    }

    async fn receive(&self, notifications: Vec<Notification>) -> Result<Outcome, ReceiveError> {
        let receiver = Receiver { key: &self.key, known: self, queue: self };
        receiver.receive(Received { notifications, malformed: 0 }, Timestamp::UNIX_EPOCH).await
    }

    fn keys(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(_, key)| key.clone()).collect()
    }
}

#[tokio::test]
async fn nothing_received_does_nothing() {
    let world = world();
    assert_eq!(world.receive(Vec::new()).await.unwrap(), Outcome::default());
    assert_eq!(*world.reads.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_notification_queues_a_read_under_the_generation_it_found() {
    let world = world();
    let outcome = world.receive(vec![world.notification(1)]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.queued), (1, 1));
    let connection = origin(1).connection;
    assert_eq!(
        *world.sent.lock().unwrap(),
        [(
            Message::new(connection, Job::Incremental { cause: Cause::Notification }),
            format!("{connection}:notification:5")
        )]
    );
}

#[tokio::test]
async fn many_notifications_of_a_connection_are_one_message_and_one_read() {
    let world = world();
    let mut many = vec![world.notification(1); 500];
    many.extend(vec![world.notification(2); 500]);
    assert_eq!(world.receive(many).await.unwrap().accepted, 1_000);
    assert_eq!(world.keys().len(), 2);
    assert_eq!(*world.reads.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_forged_one_is_turned_away_before_the_table_is_read() {
    let world = world();
    let mut wrong_state = world.notification(1);
    wrong_state.client_state = SecretString::from("guessed");
    let mut wrong_tenant = world.notification(1);
    wrong_tenant.tenant = TenantId(Uuid::from_u128(71));
    let mut borrowed = world.notification(2);
    borrowed.client_state = ClientStateKey::new(&SecretString::from("other")).issue(origin(2), TENANT);
    let outcome = world.receive(vec![wrong_state, wrong_tenant, borrowed]).await.unwrap();
    assert_eq!(outcome.forged, 3);
    assert_eq!(*world.reads.lock().unwrap(), 0);
    assert_eq!(world.keys(), [""; 0]);
}

#[tokio::test]
async fn another_subscriptions_id_or_a_forgotten_subscription_is_not_accepted() {
    let world = world();
    let mut swapped = world.notification(1);
    swapped.subscription = subscription(2);
    let outcome = world.receive(vec![swapped, world.notification(3)]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.unknown), (0, 2));
    assert_eq!(world.keys(), [""; 0]);
}

#[tokio::test]
async fn a_notification_before_the_creation_was_answered_is_accepted() {
    let mut world = world();
    world.rows.insert(origin(1), Known { subscription: None, generation: 0 });
    assert_eq!(world.receive(vec![world.notification(1)]).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_flood_of_reauthorisations_is_one_mark_and_no_read() {
    let world = world();
    let mut event = world.notification(1);
    event.event = Event::ReauthorizationRequired;
    assert_eq!(world.receive(vec![event; 1_000]).await.unwrap().accepted, 1_000);
    assert_eq!(*world.marked.lock().unwrap(), BTreeSet::from([origin(1)]));
    assert_eq!(world.keys(), [""; 0]);
}

#[tokio::test]
async fn a_refusal_of_table_or_queue_is_told_and_does_not_stop_other_connections() {
    let mut world = world();
    world.broken = Some("table");
    let both = vec![world.notification(1), world.notification(2)];
    assert!(matches!(world.receive(both.clone()).await, Err(ReceiveError::Store(_))));
    world.broken = Some("queue");
    assert!(matches!(world.receive(both).await, Err(ReceiveError::Queue(_))));
    assert_eq!(world.keys(), [format!("{}:notification:5", origin(2).connection)]);
}
