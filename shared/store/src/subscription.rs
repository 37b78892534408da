//! Change-notification subscriptions of a connection.

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{from_item, to_item};
use crate::keys::{Key, SUBSCRIPTION, partition};
use crate::table::{Span, Table};

const KIND: &str = "subscription";

/// A subscription, from just before it is created at Graph to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Random, in the notification URL: it leads from a notification to this item.
    pub nonce: Uuid,
    /// What it watches.
    pub resource: Resource,
    /// Graph's id. None while it is being created: the handshake arrives before the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When Graph lets it expire.
    // Not `expires_at` in the table: that attribute is the time to live of the item, and an
    // expired subscription must stay until it is recreated.
    #[serde(rename = "ends_at")]
    pub expires_at: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<Timestamp>,
    /// When Graph last asked for a new authorisation that it has not got yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reauthorize_at: Option<Timestamp>,
}

/// What a subscription watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Changes of users.
    Users,
    /// Changes of groups and their members.
    Groups,
}

impl Table {
    /// All subscriptions of a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn subscriptions(&self, connection: ConnectionId) -> Result<Vec<Subscription>, Error> {
        let items = self.query_all(Span::prefixed(partition(connection), SUBSCRIPTION)).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// The subscription to which a notification URL leads.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn subscription_by_nonce(
        &self,
        connection: ConnectionId,
        nonce: Uuid,
    ) -> Result<Option<Subscription>, Error> {
        self.get(&Key::subscription(connection, nonce)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Adds or changes a subscription.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_subscription(&self, connection: ConnectionId, subscription: &Subscription) -> Result<(), Error> {
        let item = to_item(KIND, &Key::subscription(connection, subscription.nonce), subscription)?;
        self.put(KIND, item, None).await
    }

    /// Removes a subscription. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_subscription(&self, connection: ConnectionId, nonce: Uuid) -> Result<(), Error> {
        self.delete(&Key::subscription(connection, nonce)).await
    }
}
