//! Where a connection's sync stands: what is known between two runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_directory::guard::Takings;
use rollcall_directory::identity::{PersonId, RunId};
use serde::{Deserialize, Serialize};

use crate::run::Tally;

/// Hours of takings that are kept: the rolling 24 hours of the guard, and the one that has begun.
const HOURS_KEPT: i64 = 25;

/// Everything that a connection's sync remembers from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// Counts the owners of the lease. Never goes down.
    pub epoch: u64,
    /// The worker that holds the lease.
    pub owner: Option<String>,
    /// Rises while the owner lives.
    pub beat: u64,
    /// Transactions written under any lease of this connection.
    pub sequence: u64,
    /// Where the next incremental run begins. `None` asks for a full run.
    pub cursor: Option<Cursor>,
    /// The run that is not finished.
    pub run: Option<RunId>,
    /// What the transactions of the run that committed last have changed so far.
    pub tally: Tally,
    /// People to be asked about again, and since when they are missing if they are. The oldest
    /// 15,000 are kept: who is forgotten is found missing again, and so loses nothing too early.
    pub doubts: BTreeMap<PersonId, Option<Timestamp>>,
    /// People about whom Graph gives no answer, and when they were last asked about. The latest 1,000 are kept: the next
    /// full run finds the others again.
    pub unanswered: BTreeMap<PersonId, Timestamp>,
    /// What was taken lately.
    pub takings: TakingsLedger,
    /// Active accounts.
    pub active: u64,
    /// When a full run last succeeded.
    pub last_full_at: Option<Timestamp>,
    /// When the directory was last read, in part or in full.
    pub last_read_at: Option<Timestamp>,
    /// When a run last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// Passing trouble, while it lasts.
    pub trouble: Option<Trouble>,
    /// The connection's revision that the last full run worked with.
    pub settings_revision: u64,
    /// What the latest reads count against the pace of reads that notifications cause, in milliseconds as of `last_read_at`.
    pub read_debt_ms: u32,
    /// The round of photos that has not come to its end. It is no unfinished run: other runs go before it.
    pub photos: Option<RunId>,
    /// Whether photos may be kept, so that there is something to delete once they shall not be.
    pub has_photos: bool,
    /// Messages of jobs that came while another run was unfinished, to be queued again after it.
    pub deferred: Vec<String>,
}

/// Delta links. They are URLs of Graph and are checked as data before use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// For users.
    pub users: String,
    /// For groups; none where the scope is everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// When these links were issued. Graph forgets them after seven days.
    pub read_at: Timestamp,
}

/// Trouble that passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When it began.
    pub since: Timestamp,
    /// Its kind, a short word.
    pub kind: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What was taken from people, by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakingsLedger {
    /// By hours since 1970.
    hours: BTreeMap<i64, Takings>,
}

impl TakingsLedger {
    /// Adds what is taken now, and forgets what is older than a day.
    pub fn add(&mut self, now: Timestamp, taken: &Takings) {
        let hour = hour(now);
        self.hours.retain(|kept, _| hour - *kept < HOURS_KEPT);
        self.hours.entry(hour).or_default().add(taken);
    }

    /// What was taken in the last 24 hours, rounded up to whole hours.
    #[must_use]
    pub fn lately(&self, now: Timestamp) -> Takings {
        let first = hour(now) - (HOURS_KEPT - 1);
        self.hours.range(first..).fold(Takings::default(), |mut sum, (_, takings)| {
            sum.add(takings);
            sum
        })
    }

    pub(crate) const fn hours(&self) -> &BTreeMap<i64, Takings> {
        &self.hours
    }

    pub(crate) const fn of(hours: BTreeMap<i64, Takings>) -> Self {
        Self { hours }
    }
}

fn hour(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3_600)
}

/// What a commit changes of the state. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChange {
    /// A new cursor, or none any more.
    pub cursor: Option<Option<Cursor>>,
    /// The unfinished run, or none any more.
    pub run: Option<Option<RunId>>,
    /// The doubts, all of them.
    pub doubts: Option<BTreeMap<PersonId, Option<Timestamp>>>,
    /// People about whom Graph gives no answer, all of them.
    pub unanswered: Option<BTreeMap<PersonId, Timestamp>>,
    /// When a full run succeeded.
    pub last_full_at: Option<Timestamp>,
    /// When the directory was read.
    pub last_read_at: Option<Timestamp>,
    /// When a run succeeded.
    pub last_success_at: Option<Timestamp>,
    /// Trouble, or none any more.
    pub trouble: Option<Option<Trouble>>,
    /// The connection's revision that a full run worked with.
    pub settings_revision: Option<u64>,
    /// What the latest reads count against the pace of reads that notifications cause, in milliseconds as of `last_read_at`.
    pub read_debt_ms: Option<u32>,
    /// The round of photos under way, or none any more.
    pub photos: Option<Option<RunId>>,
    /// Whether photos may be kept.
    pub has_photos: Option<bool>,
    /// Messages of jobs for after the unfinished run, all of them.
    pub deferred: Option<Vec<String>>,
}

impl StateChange {
    /// The state after this change.
    pub(crate) fn apply(&self, state: &mut SyncState) {
        // Destructured in full, so that a new field can't be forgotten.
        let Self {
            cursor,
            run,
            doubts,
            unanswered,
            last_full_at,
            last_read_at,
            last_success_at,
            trouble,
            settings_revision,
            read_debt_ms,
            photos,
            has_photos,
            deferred,
        } = self.clone();
        state.cursor = cursor.unwrap_or_else(|| state.cursor.take());
        state.run = run.unwrap_or(state.run);
        state.doubts = doubts.map_or_else(|| std::mem::take(&mut state.doubts), oldest);
        state.unanswered = unanswered.map_or_else(|| std::mem::take(&mut state.unanswered), latest);
        state.last_full_at = last_full_at.or(state.last_full_at);
        state.last_read_at = last_read_at.or(state.last_read_at);
        state.last_success_at = last_success_at.or(state.last_success_at);
        state.trouble = trouble.unwrap_or_else(|| state.trouble.take());
        state.settings_revision = settings_revision.unwrap_or(state.settings_revision);
        state.read_debt_ms = read_debt_ms.unwrap_or(state.read_debt_ms);
        state.photos = photos.unwrap_or(state.photos);
        state.has_photos = has_photos.unwrap_or(state.has_photos);
        state.deferred = deferred.unwrap_or_else(|| std::mem::take(&mut state.deferred));
    }
}

/// Doubts that fit into one item.
const DOUBTS_KEPT: usize = 15_000;

/// The oldest doubts, as many as are kept. Times are kept to the microsecond.
fn oldest(doubts: BTreeMap<PersonId, Option<Timestamp>>) -> BTreeMap<PersonId, Option<Timestamp>> {
    let mut doubts: Vec<(PersonId, Option<Timestamp>)> = doubts.into_iter().collect();
    if doubts.len() > DOUBTS_KEPT {
        doubts.sort_by_key(|(person, since)| (since.unwrap_or(Timestamp::MAX), *person));
        doubts.truncate(DOUBTS_KEPT);
    }
    let whole = |since: Timestamp| Timestamp::from_microsecond(since.as_microsecond()).unwrap_or(since);
    doubts.into_iter().map(|(person, since)| (person, since.map(whole))).collect()
}

/// People without an answer who are kept.
const UNANSWERED_KEPT: usize = 1_000;

/// Those who were asked about last, as many as are kept.
fn latest(unanswered: BTreeMap<PersonId, Timestamp>) -> BTreeMap<PersonId, Timestamp> {
    let mut unanswered: Vec<(PersonId, Timestamp)> = unanswered.into_iter().collect();
    unanswered.sort_by_key(|(person, at)| (std::cmp::Reverse(*at), *person));
    unanswered.truncate(UNANSWERED_KEPT);
    unanswered.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use uuid::Uuid;

    #[test]
    fn of_too_many_doubts_the_oldest_stay() {
        let at = |number: usize| Timestamp::from_second(20_000 - number as i64).unwrap();
        let doubts = (0..16_000).map(|number| (PersonId(Uuid::from_u128(number as u128)), Some(at(number)))).collect();
        let kept = oldest(doubts);
        assert_eq!(kept.len(), DOUBTS_KEPT);
        assert!(kept.keys().all(|person| person.0.as_u128() >= 1_000));
    }

    #[test]
    fn of_too_many_without_an_answer_those_asked_about_last_stay() {
        let at = |number: u128| Timestamp::from_second(number as i64).unwrap();
        let unanswered = (0..1_200).map(|number| (PersonId(Uuid::from_u128(number)), at(number))).collect();
        let mut state = SyncState::default();
        StateChange { unanswered: Some(unanswered), ..StateChange::default() }.apply(&mut state);
        assert_eq!(state.unanswered.len(), UNANSWERED_KEPT);
        assert!(state.unanswered.keys().all(|person| person.0.as_u128() >= 200));
    }

    fn accounts(accounts: u64) -> Takings {
        Takings { accounts, ..Takings::default() }
    }

    #[test]
    fn takings_of_the_last_day_count_and_older_ones_do_not() {
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let mut ledger = TakingsLedger::default();
        ledger.add(start, &accounts(3));
        ledger.add(start + SignedDuration::from_hours(1), &accounts(4));
        assert_eq!(ledger.lately(start + SignedDuration::from_hours(24)).accounts, 7);
        assert_eq!(ledger.lately(start + SignedDuration::from_hours(25)).accounts, 4);
    }

    #[test]
    fn the_ledger_stays_small() {
        let mut ledger = TakingsLedger::default();
        for hour in 0..1_000 {
            ledger.add(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour), &accounts(1));
        }
        assert_eq!(ledger.hours().len(), 25);
    }

    #[test]
    fn an_empty_change_changes_nothing() {
        let before = SyncState {
            cursor: Some(Cursor { users: "u".to_owned(), groups: None, read_at: Timestamp::UNIX_EPOCH }),
            read_debt_ms: 7,
            photos: Some(RunId(Uuid::from_u128(3))),
            has_photos: true,
            deferred: vec!["a job".to_owned()],
            ..SyncState::default()
        };
        let mut after = before.clone();
        StateChange::default().apply(&mut after);
        assert_eq!(after, before);
    }

    #[test]
    fn a_cursor_can_be_taken_away() {
        let cursor = Cursor { users: "u".to_owned(), groups: None, read_at: Timestamp::UNIX_EPOCH };
        let mut state = SyncState { cursor: Some(cursor), ..SyncState::default() };
        StateChange { cursor: Some(None), ..StateChange::default() }.apply(&mut state);
        assert_eq!(state.cursor, None);
    }
}
