//! Takes the steps that the audit decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::subscriptions;
use rollcall_graph::{Error as GraphError, GraphClient};
use rollcall_store::{Connection, ConnectionStatus, Error as StoreError, Resource, Subscription, Table};
use uuid::Uuid;

use super::address::Addresses;
use super::audit::{Listed, audit};
use super::visit::Visit;
use crate::notification::client_state::ClientStateKey;
use crate::ports::{Queue, QueueError};

/// Rounds of audit and steps. The second mends what the steps of the first found out.
const ROUNDS: usize = 2;

/// The rows of a connection's subscriptions.
pub trait Rows: Send + Sync {
    /// All of them.
    fn list(&self, connection: ConnectionId) -> BoxFuture<'_, Result<Vec<Subscription>, StoreError>>;
    /// Adds or replaces one.
    fn put<'a>(&'a self, connection: ConnectionId, row: &'a Subscription) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Removes one. It is fine if there is none.
    fn remove(&self, connection: ConnectionId, nonce: Uuid) -> BoxFuture<'_, Result<(), StoreError>>;
}

impl Rows for Table {
    fn list(&self, connection: ConnectionId) -> BoxFuture<'_, Result<Vec<Subscription>, StoreError>> {
        Box::pin(self.subscriptions(connection))
    }

    fn put<'a>(&'a self, connection: ConnectionId, row: &'a Subscription) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.put_subscription(connection, row))
    }

    fn remove(&self, connection: ConnectionId, nonce: Uuid) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.remove_subscription(connection, nonce))
    }
}

/// Why the subscriptions are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The read after a gap could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The same application has a subscription for the same resource that is not ours: another connection's, or
    /// another deployment's. Changes are found by the poll only.
    #[error("another connection or deployment with the same application already watches {0:?}")]
    Taken(Resource),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Subscriptions created. After each a read was queued, because there was a gap.
    pub created: usize,
    /// Renewed.
    pub renewed: usize,
    /// Ended at Graph.
    pub deleted: usize,
    /// When each living one ends, as far as this look at them changed or saw it.
    pub ends: BTreeMap<Resource, Timestamp>,
}

/// Keeps the subscriptions of connections.
#[derive(Clone)]
pub struct Keeper {
    /// The rows.
    pub rows: Arc<dyn Rows>,
    /// Where the read after a gap is queued.
    pub queue: Arc<dyn Queue>,
    /// The key of `clientState`.
    pub key: ClientStateKey,
    /// The addresses that Graph is given.
    pub addresses: Addresses,
}

/// What a connection watches: users, and groups where it matters who is in which. Nothing without auto sync. A paused
/// one goes on listening, so that a short pause makes no gap.
#[must_use]
pub fn wanted(connection: &Connection) -> BTreeSet<Resource> {
    match connection.status {
        ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Deleting => BTreeSet::new(),
        ConnectionStatus::Active | ConnectionStatus::Paused { .. } if !connection.rules.auto_sync => BTreeSet::new(),
        ConnectionStatus::Active | ConnectionStatus::Paused { .. } => {
            let groups = connection.rules.looks_at_groups(&connection.scope).then_some(Resource::Groups);
            std::iter::once(Resource::Users).chain(groups).collect()
        }
    }
}

/// The least application permission that a subscription for this needs (Graph page "Create subscription",
/// "Permissions"). For groups it is more than what reading their members needs.
#[must_use]
pub const fn permission(resource: Resource) -> &'static str {
    match resource {
        Resource::Users => "User.Read.All",
        Resource::Groups => "Group.Read.All",
    }
}

/// The name of the resource in Graph.
#[must_use]
pub const fn path(resource: Resource) -> &'static str {
    match resource {
        Resource::Users => "users",
        Resource::Groups => "groups",
    }
}

impl Keeper {
    /// Sees to it that Graph has exactly the subscriptions that the connection needs now, see [`wanted`].
    ///
    /// # Errors
    /// [`KeepError`]. What was done until then is done, and calling again goes on from there.
    pub async fn ensure(
        &self,
        client: &GraphClient,
        tenant: TenantId,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Kept, KeepError> {
        self.settle(client, tenant, connection.id, &wanted(connection), now).await
    }

    async fn settle(
        &self,
        client: &GraphClient,
        tenant: TenantId,
        connection: ConnectionId,
        wanted: &BTreeSet<Resource>,
        now: Timestamp,
    ) -> Result<Kept, KeepError> {
        let mut kept = Kept::default();
        for round in 1..=ROUNDS {
            let rows = self.rows.list(connection).await?;
            let listed = listed(client, &self.addresses, connection).await?;
            let visit = Visit { keeper: self, client, tenant, connection, rows: &rows, now };
            let mut settled = true;
            for step in audit(now, &rows, &listed, wanted) {
                settled &= visit.take(&step, &mut kept, round == ROUNDS).await?;
            }
            kept.ends.extend(ends(&rows, &listed));
            if settled {
                break;
            }
        }
        Ok(kept)
    }
}

/// The application's subscriptions in the tenant.
pub(super) async fn listed(
    client: &GraphClient,
    addresses: &Addresses,
    connection: ConnectionId,
) -> Result<Vec<Listed>, GraphError> {
    let mut pages = client.pages(subscriptions::list());
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await? {
        listed.extend(page.value.iter().map(|found| seen(found, addresses, connection)));
    }
    Ok(listed)
}

fn seen(found: &subscriptions::Subscription, addresses: &Addresses, connection: ConnectionId) -> Listed {
    let name = found.resource.trim_matches('/').to_ascii_lowercase();
    let address = found.notification_url.as_deref();
    Listed {
        id: found.id,
        resource: [Resource::Users, Resource::Groups].into_iter().find(|resource| path(*resource) == name),
        nonce: address.and_then(|address| addresses.nonce(connection, address)),
        expires_at: found.expiration_date_time,
    }
}

fn ends(rows: &[Subscription], listed: &[Listed]) -> BTreeMap<Resource, Timestamp> {
    let of =
        |row: &Subscription| listed.iter().find(|found| found.nonce == Some(row.nonce)).map(|found| found.expires_at);
    rows.iter().filter_map(|row| Some((row.resource, of(row)?))).collect()
}
