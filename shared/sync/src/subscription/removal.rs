//! Ends the subscriptions of a connection that is no longer synced.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use rollcall_graph::{Error as GraphError, GraphClient, subscriptions};
use uuid::Uuid;

use super::address::Addresses;
use super::audit::{Step, audit};
use super::keeper::{KeepError, Rows, listed};

/// Ends all subscriptions of a connection.
///
/// Without rows there is nothing to end, and no call. Rows whose subscription is over go without a
/// call too, so that a connection whose credential no longer works comes clean in time.
///
/// # Errors
/// [`KeepError`]. The rows of what could not be ended stay, so that the next call finds them.
pub async fn remove_all(
    rows: &dyn Rows,
    client: &GraphClient,
    addresses: &Addresses,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<usize, KeepError> {
    let (over, alive): (Vec<_>, Vec<_>) =
        rows.list(connection).await?.into_iter().partition(|row| row.expires_at <= now);
    for row in over {
        rows.remove(connection, row.nonce).await?;
    }
    if alive.is_empty() {
        return Ok(0);
    }
    let listed = listed(client, addresses, connection).await?;
    let mut ended = 0;
    for step in audit(now, &alive, &listed, &BTreeSet::new()) {
        match step {
            Step::Delete { id } => end(client, id).await.map(|()| ended += 1)?,
            Step::Forget { nonce } => rows.remove(connection, nonce).await?,
            // Where nothing is wanted nothing else is called for.
            Step::Adopt { .. } | Step::Renew { .. } | Step::Create { .. } => {}
        }
    }
    Ok(ended)
}

/// Ends a subscription; one that has ended already is as good.
pub(super) async fn end(client: &GraphClient, id: Uuid) -> Result<(), GraphError> {
    match client.send(&subscriptions::delete(id)).await {
        Ok(()) | Err(GraphError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
