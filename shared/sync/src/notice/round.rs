//! The hourly look at all connections.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use rollcall_store::{Connection, Error as StoreError, PageRequest, Table};
use tokio::time::{Instant, timeout_at};

use super::teller::{Teller, Visited};

/// Connections that are read at a time.
const PAGE: u32 = 100;
/// Connections that are looked at at the same time.
const AT_ONCE: usize = 8;
/// The longest that one connection may take: several posts to a channel that does not answer.
const EACH: Duration = Duration::from_secs(60);

/// How the look went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections.
    pub connections: usize,
    /// Notices that were sent.
    pub sent: usize,
    /// Notices that could not be sent. They are due again at the next look.
    pub failed: usize,
    /// Connections that could not be looked at.
    pub unseen: usize,
}

/// Why the look must be made again.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The list of connections could not be read to its end.
    #[error("the connections could not be read: {0}")]
    List(#[source] StoreError),
    /// Some connections could not be looked at.
    #[error("{} of {} connections could not be looked at", .0.unseen, .0.connections)]
    Some(Tally),
}

/// Looks at every connection. One that can't be looked at stops no other.
///
/// # Errors
/// [`LookError`] when it is worth looking again soon. Notices that could not be sent are no reason: a channel that is gone
/// stays gone.
pub async fn look(table: &Table, teller: &Teller, deadline: Instant, now: Timestamp) -> Result<Tally, LookError> {
    let mut tally = Tally::default();
    let mut request = PageRequest::first(PAGE);
    loop {
        let page = table.connections(&request).await.map_err(LookError::List)?;
        let mut looks =
            stream::iter(&page.items).map(|found| one(teller, found, deadline, now)).buffer_unordered(AT_ONCE);
        while let Some(seen) = looks.next().await {
            tally.connections += 1;
            match seen {
                Some(Visited { sent, failed }) => {
                    tally.sent += sent;
                    tally.failed += failed;
                }
                None => tally.unseen += 1,
            }
        }
        drop(looks);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None if tally.unseen > 0 => return Err(LookError::Some(tally)),
            None => return Ok(tally),
        }
    }
}

async fn one(teller: &Teller, connection: &Connection, deadline: Instant, now: Timestamp) -> Option<Visited> {
    let limit = deadline.min(Instant::now() + EACH);
    match timeout_at(limit, teller.look(connection, now)).await {
        Ok(Ok(visited)) => Some(visited),
        Ok(Err(error)) => {
            tracing::warn!(connection.id = %connection.id, %error, "a connection could not be looked at");
            None
        }
        Err(_) => {
            tracing::warn!(connection.id = %connection.id, "a connection could not be looked at in time");
            None
        }
    }
}
