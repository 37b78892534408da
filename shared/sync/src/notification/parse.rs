//! From the bytes of a request to notifications.
//!
//! Graph page "changeNotificationCollection resource type": an object whose `value` is an array. An
//! item that lacks something, or has it in another type, is counted and left out; it does not
//! make its neighbours fail.

use std::fmt;

use rollcall_directory::identity::TenantId;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The largest body that is read: 1 MiB. Graph's own are of a few kilobytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// The most items that are read of one body.
pub const MOST_ITEMS: usize = 1_000;

/// The longest `clientState` of a notification (Graph page "changeNotification resource type").
const LONGEST_CLIENT_STATE: usize = 255;

/// What was in a body.
#[derive(Debug, Default)]
pub struct Received {
    /// The items that have the form of a notification. Nothing about them is proved yet.
    pub notifications: Vec<Notification>,
    /// How many items have not.
    pub malformed: usize,
}

/// An item that has the form of a notification.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Graph's id of the subscription.
    pub subscription: Uuid,
    /// The tenant in which something happened.
    pub tenant: TenantId,
    /// The text that the subscription was created with.
    pub client_state: SecretString,
    /// What it is about.
    pub event: Event,
}

/// What a notification is about, as far as that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something changed, or may have changed unseen: read what changed.
    ///
    /// The lifecycle events `missed` and `subscriptionRemoved`, and those that are not known yet, are among these.
    Change,
    /// The subscription must be authorised anew, or its notifications stop.
    ReauthorizationRequired,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is larger than [`LARGEST_BODY`], or has more items than [`MOST_ITEMS`].
    #[error("the body is too large")]
    TooLarge,
    /// It is no JSON object with an array `value`.
    #[error("the body is no collection of notifications")]
    NotNotifications,
}

/// Reads a body.
///
/// # Errors
/// [`ParseError`], when no item of it can be read.
pub fn parse(body: &[u8]) -> Result<Received, ParseError> {
    if body.len() > LARGEST_BODY {
        return Err(ParseError::TooLarge);
    }
    // A derived type would also be read from a list of its members' values, in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ParseError::NotNotifications);
    }
    let collection: Collection<'_> = serde_json::from_slice(body).map_err(|_| ParseError::NotNotifications)?;
    let mut received = Received::default();
    for item in collection.value.0.ok_or(ParseError::TooLarge)? {
        match read(item.get()) {
            Some(notification) => received.notifications.push(notification),
            None => received.malformed += 1,
        }
    }
    Ok(received)
}

fn read(item: &str) -> Option<Notification> {
    let is_object = item.starts_with('{');
    is_object.then(|| serde_json::from_str::<Item>(item).ok()).flatten().and_then(Item::notification)
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    value: Items<'a>,
}

/// The items as they stand, or `None` if there are more than may be. Counted while reading, so that a body of
/// half a million tiny items costs no memory.
struct Items<'a>(Option<Vec<&'a RawValue>>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of notifications")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while found.len() < MOST_ITEMS {
            match items.next_element::<&'de RawValue>()? {
                Some(item) => found.push(item),
                None => return Ok(Items(Some(found))),
            }
        }
        let mut more = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Items((!more).then_some(found)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    subscription_id: Uuid,
    tenant_id: TenantId,
    client_state: String,
    #[serde(default)]
    lifecycle_event: Option<String>,
}

impl Item {
    fn notification(self) -> Option<Notification> {
        let Self { subscription_id, tenant_id, client_state, lifecycle_event } = self;
        let event = match lifecycle_event.as_deref() {
            Some("reauthorizationRequired") => Event::ReauthorizationRequired,
            _ => Event::Change,
        };
        let fits = client_state.len() <= LONGEST_CLIENT_STATE;
        let client_state = SecretString::from(client_state);
        fits.then_some(Notification { subscription: subscription_id, tenant: tenant_id, client_state, event })
    }
}

#[cfg(test)]
mod tests;
