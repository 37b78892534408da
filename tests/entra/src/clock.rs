//! The server's clock: real time plus what a test added, or a time that stands still.

use jiff::Timestamp;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Tells the time in milliseconds since 1970, in the place of the real clock.
pub type Source = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A clock that tests can move. Token lives, secrets, delta links and subscriptions all read it.
#[derive(Default)]
pub(crate) struct Clock {
    source: Option<Source>,
    offset_millis: AtomicI64,
    frozen_millis: Mutex<Option<i64>>,
}

impl Clock {
    /// A clock that follows another one.
    pub(crate) fn following(source: Source) -> Self {
        Self { source: Some(source), ..Self::default() }
    }

    /// The virtual time in milliseconds since 1970.
    pub(crate) fn now_millis(&self) -> i64 {
        let base = crate::sync::lock(&self.frozen_millis).unwrap_or_else(|| self.running_millis());
        base + self.offset_millis.load(Ordering::Relaxed)
    }

    fn running_millis(&self) -> i64 {
        self.source.as_ref().map_or_else(|| real_now().as_millisecond(), |source| source())
    }

    /// The virtual time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_millis()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the clock; a negative number moves it back.
    pub(crate) fn advance(&self, millis: i64) {
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Stops the clock at a time, or lets it run again.
    pub(crate) fn freeze(&self, at: Option<Timestamp>) {
        self.offset_millis.store(0, Ordering::Relaxed);
        *crate::sync::lock(&self.frozen_millis) = at.map(Timestamp::as_millisecond);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now_millis", &self.now_millis()).finish_non_exhaustive()
    }
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "the rim of the crate: the only place that reads the real clock")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// A time as Graph writes it: `2026-11-22T10:00:00Z`.
pub(crate) fn iso(millis: i64) -> String {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
