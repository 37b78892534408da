//! Bodies of change notifications and lifecycle events, and Graph's handshake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::future::BoxFuture;
use fuzz::graph::{now, run};
use fuzz::memory::bounded;
use fuzz::reading::{CANARY, has_name, id};
use jiff::Timestamp;
use rollcall_sync::job::Message;
use rollcall_sync::notification::client_state::{ClientStateKey, Origin};
use rollcall_sync::notification::parse::{Event, LARGEST_BODY, MOST_ITEMS, Notification, ParseError, parse};
use rollcall_sync::notification::receive::{Known, KnownSubscriptions, Receiver};
use rollcall_sync::notification::validation;
use rollcall_sync::ports::{Queue, QueueError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{BLIND, target};

target!(
    /// A body, and what follows of it.
    bodies, BLIND, body
);
target!(
    /// A query string with a validation token.
    handshakes, BLIND, handshake
);

/// The connection that the samples' `clientState` names. No other was ever issued with their key.
pub(crate) const CONNECTION: &str = "0192f0c4-7a31-7c52-9d1b-6a3f0e5b8d20";

/// The key of the samples.
pub(crate) fn key() -> ClientStateKey {
    ClientStateKey::new(&SecretString::from("a key for the samples only"))
}

fn body(input: &[u8]) {
    // Each item is looked at where it stands, so the list of them costs more than what comes of it.
    let read = bounded(input, 1 << 16, 16, || parse(input));
    let value = serde_json::from_slice::<Value>(input);
    let received = match read {
        Err(ParseError::TooLarge) => {
            let items = value.map_or(usize::MAX, |value| value["value"].as_array().map_or(0, Vec::len));
            return assert!(input.len() > LARGEST_BODY || items > MOST_ITEMS);
        }
        // Not even an array may have been there; a second `value` would be told from a first.
        Err(ParseError::NotNotifications) => return,
        Ok(received) => received,
    };
    let Ok(value) = value else {
        // What the plain reading refuses inside of an item (a lone surrogate, depth) is one item's matter.
        return assert!(received.notifications.len() + received.malformed <= MOST_ITEMS);
    };
    let items = value["value"].as_array().unwrap();
    assert_eq!(received.notifications.len() + received.malformed, items.len(), "every item counts");
    assert!(has_name(&value, CANARY) || !format!("{received:?}").contains(CANARY), "a clientState is not shown");
    let mut rest = items.iter();
    for notification in &received.notifications {
        assert!(rest.any(|item| is(notification, item)), "in order, and none made up");
    }
    let genuine = received.notifications.iter().filter(|one| key().verify(&one.client_state, one.tenant).is_some());
    let genuine = genuine.count();
    let world = World::default();
    let receiver = Receiver { key: &key(), known: &world, queue: &world };
    let outcome = run(receiver.receive(received, now())).unwrap();
    assert_eq!(outcome.accepted, genuine, "exactly those with a clientState of ours are believed");
    world.check(genuine > 0);
}

fn is(notification: &Notification, item: &Value) -> bool {
    let Notification { subscription, tenant, client_state, event } = notification;
    let again = item["lifecycleEvent"] == "reauthorizationRequired";
    id(item, "subscriptionId") == Some(*subscription)
        && id(item, "tenantId") == Some(tenant.0)
        && item["clientState"] == client_state.expose_secret()
        && (*event == Event::ReauthorizationRequired) == again
}

fn handshake(input: &[u8]) {
    let Ok(query) = std::str::from_utf8(input) else { return };
    match bounded(input, 1 << 14, 8, || validation::token(query)) {
        None => {
            assert!(!query.split('&').any(|part| part == "validationToken" || part.starts_with("validationToken=")))
        }
        Some(Err(_)) => assert!(query.contains('&') || query.contains("=") || query.len() >= "validationToken".len()),
        Some(Ok(token)) => {
            assert!((1..=4_096).contains(&token.len()));
            assert!(!token.contains(['<', '>', '\r', '\n', '\0']));
            assert!(token.len() <= 3 * query.len());
        }
    }
}

/// Knows every subscription of which a notification is genuine, and notes what is done for it.
#[derive(Default)]
pub(crate) struct World {
    sent: Mutex<Vec<Message>>,
    marked: Mutex<usize>,
}

impl World {
    /// What was done, was done for the only connection there is, and only if somebody was believed.
    pub(crate) fn check(&self, believed: bool) {
        let (sent, marked) = (self.sent.lock().unwrap(), *self.marked.lock().unwrap());
        assert_eq!(believed, sent.len() + marked > 0);
        assert!(sent.len() <= 1, "one job for each connection");
        assert!(sent.iter().all(|message| message.connection.to_string() == CONNECTION));
    }

    /// Whether anything was done.
    pub(crate) fn is_moved(&self) -> bool {
        !self.sent.lock().unwrap().is_empty() || *self.marked.lock().unwrap() > 0
    }
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
        self.sent.lock().unwrap().push(message.clone());
        Box::pin(async { Ok(()) })
    }
}

/// Without this the target would never see a notification that is believed.
#[test]
fn a_sample_is_believed() {
    let samples = crate::samples("notifications::bodies");
    let believed = samples.all().filter_map(|sample| parse(sample).ok()).flat_map(|received| received.notifications);
    assert!(believed.filter(|one| key().verify(&one.client_state, one.tenant).is_some()).count() > 2);
}
