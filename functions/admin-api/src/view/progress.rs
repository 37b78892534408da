//! How far a run has come, and when it may be at its end.

use jiff::{SignedDuration, Timestamp};
use rollcall_store::{self as store, RunStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// What it is doing, a short word.
    #[schema(examples("people"))]
    phase: String,
    /// Pages read.
    pages: u64,
    /// People read.
    people: u64,
    /// People expected, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    /// How much of it is done, where that is known: 100 only once the run is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100)]
    percent: Option<u8>,
    /// When it may be at its end, judged by its pace so far. Only while it reads people and their number is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    estimated_end: Option<Timestamp>,
}

impl Progress {
    /// The progress of a run that began and stands so.
    pub(crate) fn of(progress: store::Progress, status: RunStatus, started_at: Timestamp, now: Timestamp) -> Self {
        let (percent, estimated_end) = (percent(&progress, status), estimated_end(&progress, status, started_at, now));
        let store::Progress { phase, pages, people, expected } = progress;
        Self { phase, pages, people, expected, percent, estimated_end }
    }
}

/// Never falls while people are read, and stays below 100 until the run is over: after the last page there is work left.
fn percent(progress: &store::Progress, status: RunStatus) -> Option<u8> {
    match status {
        RunStatus::Succeeded | RunStatus::Held => Some(100),
        RunStatus::Running | RunStatus::Waiting { .. } | RunStatus::Failed | RunStatus::Cancelled => {
            let expected = progress.expected.filter(|expected| *expected > 0)?;
            let percent = progress.people.saturating_mul(100) / expected;
            Some(u8::try_from(percent.min(99)).unwrap_or(99))
        }
    }
}

/// The time that the people read have taken, for those who are left. What Graph told the run to wait comes on top. Never in
/// the past; the later it gets without progress the later the end, and each person who is read brings it nearer.
fn estimated_end(
    progress: &store::Progress,
    status: RunStatus,
    started_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let from = match status {
        RunStatus::Running => now,
        RunStatus::Waiting { until } => until.max(now),
        RunStatus::Succeeded | RunStatus::Held | RunStatus::Failed | RunStatus::Cancelled => return None,
    };
    let left = progress.expected?.checked_sub(progress.people).filter(|left| *left > 0)?;
    // A clock that went back has told nothing of the pace.
    let elapsed = now.duration_since(started_at);
    if progress.people == 0 || !elapsed.is_positive() {
        return None;
    }
    let nanos = elapsed.as_nanos().checked_mul(i128::from(left))? / i128::from(progress.people);
    let seconds = i64::try_from(nanos / 1_000_000_000).ok()?;
    from.checked_add(SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::constant(1_900_000_000, 0);

    fn progress(people: u64, expected: Option<u64>) -> store::Progress {
        store::Progress { phase: "people".to_owned(), pages: 1, people, expected }
    }

    fn after(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_third_in_a_minute_leaves_two_minutes() {
        let end = estimated_end(&progress(1_000, Some(3_000)), RunStatus::Running, START, after(60));
        assert_eq!(end, Some(after(180)));
        let waiting = RunStatus::Waiting { until: after(100) };
        assert_eq!(estimated_end(&progress(1_000, Some(3_000)), waiting, START, after(60)), Some(after(220)));
        assert_eq!(percent(&progress(1_000, Some(3_000)), RunStatus::Running), Some(33));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        for (progress, status, now) in [
            (progress(1_000, None), RunStatus::Running, after(60)),
            (progress(0, Some(10)), RunStatus::Running, after(60)),
            (progress(10, Some(10)), RunStatus::Running, after(60)),
            (progress(11, Some(10)), RunStatus::Running, after(60)),
            (progress(5, Some(10)), RunStatus::Running, after(0)),
            (progress(5, Some(10)), RunStatus::Running, after(-9)),
            (progress(5, Some(10)), RunStatus::Succeeded, after(60)),
            (progress(5, Some(10)), RunStatus::Failed, after(60)),
            (progress(1, Some(u64::MAX)), RunStatus::Running, after(1_000_000)),
        ] {
            assert_eq!(estimated_end(&progress, status, START, now), None, "{progress:?} {status:?} {now}");
        }
        assert_eq!(percent(&progress(0, None), RunStatus::Running), None);
        assert_eq!(percent(&progress(0, Some(0)), RunStatus::Running), None);
        assert_eq!(percent(&progress(0, None), RunStatus::Succeeded), Some(100));
    }

    proptest! {
        #[test]
        fn the_end_is_never_past_and_moves_one_way(
            (people, more, expected) in (1u64..1_000_000, 0u64..1_000, 1u64..1_000_000),
            (elapsed, later, wait) in (1i64..100_000, 0i64..1_000, -100i64..1_000),
        ) {
            let status = RunStatus::Waiting { until: after(elapsed + wait) };
            for status in [RunStatus::Running, status] {
                let end = |people, seconds| estimated_end(&progress(people, Some(expected)), status, START, after(seconds));
                let Some(first) = end(people, elapsed) else { continue };
                prop_assert!(first >= after(elapsed));
                prop_assert!(end(people, elapsed + later).unwrap() >= first, "time alone brings no end nearer");
                if let Some(nearer) = end(people + more, elapsed) {
                    prop_assert!(nearer <= first, "progress puts no end off");
                }
            }
        }

        #[test]
        fn the_percentage_never_falls(people in any::<u64>(), more in any::<u64>(), expected in any::<u64>()) {
            let of = |people| percent(&progress(people, Some(expected)), RunStatus::Running);
            prop_assert!(of(people.saturating_add(more)) >= of(people));
            prop_assert!(of(people).is_none_or(|percent| percent < 100));
        }
    }
}
