//! Virtual time: the wall clock follows the runtime's clock, which stands still while something is at work and jumps
//! to the next timer when nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// When every simulation begins: a Monday morning.
const BEGIN: Timestamp = Timestamp::constant(1_893_484_800, 0);

/// A wall clock that follows the time of the runtime in which it was made. It can go wrong by an offset.
#[derive(Clone, Debug)]
pub struct Clock {
    begun: Instant,
    /// Seconds that were added to virtual time, for worlds that move faster than the runtime.
    advanced: Arc<AtomicI64>,
    skew: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that is right, and begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self { begun: Instant::now(), advanced: Arc::default(), skew: Arc::default() }
    }

    /// A clock that starts right, and may go wrong by itself.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { skew: Arc::default(), ..self.clone() }
    }

    /// Sets it wrong by so many seconds.
    pub fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::Relaxed);
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        let offset = self.advanced.load(Ordering::Relaxed) + self.skew.load(Ordering::Relaxed);
        BEGIN + passed + SignedDuration::from_secs(offset)
    }

    /// What it shows, in milliseconds since 1970.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Moves this clock, and all that were made from it, forward at once.
    pub fn advance(&self, by: Duration) {
        self.advanced.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl aws_smithy_async::time::TimeSource for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.now())
    }
}
