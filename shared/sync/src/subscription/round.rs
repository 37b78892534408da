//! The hourly round: looks after the subscriptions of all connections.
//!
//! Active connections get what they need. Those that are not synced any more lose what is left of
//! their subscriptions. Paused ones are left alone: their credential most likely does not work, and
//! their subscriptions may well outlive the pause. One connection's failure stops no other.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use rollcall_graph::{Error as GraphError, Priority};
use rollcall_store::{Connection, ConnectionStatus, Error as StoreError, PageRequest, Table};
use tokio::time::{Instant, timeout_at};

use super::keeper::{KeepError, Keeper, Kept};
use super::removal::remove_all;
use crate::access::{AccessError, GraphAccess};

/// Connections that are read at a time.
const PAGE: u32 = 100;
/// Connections that are looked after at the same time.
const AT_ONCE: usize = 8;
/// The longest that one connection may take.
const EACH: Duration = Duration::from_secs(30);

/// What the round needs.
pub struct Round<'a> {
    /// The connections.
    pub table: &'a Table,
    /// Graph.
    pub access: &'a GraphAccess,
    /// The keeper.
    pub keeper: &'a Keeper,
}

/// How the round went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections that are as they should be.
    pub settled: usize,
    /// Connections that only a person can help: credential, consent, another deployment.
    pub blocked: usize,
    /// Connections that met passing trouble.
    pub failed: usize,
}

/// Why the round must be made again.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The list of connections could not be read to its end.
    #[error("the connections could not be read: {0}")]
    List(#[source] StoreError),
    /// Some connections met passing trouble.
    #[error("{} connections met passing trouble, {} are settled", .0.failed, .0.settled)]
    Some(Tally),
}

#[derive(Debug, thiserror::Error)]
enum OneError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error("out of time")]
    OutOfTime,
}

enum Outcome {
    Settled,
    Blocked,
    Failed,
}

impl Round<'_> {
    /// Looks after every connection.
    ///
    /// # Errors
    /// [`RoundError`] when it is worth making the round again soon.
    pub async fn run(&self, deadline: Instant, now: Timestamp) -> Result<Tally, RoundError> {
        let mut tally = Tally::default();
        let mut request = PageRequest::first(PAGE);
        loop {
            let page = self.table.connections(&request).await.map_err(RoundError::List)?;
            let mut outcomes = stream::iter(&page.items)
                .map(|connection| self.visit(connection, deadline, now))
                .buffer_unordered(AT_ONCE);
            while let Some(outcome) = outcomes.next().await {
                match outcome {
                    Outcome::Settled => tally.settled += 1,
                    Outcome::Blocked => tally.blocked += 1,
                    Outcome::Failed => tally.failed += 1,
                }
            }
            match page.next {
                Some(next) => request.cursor = Some(next),
                None if tally.failed > 0 => return Err(RoundError::Some(tally)),
                None => return Ok(tally),
            }
        }
    }

    async fn visit(&self, connection: &Connection, deadline: Instant, now: Timestamp) -> Outcome {
        let limit = deadline.min(Instant::now() + EACH);
        let done = timeout_at(limit, self.keep(connection, limit, now)).await;
        match done.unwrap_or(Err(OneError::OutOfTime)) {
            Ok(kept) => {
                report(connection, &kept, now);
                Outcome::Settled
            }
            Err(error) => {
                let blocked = error.needs_a_person();
                tracing::warn!(connection = %connection.id, blocked, error = %error, "subscriptions are not settled");
                if blocked { Outcome::Blocked } else { Outcome::Failed }
            }
        }
    }

    async fn keep(&self, connection: &Connection, limit: Instant, now: Timestamp) -> Result<Kept, OneError> {
        match connection.status {
            ConnectionStatus::Paused { .. } => return Ok(Kept::default()),
            ConnectionStatus::Active => {}
            ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Deleting => {
                if self.keeper.rows.list(connection.id).await.map_err(KeepError::from)?.is_empty() {
                    return Ok(Kept::default());
                }
            }
        }
        let (tenant, client) = self.access.client(connection.id).await?;
        let client = client.until(limit).priority(Priority::Low);
        if connection.status == ConnectionStatus::Active {
            Ok(self.keeper.ensure(&client, tenant, connection, now).await?)
        } else {
            let Keeper { rows, addresses, .. } = self.keeper;
            let deleted = remove_all(rows.as_ref(), &client, addresses, connection.id, now).await?;
            Ok(Kept { deleted, ..Kept::default() })
        }
    }
}

impl OneError {
    fn needs_a_person(&self) -> bool {
        match self {
            Self::Access(AccessError::Secret(error)) => !matches!(error, StoreError::Unavailable { .. }),
            Self::Access(AccessError::Unusable(_)) | Self::Keep(KeepError::Taken(_)) => true,
            Self::Keep(KeepError::Graph(error)) => {
                error.needs_a_person() || matches!(error, GraphError::Refused { .. })
            }
            Self::Keep(KeepError::Store(_) | KeepError::Queue(_)) | Self::OutOfTime => false,
        }
    }
}

fn report(connection: &Connection, kept: &Kept, now: Timestamp) {
    let Kept { created, renewed, deleted, ends } = kept;
    let Some(first) = ends.values().min() else { return };
    tracing::info!(
        connection = %connection.id,
        subscriptions.created = created,
        subscriptions.renewed = renewed,
        subscriptions.deleted = deleted,
        subscriptions.first_ends_in_hours = first.duration_since(now).as_hours(),
        "subscriptions are settled"
    );
}
