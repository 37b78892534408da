//! What the scheduler sends.

use jiff::Timestamp;
use rollcall_sync::schedule::Tick;
use serde::Deserialize;

/// The input of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What to do.
    pub job: Job,
    #[serde(default)]
    scheduled_at: Option<String>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Full runs.
    Reconcile,
    /// What changed.
    Poll,
}

impl Job {
    /// The tick of the clock that it stands for.
    #[must_use]
    pub const fn tick(self) -> Tick {
        match self {
            Self::Reconcile => Tick::Reconcile,
            Self::Poll => Tick::Poll,
        }
    }
}

impl Input {
    /// When the clock struck. Where nobody says it, or an emulator left the scheduler's placeholder as it is: now.
    #[must_use]
    pub fn scheduled(&self, now: Timestamp) -> Timestamp {
        self.scheduled_at.as_deref().and_then(|text| text.parse().ok()).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> Input {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_sample_is_understood() {
        let reconcile = input(include_str!("../../../events/scheduled-sync/reconcile.json"));
        assert_eq!(reconcile.job.tick(), Tick::Reconcile);
        let poll = input(include_str!("../../../events/scheduled-sync/poll.json"));
        assert_eq!((poll.job.tick(), poll.scheduled(Timestamp::UNIX_EPOCH)), (Tick::Poll, Timestamp::UNIX_EPOCH));
        let timed = input(include_str!("../../../events/scheduled-sync/poll-with-time.json"));
        assert_eq!(timed.scheduled(Timestamp::UNIX_EPOCH).to_string(), "2026-11-22T04:15:00Z");
    }

    #[test]
    fn a_placeholder_that_nobody_filled_in_means_now() {
        let odd = input(r#"{"job":"poll","scheduled_at":"<aws.scheduler.scheduled-time>"}"#);
        assert_eq!(odd.scheduled(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["{}", r#"{"job":"erase"}"#, r#"{"job":"poll","more":1}"#, "null", "[]"] {
            assert!(serde_json::from_str::<Input>(text).is_err(), "{text}");
        }
    }
}
