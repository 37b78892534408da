//! The clock, read at the rim and nowhere else.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lambda_runtime::Context;
use tokio::time::Instant;

/// The current time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the rim: everything below gets the time as `now`")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The moment at which Lambda ends this invocation, on the clock that timers use.
///
/// Lambda gives it as wall-clock time. Whoever works towards it keeps a margin for saving.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "turns a wall-clock deadline into one that a timer understands")]
pub fn deadline(context: &Context) -> Instant {
    Instant::now() + remaining(context.deadline(), SystemTime::now())
}

fn remaining(deadline: SystemTime, now: SystemTime) -> Duration {
    deadline.duration_since(now).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_leaves_nothing() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        assert_eq!(remaining(SystemTime::UNIX_EPOCH, now), Duration::ZERO);
        assert_eq!(remaining(now + Duration::from_secs(7), now), Duration::from_secs(7));
    }
}
