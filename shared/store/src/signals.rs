//! What a notification's receiver needs: everything about all subscriptions of one body in one call.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use uuid::Uuid;

use crate::error::Error;
use crate::item::{check_version, from_item, read_text, read_u64, text};
use crate::keys::{Item, Key, SUBSCRIPTION, partition};
use crate::subscription::Subscription;
use crate::table::Table;
use crate::write::Change;

const KIND: &str = "subscription";

/// A known subscription, and the generation of its connection at the time of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Whose subscription.
    pub connection: ConnectionId,
    /// The subscription.
    pub subscription: Subscription,
    /// The generation of the connection's notifications: the epoch of its lease. A worker raises it by taking the
    /// lease, before it reads anything.
    pub generation: u64,
}

impl Table {
    /// The subscriptions with these nonces, as they are now, each with its connection's generation.
    /// What does not exist is left out. One call to `DynamoDB` for up to 50 subscriptions.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn signals(&self, wanted: &BTreeSet<(ConnectionId, Uuid)>) -> Result<Vec<Signal>, Error> {
        let connections: BTreeSet<ConnectionId> = wanted.iter().map(|(connection, _)| *connection).collect();
        let rows = wanted.iter().map(|(connection, nonce)| Key::subscription(*connection, *nonce));
        let keys: Vec<Key> = rows.chain(connections.iter().map(|connection| Key::lease(*connection))).collect();
        let by_partition: BTreeMap<String, ConnectionId> =
            connections.into_iter().map(|connection| (partition(connection), connection)).collect();
        let mut generations = BTreeMap::new();
        let mut found = Vec::new();
        for item in self.get_many(&keys).await? {
            let Some(connection) = by_partition.get(read_text(KIND, &item, "pk")?).copied() else { continue };
            if read_text(KIND, &item, "sk")?.starts_with(SUBSCRIPTION) {
                found.push((connection, from_item(KIND, item)?));
            } else {
                check_version("lease", &item)?;
                generations.insert(connection, read_u64("lease", &item, "epoch")?);
            }
        }
        let generation = |connection| generations.get(&connection).copied().unwrap_or_default();
        Ok(found
            .into_iter()
            .map(|(connection, subscription)| Signal { connection, subscription, generation: generation(connection) })
            .collect())
    }

    /// Notes that Graph asked for a new authorisation of a subscription. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn note_reauthorization(
        &self,
        connection: ConnectionId,
        nonce: Uuid,
        now: Timestamp,
    ) -> Result<(), Error> {
        let asked = Item::from([("reauthorize_at".to_owned(), text(now.to_string()))]);
        let change = Change::set(KIND, Key::subscription(connection, nonce), asked, &[]);
        match self.update(KIND, change.require("nonce", text(nonce.to_string()))).await {
            Ok(_) | Err(Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
