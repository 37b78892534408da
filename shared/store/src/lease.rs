//! The right to write for a connection.
//!
//! One worker at a time owns a connection's lease. Nothing depends on clocks: the owner raises
//! `beat`, and whoever waits and sees no new beat for the length of a lease *on their own
//! clock* may take over (as the `DynamoDB` lock client does). Each owner has a higher epoch. Every
//! write carries owner, epoch and sequence as its condition, in the same transaction, so a
//! worker that was frozen for hours and wakes up writes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use rollcall_directory::identity::ConnectionId;
use tokio::sync::{Mutex, watch};

use crate::error::Error;
use crate::item::{VERSION, from_item, number, text};
use crate::keys::{Item, Key};
use crate::progress::Progress;
use crate::retention::HistoryDays;
use crate::state::SyncState;
use crate::state_rows::LeaseRow;
use crate::table::Table;
use crate::write::Change;

/// What came of asking for the lease.
#[derive(Debug)]
pub enum Acquired {
    /// It is ours.
    Lease(Lease),
    /// Somebody has it. Who sees the same beat and epoch for the length of a lease may take over.
    Busy {
        /// The owner's beat.
        beat: u64,
        /// The owner's epoch.
        epoch: u64,
    },
}

/// The right to write for a connection, until another worker takes over. Clones are the same
/// lease, and their writes follow one another.
#[derive(Clone)]
pub struct Lease {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) table: Table,
    pub(crate) connection: ConnectionId,
    pub(crate) owner: String,
    pub(crate) epoch: u64,
    /// Days for which history is kept.
    history: AtomicU32,
    /// Whether a commit has given the lease back.
    pub(crate) given_back: AtomicBool,
    /// Held during each write.
    pub(crate) progress: Mutex<Progress>,
    /// The state after the last write.
    pub(crate) shown: watch::Sender<SyncState>,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Inner { connection, owner, epoch, .. } = &*self.inner;
        f.debug_struct("Lease")
            .field("connection", connection)
            .field("owner", owner)
            .field("epoch", epoch)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Takes the lease if nobody has it. The worker's name must be new for each invocation.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn acquire(&self, connection: ConnectionId, worker: &str) -> Result<Acquired, Error> {
        let lease = self.load_lease(connection).await?;
        // An owner of our own name: an earlier call that took the lease and lost the answer.
        if lease.owner.as_deref().is_some_and(|owner| owner != worker) {
            return Ok(Acquired::Busy { beat: lease.beat, epoch: lease.epoch });
        }
        self.take(connection, worker, &lease).await
    }

    /// Takes the lease from an owner that has shown neither a new beat nor a new epoch since
    /// `beat` and `epoch` were read. The caller has waited for the length of a lease.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn take_over(
        &self,
        connection: ConnectionId,
        worker: &str,
        beat: u64,
        epoch: u64,
    ) -> Result<Acquired, Error> {
        let lease = self.load_lease(connection).await?;
        if (lease.beat, lease.epoch) != (beat, epoch) {
            return Ok(Acquired::Busy { beat: lease.beat, epoch: lease.epoch });
        }
        self.take(connection, worker, &lease).await
    }

    /// Takes the lease away from whoever has it: their next write is refused, and nobody owns it then.
    ///
    /// # Errors
    /// [`Error::Unavailable`]. It is fine if nobody ever had the lease.
    pub async fn revoke(&self, connection: ConnectionId) -> Result<(), Error> {
        let lease = self.load_lease(connection).await?;
        if lease.epoch == 0 {
            return Ok(());
        }
        let version = Item::from([("v".to_owned(), number(VERSION))]);
        let mut change = Change::set("lease", Key::lease(connection), version, &["owner"]);
        // Added, not set: two who revoke, or one who revokes while another takes over, both count.
        change.expression.push_str(" ADD #epoch :one");
        change.names.insert("#epoch".to_owned(), "epoch".to_owned());
        change.values.insert(":one".to_owned(), number(1));
        self.update("lease", change).await.map(drop)
    }

    /// Takes the lease if it still is as it was seen.
    async fn take(&self, connection: ConnectionId, worker: &str, seen: &LeaseRow) -> Result<Acquired, Error> {
        let epoch = seen.epoch + 1;
        match self.take_call(connection, worker, seen).await? {
            Some(lease) if lease.owner.as_deref() == Some(worker) && lease.epoch == epoch => {
                let loaded = self.load_state(connection).await?;
                Ok(Acquired::Lease(Lease::new(self.clone(), connection, worker.to_owned(), Progress::new(loaded))))
            }
            Some(lease) => Ok(Acquired::Busy { beat: lease.beat, epoch: lease.epoch }),
            None => Ok(Acquired::Busy { beat: seen.beat, epoch: seen.epoch }),
        }
    }

    /// The lease after the attempt to take it.
    async fn take_call(
        &self,
        connection: ConnectionId,
        worker: &str,
        seen: &LeaseRow,
    ) -> Result<Option<LeaseRow>, Error> {
        let mut item = Item::from([
            ("v".to_owned(), number(VERSION)),
            ("owner".to_owned(), text(worker)),
            ("epoch".to_owned(), number(seen.epoch + 1)),
        ]);
        let fresh = seen.epoch == 0;
        if fresh {
            item.extend(["beat", "sequence", "active"].map(|name| (name.to_owned(), number(0))));
        }
        let key = Key::lease(connection);
        let mut change = Change::set("lease", key.clone(), item, &[]);
        if fresh {
            change.condition = "attribute_not_exists(pk)".to_owned();
        } else {
            // Epoch and beat together: any sign of life since then, or any other owner, is a no.
            change = change.require("epoch", number(seen.epoch)).require("beat", number(seen.beat));
        }
        match self.update("lease", change).await {
            Ok(item) => Ok(Some(from_item("lease", item)?)),
            // Somebody was faster; or it was us, and the SDK repeated what had worked.
            Err(Error::Conflict { .. }) => {
                Ok(self.get(&key).await?.map(|item| from_item("lease", item)).transpose()?)
            }
            Err(error) => Err(error),
        }
    }

    /// One conditional update; gives the whole item as it is then.
    pub(crate) async fn update(&self, kind: &'static str, change: Change) -> Result<Item, Error> {
        let condition = (!change.condition.is_empty()).then_some(change.condition);
        let call = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(change.key.item()))
            .update_expression(change.expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
            .return_values(ReturnValue::AllNew);
        match call.send().await {
            Ok(answer) => Ok(answer.attributes.unwrap_or_default()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Err(Error::Conflict { item: kind })
            }
            Err(error) => Err(Error::of_sdk("UpdateItem", &error)),
        }
    }
}

impl Lease {
    fn new(table: Table, connection: ConnectionId, owner: String, progress: Progress) -> Self {
        let epoch = progress.state.epoch;
        let shown = watch::Sender::new(progress.state.clone());
        let (history, progress) = (AtomicU32::new(HistoryDays::DEFAULT.days()), Mutex::new(progress));
        let given_back = AtomicBool::new(false);
        Self { inner: Arc::new(Inner { table, connection, owner, epoch, history, given_back, progress, shown }) }
    }

    /// Says how long the history is kept that this lease writes from now on. 400 days unless somebody says so.
    pub fn keep_history(&self, history: HistoryDays) {
        self.inner.history.store(history.days(), Ordering::Relaxed);
    }

    pub(crate) fn history(&self) -> HistoryDays {
        HistoryDays::from(self.inner.history.load(Ordering::Relaxed))
    }

    /// Whose.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        self.inner.connection
    }

    /// Our epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.inner.epoch
    }

    /// The state after the last write.
    #[must_use]
    pub fn state(&self) -> SyncState {
        self.inner.shown.borrow().clone()
    }

    /// Shows that we live. Commits show it too.
    ///
    /// # Errors
    /// [`Error::Lost`] when another worker has taken over; [`Error::Unavailable`].
    pub async fn beat(&self) -> Result<(), Error> {
        let mut progress = self.inner.progress.lock().await;
        if self.is_given_back() {
            return Ok(());
        }
        let alive = Item::from([("v".to_owned(), number(VERSION))]);
        let change = self.mine(Change::set("lease", self.key(), alive, &[]).raise("beat"));
        let item = self.inner.table.update("lease", change).await.map_err(lost)?;
        progress.state.beat = from_item::<LeaseRow>("lease", item)?.beat;
        self.show(&progress);
        Ok(())
    }

    /// Gives the lease back, so that the next worker need not wait.
    ///
    /// # Errors
    /// [`Error::Lost`] when another worker has taken over; [`Error::Unavailable`].
    pub async fn release(&self) -> Result<(), Error> {
        // Waits for a write under way.
        let _progress = self.inner.progress.lock().await;
        if self.is_given_back() {
            return Ok(());
        }
        let free = Item::from([("v".to_owned(), number(VERSION))]);
        let change = self.mine(Change::set("lease", self.key(), free, &["owner"]));
        match self.inner.table.update("lease", change).await {
            Ok(_) => Ok(()),
            Err(Error::Conflict { .. }) => {
                // The SDK may have repeated what had worked: then nobody has it, in our epoch.
                let lease = self.inner.table.load_lease(self.inner.connection).await?;
                let ours = lease.owner.is_none() && lease.epoch == self.inner.epoch;
                if ours { Ok(()) } else { Err(Error::Lost) }
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the last commit has given the lease back.
    fn is_given_back(&self) -> bool {
        self.inner.given_back.load(Ordering::Relaxed)
    }

    pub(crate) fn key(&self) -> Key {
        Key::lease(self.inner.connection)
    }

    /// The condition that the lease is ours.
    pub(crate) fn mine(&self, change: Change) -> Change {
        let owner: AttributeValue = text(&self.inner.owner);
        change.require("owner", owner).require("epoch", number(self.inner.epoch))
    }

    pub(crate) fn show(&self, progress: &Progress) {
        self.inner.shown.send_replace(progress.state.clone());
    }
}

fn lost(error: Error) -> Error {
    match error {
        Error::Conflict { .. } => Error::Lost,
        error => error,
    }
}
