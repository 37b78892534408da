use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::future::BoxFuture;
use rollcall_sync::job::Message;
use rollcall_sync::notification::client_state::{ClientStateKey, Origin};
use rollcall_sync::notification::receive::{Known, KnownSubscriptions};
use rollcall_sync::ports::{Queue, QueueError};
use secrecy::SecretString;

use super::*;

/// Knows every subscription whose `clientState` is genuine.
#[derive(Default)]
struct World {
    sent: Mutex<Vec<Message>>,
    marked: Mutex<usize>,
    queue_is_down: bool,
}

impl KnownSubscriptions for World {
    fn look_up<'a>(
        &'a self,
        origins: &'a BTreeSet<Origin>,
    ) -> BoxFuture<'a, Result<BTreeMap<Origin, Known>, rollcall_store::Error>> {
        let known = origins.iter().map(|origin| (*origin, Known { subscription: None, generation: 41 })).collect();
        Box::pin(async move { Ok(known) })
    }

    fn mark<'a>(&'a self, _: Origin, _: Timestamp) -> BoxFuture<'a, Result<(), rollcall_store::Error>> {
        *self.marked.lock().unwrap() += 1;
        Box::pin(async { Ok(()) })
    }
}

impl Queue for World {
    fn send<'a>(&'a self, message: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        let answer = if self.queue_is_down {
            Err(QueueError("down".to_owned()))
        } else {
            self.sent.lock().unwrap().push(message.clone());
            Ok(())
        };
        Box::pin(async move { answer })
    }
}

impl World {
    async fn answer(&self, event: &str) -> Response {
        // The key that the samples' clientState was made with.
        let key = ClientStateKey::new(&SecretString::from("a key for the samples only"));
        let receiver = Receiver { key: &key, known: self, queue: self };
        let request: Request = serde_json::from_str(event).unwrap();
        answer(&receiver, &request, Timestamp::UNIX_EPOCH).await
    }

    /// Status, jobs queued, subscriptions marked.
    async fn effect(event: &str) -> (u16, usize, usize) {
        let world = Self::default();
        let response = world.answer(event).await;
        assert_eq!(response.body, "");
        let (sent, marked) = (world.sent.into_inner().unwrap(), world.marked.into_inner().unwrap());
        (response.status_code, sent.len(), marked)
    }
}

macro_rules! event {
    ($name:literal) => {
        include_str!(concat!("../../../../events/webhook/", $name, ".json"))
    };
}

fn event(query: &str, body: &str) -> String {
    serde_json::json!({ "rawQueryString": query, "body": body, "isBase64Encoded": false }).to_string()
}

#[tokio::test]
async fn the_handshake_repeats_the_decoded_token_and_does_nothing_else() {
    let world = World::default();
    let response = world.answer(event!("validation")).await;
    assert_eq!(response.status_code, 200);
    assert_eq!(
        response.body,
        "Validation: Testing client application reachability for subscription Request-Id: 6a5b&c+d"
    );
    assert_eq!(response.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.headers["x-content-type-options"], "nosniff");
    assert_eq!(response.headers["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(response.headers["cache-control"], "no-store");
    assert_eq!(world.answer(event!("lifecycle-validation")).await.body, "Validation: Testing lifecycle");
    assert!(world.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_that_is_markup_is_not_repeated() {
    let response = World::default().answer(&event("validationToken=%3Cscript%3E", "")).await;
    assert_eq!(response, Response::empty(400));
}

#[tokio::test]
async fn notifications_queue_one_job_for_their_connection() {
    assert_eq!(World::effect(event!("users-updated")).await, (202, 1, 0));
    assert_eq!(World::effect(event!("users-deleted")).await, (202, 1, 0));
    assert_eq!(World::effect(event!("groups-members")).await, (202, 1, 0));
    assert_eq!(World::effect(event!("mixed")).await, (202, 1, 0));
}

#[tokio::test]
async fn lifecycle_events_mark_or_queue() {
    assert_eq!(World::effect(event!("lifecycle-reauthorization-required")).await, (202, 0, 1));
    assert_eq!(World::effect(event!("lifecycle-missed")).await, (202, 1, 0));
    assert_eq!(World::effect(event!("lifecycle-subscription-removed")).await, (202, 1, 0));
}

#[tokio::test]
async fn a_forged_notification_gets_the_very_answer_of_a_genuine_one() {
    let world = World::default();
    assert_eq!(world.answer(event!("forged")).await, world.answer(event!("users-updated")).await);
    assert_eq!(World::effect(event!("forged")).await, (202, 0, 0));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    assert_eq!(World::effect(event!("malformed")).await, (400, 0, 0));
    assert_eq!(World::effect(&event("", "")).await, (400, 0, 0));
    assert_eq!(World::effect(r#"{"body":null}"#).await, (400, 0, 0));
    assert_eq!(World::effect(r#"{"body":"%%","isBase64Encoded":true}"#).await, (400, 0, 0));
    assert_eq!(World::effect(&event("", &" ".repeat((1 << 20) + 1))).await, (413, 0, 0));
}

#[tokio::test]
async fn a_refused_job_makes_graph_send_again() {
    let world = World { queue_is_down: true, ..World::default() };
    assert_eq!(world.answer(event!("users-updated")).await, Response::empty(503));
}
