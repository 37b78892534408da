//! How long history is kept: runs, their changes, and holds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many days history is kept after it was written, 7 to 3,650.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub struct HistoryDays(u32);

impl HistoryDays {
    /// The shortest time: a week, so that a weekend hides nothing.
    pub const LEAST: Self = Self(7);
    /// The longest time: ten years.
    pub const MOST: Self = Self(3_650);
    /// What holds where nobody says otherwise: a year and a month.
    pub const DEFAULT: Self = Self(400);

    /// So many days, if they are within the bounds.
    #[must_use]
    pub const fn new(days: u32) -> Option<Self> {
        if days >= Self::LEAST.0 && days <= Self::MOST.0 { Some(Self(days)) } else { None }
    }

    /// As a number.
    #[must_use]
    pub const fn days(self) -> u32 {
        self.0
    }

    /// When what is written now may go.
    pub(crate) fn after(self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_hours(24 * i64::from(self.0))).unwrap_or(Timestamp::MAX)
    }

    /// For what a decision is still waiting for: never less than the default.
    pub(crate) fn while_open(self) -> Self {
        self.max(Self::DEFAULT)
    }
}

impl Default for HistoryDays {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// As a row has it. A number out of bounds, of another release perhaps, becomes the nearest within.
impl From<u32> for HistoryDays {
    fn from(days: u32) -> Self {
        Self(days.clamp(Self::LEAST.0, Self::MOST.0))
    }
}

impl From<HistoryDays> for u32 {
    fn from(days: HistoryDays) -> Self {
        days.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_to_ten_years() {
        for (days, fits) in [(0, false), (6, false), (7, true), (400, true), (3_650, true), (3_651, false)] {
            assert_eq!(HistoryDays::new(days).map(HistoryDays::days), fits.then_some(days), "{days}");
        }
        assert_eq!(HistoryDays::from(1), HistoryDays::LEAST);
        assert_eq!(HistoryDays::from(u32::MAX), HistoryDays::MOST);
    }

    #[test]
    fn a_day_has_24_hours_and_time_does_not_run_over() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(HistoryDays::LEAST.after(now).as_second(), 7 * 86_400);
        assert_eq!(HistoryDays::MOST.after(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn what_waits_for_a_decision_stays_for_the_default_at_least() {
        assert_eq!(HistoryDays::LEAST.while_open(), HistoryDays::DEFAULT);
        assert_eq!(HistoryDays::MOST.while_open(), HistoryDays::MOST);
    }
}
