//! Commits of a lease, transaction by transaction.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, RunId};
use uuid::Uuid;

use crate::commit::Commit;
use crate::error::Error;
use crate::hold::{self, HoldWrite};
use crate::item::to_item;
use crate::keys::Key;
use crate::lease::{Inner, Lease};
use crate::parcel::{Parcel, Parcels, Place, Room};
use crate::retention::HistoryDays;
use crate::retry::Patience;
use crate::run::{self, Run, Tally};
use crate::state::{StateChange, SyncState};
use crate::state_rows::{LeaseProgress, Loaded, doubts_item, ledger_item, state_item};
use crate::transact::{Outcome, Transaction};
use crate::unit::change_chunk;
use crate::write::{Change, Write};

/// Deletions of one transaction, beside its fence.
const DELETES: usize = 99;

/// Where a lease's writing stands.
pub(crate) struct Progress {
    /// As of the last transaction that is known to be written.
    pub(crate) state: SyncState,
    /// The run that the tally counts.
    counted: Option<RunId>,
    /// Snapshot chunks of that run, once they were looked up.
    chunks: Option<u64>,
    /// A transaction was sent and nobody knows what became of it.
    unclear: bool,
}

/// What is found when the table is asked what became of a transaction.
enum Trace {
    Written,
    NotWritten,
}

impl Progress {
    /// Progress from what was just read.
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self { counted: loaded.lease.run, chunks: None, unclear: false, state: loaded.state }
    }
}

impl Lease {
    /// Writes a commit, in as many transactions as it takes, each of them fenced.
    ///
    /// # Errors
    /// [`Error::Lost`] when another worker has taken over; [`Error::Conflict`] when an item is not as
    /// it was read; [`Error::Unavailable`] after waiting for a busy table; [`Error::TooLarge`]. In every case some
    /// of the transactions may be written, each with its history, and none twice.
    pub async fn commit(&self, mut commit: Commit) -> Result<(), Error> {
        let mut progress = self.inner.progress.lock().await;
        self.settle(&mut progress).await?;
        let run = commit.run.as_ref().map(|run| run.id).or(progress.state.run);
        let chunks = self.attend(&mut progress, run).await?;
        let added = commit.chunks.len() as u64;
        if added > 0 && commit.run.is_none() {
            return Err(Error::Refused { operation: "commit", code: "a checkpoint without its run".to_owned() });
        }
        let place = Place { connection: self.inner.connection, run, chunks, history: self.history() };
        let mut parcels = Parcels::new(&mut commit, place);
        // What closes the commit grows by some digits until it is written; there is more room than that.
        let closing = Room::of(&self.closing(&progress.state, &commit, chunks + added, None)?);
        loop {
            let parcel = parcels.next(closing)?;
            let last = parcel.last;
            self.write(&mut progress, &commit, run, parcel, chunks + added).await?;
            if last {
                progress.chunks = Some(chunks + added);
                return Ok(());
            }
        }
    }

    /// Saves how far a run has come: its record, with what it needs to go on, and new pieces of
    /// its snapshot.
    ///
    /// # Errors
    /// As for [`Lease::commit`].
    pub async fn checkpoint(&self, run: Run, chunks: Vec<Vec<u8>>, now: Timestamp) -> Result<(), Error> {
        self.commit(Commit { run: Some(run), chunks, ..Commit::at(now) }).await
    }

    /// Deletes items under the fence, a transaction at a time.
    pub(crate) async fn delete(&self, keys: Vec<Key>) -> Result<(), Error> {
        let mut progress = self.inner.progress.lock().await;
        self.settle(&mut progress).await?;
        for keys in keys.chunks(DELETES) {
            let mut next = progress.state.clone();
            next.sequence += 1;
            next.beat += 1;
            self.send(&mut progress, keys.iter().cloned().map(Write::Delete).collect(), next, false).await?;
        }
        Ok(())
    }

    /// After an unclear answer: reads what is there now.
    async fn settle(&self, progress: &mut Progress) -> Result<(), Error> {
        if progress.unclear {
            let loaded = self.inner.table.load_state(self.inner.connection).await?;
            self.check(loaded.state.owner.as_deref(), loaded.state.epoch)?;
            *progress = Progress::new(loaded);
            self.show(progress);
        }
        Ok(())
    }

    fn check(&self, owner: Option<&str>, epoch: u64) -> Result<(), Error> {
        let Inner { owner: me, epoch: mine, .. } = &*self.inner;
        if owner == Some(me.as_str()) && epoch == *mine { Ok(()) } else { Err(Error::Lost) }
    }

    /// Turns the tally to a run. Gives the number of its snapshot chunks.
    async fn attend(&self, progress: &mut Progress, run: Option<RunId>) -> Result<u64, Error> {
        let Some(run) = run else { return Ok(0) };
        if let (true, Some(chunks)) = (progress.counted == Some(run), progress.chunks) {
            return Ok(chunks);
        }
        let (tally, chunks) = match self.inner.table.get(&Key::run(self.inner.connection, run)).await? {
            Some(item) => run::read_tally(item)?,
            None => (Tally::default(), 0),
        };
        if progress.counted != Some(run) {
            progress.state.tally = tally;
            progress.counted = Some(run);
        }
        progress.chunks = Some(chunks);
        Ok(chunks)
    }

    /// The writes that close a commit.
    ///
    /// `changes` is the history of the transaction that they are written with, where that fits into the run's record.
    fn closing(
        &self,
        state: &SyncState,
        commit: &Commit,
        chunks: u64,
        changes: Option<&[String]>,
    ) -> Result<Vec<Write>, Error> {
        let (connection, history) = (self.inner.connection, self.history());
        let mut writes = Vec::new();
        let mut after = state.clone();
        commit.state.apply(&mut after);
        let doubts_apart = StateChange { doubts: None, ..commit.state.clone() };
        if doubts_apart != StateChange::default() {
            writes.push(Write::put("state", &state_item(connection, &after)?)?);
        }
        if after.doubts != state.doubts {
            writes.push(Write::put("doubts", &doubts_item(connection, &after.doubts))?);
        }
        if let Some(run) = &commit.run {
            let mut item = run::item(connection, run, state.tally, chunks, history.after(commit.now))?;
            if let Some(changes) = changes {
                run::add_changes(&mut item, changes);
            }
            writes.push(Write::put("run", &item)?);
        }
        for write in &commit.holds {
            writes.push(hold_write(connection, write, history, commit.now)?);
        }
        Ok(writes)
    }

    /// Writes one transaction.
    async fn write(
        &self,
        progress: &mut Progress,
        commit: &Commit,
        run: Option<RunId>,
        parcel: Parcel,
        chunks: u64,
    ) -> Result<(), Error> {
        let Parcel { unit, last } = parcel;
        let connection = self.inner.connection;
        let mut next = progress.state.clone();
        next.sequence += 1;
        next.beat += 1;
        next.active = next.active.saturating_add_signed(unit.active);
        next.tally.add(&unit.tally);
        let mut writes = unit.writes;
        let is_small = last && commit.run.as_ref().is_some_and(|run| run.status.is_final()) && run::fits(&unit.changes);
        if !unit.changes.is_empty() && !is_small {
            let expires = self.history().after(commit.now);
            writes.push(change_chunk(connection, run, next.sequence, &unit.changes, expires)?);
        }
        let changes = unit.changes;
        if unit.taken != rollcall_directory::guard::Takings::default() {
            next.takings.add(commit.now, &unit.taken);
            let item = ledger_item(connection, &next.takings)?;
            writes.push(Write::put("ledger", &item)?);
        }
        if last {
            writes.extend(self.closing(&next, commit, chunks, is_small.then_some(&*changes))?);
            commit.state.apply(&mut next);
        }
        self.send(progress, writes, next, last && commit.release).await
    }

    /// Sends one transaction until it is clear what became of it, or patience ends.
    async fn send(
        &self,
        progress: &mut Progress,
        mut writes: Vec<Write>,
        next: SyncState,
        release: bool,
    ) -> Result<(), Error> {
        let token = Uuid::new_v4();
        writes.insert(0, self.fence(progress, &next, token, release)?);
        let transaction = Transaction::new(&self.inner.table, &writes, token)?;
        // Stays so if this future is dropped or fails half-way.
        progress.unclear = true;
        let mut patience = Patience::new("TransactWriteItems", self.inner.table.chance.clone());
        loop {
            let reason = match transaction.send(&self.inner.table).await? {
                Outcome::Done => break,
                Outcome::Busy(code) => code,
                Outcome::Fenced => match self.trace(progress, token).await? {
                    Trace::Written => break,
                    Trace::NotWritten => "ConditionalCheckFailed".to_owned(),
                },
                Outcome::Unclear(error) => match self.trace(progress, token).await? {
                    Trace::Written => break,
                    Trace::NotWritten => error.to_string(),
                },
            };
            tracing::debug!(connection.id = %self.inner.connection, reason, "transaction is sent again");
            patience.wait(&reason).await?;
        }
        progress.unclear = false;
        progress.state = next;
        if release {
            self.inner.given_back.store(true, Ordering::Relaxed);
        }
        self.show(progress);
        Ok(())
    }

    /// The first write of each transaction: it holds only while the lease is ours and nothing
    /// was written since we last knew.
    fn fence(&self, progress: &Progress, next: &SyncState, token: Uuid, release: bool) -> Result<Write, Error> {
        let row = LeaseProgress {
            sequence: next.sequence,
            token,
            active: next.active,
            run: progress.counted,
            tally: next.tally,
        };
        let item = to_item("lease", &self.key(), &row)?;
        let absent: &[&str] = if release { &["run", "owner"] } else { &["run"] };
        let change = Change::set("lease", self.key(), item, absent).raise("beat");
        Ok(Write::Update(self.mine(change).require("sequence", crate::item::number(progress.state.sequence))))
    }

    /// What became of a transaction?
    async fn trace(&self, progress: &Progress, token: Uuid) -> Result<Trace, Error> {
        let lease = self.inner.table.load_lease(self.inner.connection).await?;
        // First of all: a transaction that gave the lease back has left no owner.
        if lease.token == Some(token) {
            return Ok(Trace::Written);
        }
        self.check(lease.owner.as_deref(), lease.epoch)?;
        if lease.sequence == progress.state.sequence {
            Ok(Trace::NotWritten)
        } else {
            // An older transaction of ours, given up as lost, arrived after all.
            Err(Error::Conflict { item: "lease" })
        }
    }
}

fn hold_write(
    connection: ConnectionId,
    write: &HoldWrite,
    history: HistoryDays,
    now: Timestamp,
) -> Result<Write, Error> {
    match write {
        HoldWrite::Open { hold, removals: _ } => hold::open(connection, hold, history.while_open().after(now)),
        HoldWrite::Move { hold, from, to } => Ok(hold::move_on(connection, *hold, *from, *to, history.after(now))),
    }
}
