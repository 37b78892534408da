//! Splits a commit into transactions.
//!
//! A transaction has at most 100 items and 4 MB (`DynamoDB`, "Quotas"). What belongs together (an
//! account, its team members, its history) is never torn apart.

use std::collections::BTreeSet;

use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use rollcall_directory::plan::Removal;

use crate::commit::Commit;
use crate::error::Error;
use crate::group;
use crate::hold::HoldWrite;
use crate::keys::Key;
use crate::retention::HistoryDays;
use crate::unit::{Unit, chunk_unit, photo_unit, problem_units, removal_units, stages, team_unit, user_unit};
use crate::write::Write;

/// Items of a transaction, without the fence, the chunk of changes and the ledger.
const WRITES: usize = 97;
/// Bytes of a transaction. Some room is left below 4 MB for counting a little differently.
const BYTES: usize = 3_000_000;
/// Bytes of changes in one chunk, as JSON.
const CHANGE_BYTES: usize = 200_000;

/// Where a commit belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) connection: ConnectionId,
    /// The run of the changes and the checkpoint.
    pub(crate) run: Option<RunId>,
    /// Snapshot chunks that the run already has.
    pub(crate) chunks: u64,
    /// How long history is kept.
    pub(crate) history: HistoryDays,
}

/// The transactions of a commit, one after the other. Takes users, photos, teams, groups, problems, removals
/// and chunks out of the commit; what closes it stays there.
pub(crate) struct Parcels {
    units: std::iter::Peekable<Box<dyn Iterator<Item = Result<Sized, Error>> + Send>>,
}

/// A unit with its sizes.
struct Sized {
    unit: Unit,
    bytes: usize,
    change_bytes: usize,
}

impl Parcels {
    /// Begins to split.
    pub(crate) fn new(commit: &mut Commit, place: Place) -> Self {
        let now = commit.now;
        let rehearsal = commit.rehearsal;
        let Place { connection, run, chunks, history } = place;
        let expires = history.while_open().after(now);
        let teams =
            std::mem::take(&mut commit.teams).into_iter().map(move |team| team_unit(connection, &team, rehearsal));
        let users = std::mem::take(&mut commit.users)
            .into_iter()
            .flat_map(stages)
            .map(move |user| user_unit(connection, &user, now, rehearsal));
        let photos =
            std::mem::take(&mut commit.photos).into_iter().map(move |photo| photo_unit(connection, photo, now));
        let groups = std::mem::take(&mut commit.groups)
            .into_iter()
            .map(move |(id, stored)| group::write(connection, id, &stored).map(Unit::of));
        let gone = std::mem::take(&mut commit.groups_gone)
            .into_iter()
            .map(move |id| Ok(Unit::of(Write::Delete(Key::group(connection, id)))));
        let problems = problem_units(connection, std::mem::take(&mut commit.problems), rehearsal);
        let removals = take_removals(&mut commit.holds)
            .into_iter()
            .flat_map(move |(hold, removals)| removal_units(connection, hold, &removals, expires));
        let chunks = std::mem::take(&mut commit.chunks)
            .into_iter()
            .zip(chunks..)
            .map(move |(chunk, number)| chunk_unit(connection, run, number, chunk, now));
        let all = teams
            .chain(users)
            .chain(photos)
            .chain(groups)
            .chain(gone)
            .chain(problems)
            .chain(removals)
            .chain(chunks)
            .map(|unit| unit.map(|unit| Sized { bytes: unit.bytes(), change_bytes: unit.change_bytes(), unit }));
        let all: Box<dyn Iterator<Item = Result<Sized, Error>> + Send> = Box::new(all);
        Self { units: all.peekable() }
    }

    /// The next transaction, and whether what closes the commit can go with it: then it is the last.
    pub(crate) fn next(&mut self, closing: Room) -> Result<Parcel, Error> {
        let mut unit = Unit::default();
        let mut used = Room::default();
        while let Some(next) = self.units.next_if(|next| match next {
            Ok(next) => used.and(next).fits() && (used.writes == 0 || !next.unit.continues),
            Err(_) => true,
        }) {
            let next = next?;
            used = used.and(&next);
            unit.absorb(next.unit);
        }
        let done = self.units.peek().is_none();
        if !done && unit.writes.is_empty() && unit.changes.is_empty() {
            // One unit alone is too large. It can't be divided, and it would not fit later either.
            return match self.units.next() {
                Some(Ok(next)) => Err(Error::TooLarge { item: "transaction", bytes: next.bytes }),
                Some(Err(error)) => Err(error),
                None => Ok(Parcel { unit, last: true }),
            };
        }
        let last = done && (used.plus(closing).fits() || (unit.writes.is_empty() && unit.changes.is_empty()));
        Ok(Parcel { unit, last })
    }
}

/// One transaction's part of a commit.
pub(crate) struct Parcel {
    pub(crate) unit: Unit,
    /// Whether what closes the commit goes with it.
    pub(crate) last: bool,
}

/// Room that writes take in a transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    pub(crate) writes: usize,
    pub(crate) bytes: usize,
    change_bytes: usize,
}

impl Room {
    /// The room of some writes.
    pub(crate) fn of(writes: &[Write]) -> Self {
        Self { writes: writes.len(), bytes: writes.iter().map(Write::bytes).sum(), change_bytes: 0 }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            writes: self.writes + other.writes,
            bytes: self.bytes + other.bytes,
            change_bytes: self.change_bytes + other.change_bytes,
        }
    }

    fn and(self, next: &Sized) -> Self {
        self.plus(Self { writes: next.unit.writes.len(), bytes: next.bytes, change_bytes: next.change_bytes })
    }

    const fn fits(self) -> bool {
        self.writes <= WRITES && self.bytes <= BYTES && self.change_bytes <= CHANGE_BYTES
    }
}

/// Takes the removals out of the holds that are opened.
fn take_removals(holds: &mut [HoldWrite]) -> Vec<(HoldId, BTreeSet<Removal>)> {
    let open = holds.iter_mut().filter_map(|write| match write {
        HoldWrite::Open { hold, removals } => Some((hold.id, std::mem::take(removals))),
        HoldWrite::Move { .. } => None,
    });
    open.collect()
}

#[cfg(test)]
mod tests;
