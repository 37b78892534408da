//! How receivers fare: the slow and the drop state.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

const WINDOW_MILLIS: i64 = 600_000;
/// Below so many answers in a window no state is entered: one slow answer of one says little.
const FEWEST: usize = 20;

/// The answers of each receiver in the last ten minutes.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<HashMap<String, VecDeque<Answer>>>);

#[derive(Clone, Copy, Debug)]
struct Answer {
    at: i64,
    speed: Speed,
}

/// How fast an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// In time.
    Fine,
    /// Later than a first attempt allows.
    Slow,
    /// Later than a retry allows, or never.
    TooSlow,
}

/// What becomes of new notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// They go out at once.
    Deliver,
    /// They go out ten minutes late: more than 10 % of the answers are slow.
    Delay,
    /// They are dropped: more than 15 % of the answers came too late for a retry.
    Drop,
}

impl Health {
    pub(crate) fn record(&self, host: &str, at: i64, speed: Speed) {
        let mut hosts = crate::sync::lock(&self.0);
        let answers = hosts.entry(host.to_owned()).or_default();
        answers.push_back(Answer { at, speed });
        while answers.front().is_some_and(|answer| answer.at < at - WINDOW_MILLIS) {
            answers.pop_front();
        }
    }

    pub(crate) fn treatment(&self, host: &str, now: i64) -> Treatment {
        let hosts = crate::sync::lock(&self.0);
        let recent: Vec<Speed> = hosts
            .get(host)
            .into_iter()
            .flatten()
            .filter(|answer| answer.at >= now - WINDOW_MILLIS)
            .map(|answer| answer.speed)
            .collect();
        let share = |wanted: &dyn Fn(Speed) -> bool| {
            recent.iter().filter(|speed| wanted(**speed)).count() * 100 / recent.len().max(1)
        };
        if recent.len() < FEWEST {
            Treatment::Deliver
        } else if share(&|speed| speed == Speed::TooSlow) > 15 {
            Treatment::Drop
        } else if share(&|speed| speed != Speed::Fine) > 10 {
            Treatment::Delay
        } else {
            Treatment::Deliver
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(fine: usize, slow: usize, too_slow: usize) -> Treatment {
        let health = Health::default();
        for (speed, count) in [(Speed::Fine, fine), (Speed::Slow, slow), (Speed::TooSlow, too_slow)] {
            (0..count).for_each(|_| health.record("h", 1_000, speed));
        }
        health.treatment("h", 2_000)
    }

    #[test]
    fn slow_and_drop_states_follow_the_shares_of_ten_minutes() {
        assert_eq!(after(90, 10, 0), Treatment::Deliver);
        assert_eq!(after(88, 12, 0), Treatment::Delay);
        assert_eq!(after(84, 0, 16), Treatment::Drop);
        assert_eq!(after(0, 5, 0), Treatment::Deliver);
    }

    #[test]
    fn answers_older_than_ten_minutes_do_not_count() {
        let health = Health::default();
        (0..30).for_each(|_| health.record("h", 0, Speed::TooSlow));
        assert_eq!(health.treatment("h", 1), Treatment::Drop);
        assert_eq!(health.treatment("h", WINDOW_MILLIS + 1), Treatment::Deliver);
    }
}
