//! Deleting everything that is kept of a connection.

use rollcall_directory::identity::{ConnectionId, GroupId, HoldId, RunId};

use crate::error::Error;
use crate::item::{read_id, read_text};
use crate::keys::user_partition;
use crate::keys::{
    HOLD, Key, RUN, Shard, TEAM, group_roster_partition, hold_partition, manager_rosters_partition, partition,
    photo_partition, run_partition, session_partition, sign_in_partition,
};
use crate::table::{Span, Table};

/// What is left after a step of a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// Nothing.
    All,
    /// Something: call again.
    Some,
}

/// Items of a query that is followed by their deletion.
const BATCH: usize = 1_000;

/// How many more items a step may delete.
struct Budget(usize);

impl Table {
    /// Deletes about as many items of a connection as `most` says, but not the connection itself.
    ///
    /// It can be stopped and called again at any point: what leads to other items (runs, holds,
    /// teams) is deleted after them, and the lease last, so that a worker that still runs is stopped
    /// by its fence and none finds a lease with a lower epoch while anything is left.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn purge(&self, connection: ConnectionId, most: usize) -> Result<Purged, Error> {
        let mut budget = Budget(most);
        for shard in Shard::all() {
            self.clear(&mut budget, &user_partition(connection, shard), "").await?;
            self.clear(&mut budget, &photo_partition(connection, shard), "").await?;
            self.clear(&mut budget, &manager_rosters_partition(connection, shard), "").await?;
        }
        for team in self.ids::<GroupId>(connection, TEAM).await? {
            for shard in Shard::all() {
                self.clear(&mut budget, &group_roster_partition(connection, team, shard), "").await?;
            }
            self.clear_one(&mut budget, Key::team(connection, team.0)).await?;
        }
        for run in self.ids::<RunId>(connection, RUN).await? {
            self.clear(&mut budget, &run_partition(connection, run), "").await?;
            self.clear_one(&mut budget, Key::run(connection, run)).await?;
        }
        for hold in self.ids::<HoldId>(connection, HOLD).await? {
            self.clear(&mut budget, &hold_partition(connection, hold), "").await?;
            self.clear_one(&mut budget, Key::hold(connection, hold)).await?;
        }
        self.clear_sign_ins(&mut budget, connection).await?;
        self.clear_rest(&mut budget, connection).await?;
        Ok(if budget.0 > 0 { Purged::All } else { Purged::Some })
    }

    /// Sign-ins and sessions. Whoever has any has signed in: so the sign-ins lead to all people whose partitions are to be cleared.
    async fn clear_sign_ins(&self, budget: &mut Budget, connection: ConnectionId) -> Result<(), Error> {
        let span = Span { limit: Some(BATCH), ..Span::of(sign_in_partition(connection)) };
        while budget.0 > 0 {
            let (items, _) = self.query(&span).await?;
            if items.is_empty() {
                return Ok(());
            }
            let mut keys = Vec::with_capacity(items.len());
            for item in &items {
                let person = read_id("sign-in", item, "person", "")?;
                self.clear(budget, &session_partition(connection, person), "").await?;
                keys.push(Key::new(sign_in_partition(connection), read_text("sign-in", item, "sk")?.to_owned()));
                if budget.0 == 0 {
                    break;
                }
            }
            self.spend(budget, keys).await?;
        }
        Ok(())
    }

    /// What is left in the connection's own partition, the lease last.
    async fn clear_rest(&self, budget: &mut Budget, connection: ConnectionId) -> Result<(), Error> {
        let lease = Key::lease(connection);
        let span = Span { only: Some("sk"), limit: Some(BATCH), ..Span::of(partition(connection)) };
        while budget.0 > 0 {
            let (items, _) = self.query(&span).await?;
            let mut keys = Vec::with_capacity(items.len());
            for item in &items {
                let sk = read_text("item", item, "sk")?;
                if sk != lease.sk {
                    keys.push(Key::new(lease.pk.clone(), sk.to_owned()));
                }
            }
            if keys.is_empty() {
                return self.clear_one(budget, lease).await;
            }
            self.spend(budget, keys).await?;
        }
        Ok(())
    }

    /// Deletes what begins with a prefix in a partition, while the budget lasts.
    async fn clear(&self, budget: &mut Budget, pk: &str, prefix: &str) -> Result<(), Error> {
        while budget.0 > 0 {
            let limit = Some(BATCH.min(budget.0));
            let span = Span { only: Some("sk"), limit, ..Span::prefixed(pk.to_owned(), prefix) };
            let (items, last) = self.query(&span).await?;
            let keys = items.iter().map(|item| Ok(Key::new(pk.to_owned(), read_text("item", item, "sk")?.to_owned())));
            self.spend(budget, keys.collect::<Result<_, Error>>()?).await?;
            if last.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Deletes what leads to other items, but only if there was budget enough to delete those.
    async fn clear_one(&self, budget: &mut Budget, key: Key) -> Result<(), Error> {
        if budget.0 > 0 { self.spend(budget, vec![key]).await } else { Ok(()) }
    }

    async fn spend(&self, budget: &mut Budget, keys: Vec<Key>) -> Result<(), Error> {
        self.delete_many(&keys).await?;
        budget.0 = budget.0.saturating_sub(keys.len());
        Ok(())
    }

    async fn ids<T: std::str::FromStr>(&self, connection: ConnectionId, prefix: &str) -> Result<Vec<T>, Error> {
        let span = Span { only: Some("sk"), ..Span::prefixed(partition(connection), prefix) };
        self.query_all(span).await?.iter().map(|item| read_id("item", item, "sk", prefix)).collect()
    }
}
