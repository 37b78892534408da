//! The four items of a connection's state: what every transaction touches, what a commit
//! changes, what was taken, and doubts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_directory::guard::Takings;
use rollcall_directory::identity::{ConnectionId, PersonId, RunId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{VERSION, binary, check_version, from_item, number, read_binary, to_item};
use crate::keys::{Item, Key};
use crate::rows::TakingsRow;
use crate::run::Tally;
use crate::state::{Cursor, SyncState, TakingsLedger, Trouble};
use crate::table::Table;

/// `LEASE`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeaseRow {
    /// See [`SyncState::epoch`].
    pub(crate) epoch: u64,
    /// See [`SyncState::owner`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// See [`SyncState::beat`].
    pub(crate) beat: u64,
    /// See [`SyncState::sequence`].
    pub(crate) sequence: u64,
    /// The last transaction: by it a worker knows its own again after an unclear answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Uuid>,
    /// See [`SyncState::active`].
    pub(crate) active: u64,
    /// The run that `tally` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunId>,
    /// See [`SyncState::tally`].
    #[serde(default)]
    pub(crate) tally: Tally,
}

/// What of `LEASE` a transaction changes.
#[derive(Serialize)]
pub(crate) struct LeaseProgress {
    pub(crate) sequence: u64,
    pub(crate) token: Uuid,
    pub(crate) active: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunId>,
    pub(crate) tally: Tally,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StateRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_full_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_read_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    settings_revision: u64,
    read_debt_ms: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unanswered: BTreeMap<PersonId, Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    photos: Option<RunId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_photos: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deferred: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct LedgerRow {
    hours: BTreeMap<String, TakingsRow>,
}

/// The `STATE` item.
pub(crate) fn state_item(connection: ConnectionId, state: &SyncState) -> Result<Item, Error> {
    let row = StateRow {
        cursor: state.cursor.clone(),
        run: state.run,
        last_full_at: state.last_full_at,
        last_read_at: state.last_read_at,
        last_success_at: state.last_success_at,
        trouble: state.trouble.clone(),
        settings_revision: state.settings_revision,
        read_debt_ms: state.read_debt_ms,
        unanswered: state.unanswered.clone(),
        photos: state.photos,
        has_photos: state.has_photos,
        deferred: state.deferred.clone(),
    };
    to_item("state", &Key::state(connection), &row)
}

/// The `LEDGER` item.
pub(crate) fn ledger_item(connection: ConnectionId, ledger: &TakingsLedger) -> Result<Item, Error> {
    let hours = ledger.hours().iter().map(|(hour, takings)| (hour.to_string(), takings.into())).collect();
    to_item("ledger", &Key::ledger(connection), &LedgerRow { hours })
}

fn read_ledger(item: Item) -> Result<TakingsLedger, Error> {
    let row: LedgerRow = from_item("ledger", item)?;
    let bad = |_| Error::Corrupt { item: "ledger", what: "an hour is no number".to_owned() };
    let hours = row.hours.into_iter().map(|(hour, row)| Ok((hour.parse().map_err(bad)?, Takings::from(row))));
    Ok(TakingsLedger::of(hours.collect::<Result<_, Error>>()?))
}

/// Stands for somebody who is in doubt and not missing.
const NOT_MISSING: i64 = i64::MIN;

/// The `DOUBTS` item: 16 bytes of person and 8 bytes of microseconds since 1970 for each.
pub(crate) fn doubts_item(connection: ConnectionId, doubts: &BTreeMap<PersonId, Option<Timestamp>>) -> Item {
    let mut bytes = Vec::with_capacity(doubts.len() * 24);
    for (person, since) in doubts {
        bytes.extend_from_slice(person.0.as_bytes());
        bytes.extend_from_slice(&since.map_or(NOT_MISSING, Timestamp::as_microsecond).to_be_bytes());
    }
    let mut item = Key::doubts(connection).item();
    item.insert("v".to_owned(), number(VERSION));
    item.insert("people".to_owned(), binary(bytes));
    item
}

fn read_doubts(item: &Item) -> Result<BTreeMap<PersonId, Option<Timestamp>>, Error> {
    check_version("doubts", item)?;
    let bad = || Error::Corrupt { item: "doubts", what: "an entry is damaged".to_owned() };
    let bytes = read_binary("doubts", item, "people")?;
    let entries = bytes.chunks(24).map(|entry| {
        let (person, since) = entry.split_at_checked(16).ok_or_else(bad)?;
        let since = i64::from_be_bytes(since.try_into().map_err(|_| bad())?);
        let person = PersonId(Uuid::from_slice(person).map_err(|_| bad())?);
        let since = (since != NOT_MISSING).then(|| Timestamp::from_microsecond(since)).transpose();
        Ok((person, since.map_err(|_| bad())?))
    });
    entries.collect()
}

/// A connection's state, and what of the lease is not part of it.
pub(crate) struct Loaded {
    pub(crate) state: SyncState,
    pub(crate) lease: LeaseRow,
}

/// Puts the four items together.
pub(crate) fn assemble(items: Vec<Item>) -> Result<Loaded, Error> {
    let (mut lease, mut row) = (LeaseRow::default(), StateRow::default());
    let mut state = SyncState::default();
    for item in items {
        match crate::item::read_text("state", &item, "sk")? {
            "LEASE" => lease = from_item("lease", item)?,
            "STATE" => row = from_item("state", item)?,
            "LEDGER" => state.takings = read_ledger(item)?,
            _ => state.doubts = read_doubts(&item)?,
        }
    }
    // Destructured in full, so that a new field can't be forgotten.
    let StateRow {
        cursor,
        run,
        last_full_at,
        last_read_at,
        last_success_at,
        trouble,
        settings_revision,
        read_debt_ms,
        unanswered,
        photos,
        has_photos,
        deferred,
    } = row;
    let LeaseRow { epoch, owner, beat, sequence, token: _, active, run: _, tally } = lease.clone();
    let SyncState { doubts, takings, .. } = state;
    let state = SyncState {
        epoch,
        owner,
        beat,
        sequence,
        cursor,
        run,
        tally,
        doubts,
        unanswered,
        takings,
        active,
        last_full_at,
        last_read_at,
        last_success_at,
        trouble,
        settings_revision,
        read_debt_ms,
        photos,
        has_photos,
        deferred,
    };
    Ok(Loaded { state, lease })
}

impl Table {
    /// Where a connection's sync stands; all zero where it never ran. Read beside a living
    /// worker, its parts may be of two transactions that follow each other.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn state(&self, connection: ConnectionId) -> Result<SyncState, Error> {
        Ok(self.load_state(connection).await?.state)
    }

    pub(crate) async fn load_state(&self, connection: ConnectionId) -> Result<Loaded, Error> {
        let keys = [Key::lease(connection), Key::state(connection), Key::ledger(connection), Key::doubts(connection)];
        assemble(self.get_many(&keys).await?)
    }

    pub(crate) async fn load_lease(&self, connection: ConnectionId) -> Result<LeaseRow, Error> {
        match self.get(&Key::lease(connection)).await? {
            Some(item) => from_item("lease", item),
            None => Ok(LeaseRow::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rollcall_directory::property::Property;

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(9));

    fn any_time() -> impl Strategy<Value = Timestamp> {
        (0i64..4_000_000_000_000_000).prop_map(|at| Timestamp::from_microsecond(at).unwrap())
    }

    fn any_takings() -> impl Strategy<Value = Takings> {
        let attributes = proptest::collection::btree_map(proptest::sample::select(Property::FIXED), any::<u64>(), 0..3);
        (any::<[u64; 5]>(), attributes).prop_map(
            |([accounts, memberships, managers, emails, deletions], attributes)| Takings {
                accounts,
                memberships,
                attributes,
                managers,
                emails,
                deletions,
            },
        )
    }

    fn any_state() -> impl Strategy<Value = SyncState> {
        let cursor = (".{0,9}", proptest::option::of(".{0,9}"), any_time())
            .prop_map(|(users, groups, read_at)| Cursor { users, groups, read_at });
        let trouble = (any_time(), ".{0,9}", proptest::option::of(any_time()))
            .prop_map(|(since, message, retry_at)| Trouble { since, kind: "kind".to_owned(), message, retry_at });
        let times =
            (proptest::option::of(any_time()), proptest::option::of(any_time()), proptest::option::of(any_time()));
        let doubts = proptest::collection::btree_map(
            any::<u128>().prop_map(|id| PersonId(Uuid::from_u128(id))),
            proptest::option::of(any_time()),
            0..5,
        );
        let doubts = (
            doubts,
            proptest::collection::btree_map(
                any::<u128>().prop_map(|id| PersonId(Uuid::from_u128(id))),
                any_time(),
                0..3,
            ),
        );
        let hours = proptest::collection::btree_map(any::<i64>(), any_takings(), 0..3);
        let id = || proptest::option::of(any::<u128>().prop_map(|id| RunId(Uuid::from_u128(id))));
        let deferred = proptest::collection::vec(".{0,9}", 0..3);
        let numbers = (any::<u64>(), any::<u32>(), id(), id(), any::<bool>(), deferred);
        (proptest::option::of(cursor), proptest::option::of(trouble), times, doubts, hours, numbers).prop_map(
            |(
                cursor,
                trouble,
                (last_full_at, last_read_at, last_success_at),
                (doubts, unanswered),
                hours,
                (revision, read_debt_ms, run, photos, has_photos, deferred),
            )| SyncState {
                cursor,
                trouble,
                last_full_at,
                last_read_at,
                last_success_at,
                doubts,
                unanswered,
                takings: TakingsLedger::of(hours),
                settings_revision: revision,
                read_debt_ms,
                run,
                photos,
                has_photos,
                deferred,
                ..SyncState::default()
            },
        )
    }

    proptest! {
        #[test]
        fn the_state_comes_back_as_it_was_written(state in any_state()) {
            let items = vec![
                doubts_item(CONNECTION, &state.doubts),
                ledger_item(CONNECTION, &state.takings).unwrap(),
                state_item(CONNECTION, &state).unwrap(),
            ];
            prop_assert_eq!(assemble(items).unwrap().state, state);
        }

        #[test]
        fn the_lease_comes_back_as_it_was_written(numbers in any::<[u64; 5]>(), token in any::<u128>(), owner in ".{1,9}") {
            let [epoch, beat, sequence, active, created] = numbers;
            let row = LeaseRow {
                epoch,
                owner: Some(owner),
                beat,
                sequence,
                token: Some(Uuid::from_u128(token)),
                active,
                run: Some(RunId(Uuid::from_u128(token))),
                tally: Tally { created, ..Tally::default() },
            };
            let item = to_item("lease", &Key::lease(CONNECTION), &row).unwrap();
            prop_assert_eq!(assemble(vec![item]).unwrap().lease, row);
        }
    }

    #[test]
    fn as_many_doubts_as_are_kept_fit_into_an_item() {
        let doubts = (0..15_000).map(|id| (PersonId(Uuid::from_u128(id)), Some(Timestamp::UNIX_EPOCH))).collect();
        assert!(crate::item::size(&doubts_item(CONNECTION, &doubts)) < crate::item::MAX_ITEM);
    }

    #[test]
    fn damaged_doubts_are_an_error() {
        let mut item = doubts_item(CONNECTION, &BTreeMap::new());
        item.insert("people".to_owned(), binary(vec![0; 30]));
        assert!(matches!(assemble(vec![item]), Err(Error::Corrupt { .. })));
    }
}
