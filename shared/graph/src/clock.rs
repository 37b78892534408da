//! The wall clock, which tests and simulations replace.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the wall-clock time. Monotonic time is tokio's, so that it follows a paused runtime.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the rim of this crate: token life times and HTTP dates need it")]
pub(crate) fn system() -> WallClock {
    Arc::new(Timestamp::now)
}
