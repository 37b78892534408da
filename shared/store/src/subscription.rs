//! Change-notification subscriptions of a connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
