//! How long to go on trying.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::time::{Instant, sleep_until};

use crate::clock::{self, WallClock};
use crate::error::{Call, Cause, Error};
use crate::retry_after;

/// The longest pause between two attempts that this client chooses itself.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// Knobs for tests and simulations. The defaults are right for everything else.
#[derive(Clone)]
pub struct Tuning {
    /// Seeds the jitter of pauses, which is random otherwise.
    pub jitter_seed: Option<u64>,
    /// The wall clock.
    pub wall_clock: WallClock,
    /// The first pause after a failure (0.5 s). Each further one is twice as long, up to 30 s.
    pub back_off: Duration,
    /// How often to repeat a call after passing trouble (5).
    pub retries: u32,
    /// How often to repeat a call that was throttled (10).
    pub throttled_retries: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            jitter_seed: None,
            wall_clock: clock::system(),
            back_off: Duration::from_millis(500),
            retries: 5,
            throttled_retries: 10,
        }
    }
}

/// Random additions to pauses, so that many clients do not come back at the same moment.
pub(crate) struct Jitter(Mutex<SmallRng>);

impl Jitter {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(SmallRng::from_os_rng, SmallRng::seed_from_u64)))
    }

    /// A random share of `most`.
    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        most.mul_f64(self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..1.0))
    }

    /// What to add to a pause that the other side asked for: never less, and a tenth more at most.
    pub(crate) fn beyond(&self, pause: Duration) -> Duration {
        pause + self.up_to((pause / 10).min(Duration::from_secs(5)))
    }
}

/// The attempts at one call, within its deadline.
pub(crate) struct Patience<'a> {
    pub(crate) tuning: &'a Tuning,
    pub(crate) jitter: &'a Jitter,
    pub(crate) deadline: Option<Instant>,
    passing: u32,
    throttled: u32,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(tuning: &'a Tuning, jitter: &'a Jitter, deadline: Option<Instant>) -> Self {
        Self { tuning, jitter, deadline, passing: 0, throttled: 0 }
    }

    /// Counts passing trouble.
    ///
    /// # Errors
    /// [`Error::Transient`] if the call may not be repeated, there were enough attempts, or the next would be too late.
    pub(crate) fn passing(
        &mut self,
        cause: Cause,
        asked: Option<Duration>,
        repeatable: bool,
        call: &Call,
    ) -> Result<Instant, Error> {
        self.passing += 1;
        let pause = self.pause(asked, self.passing);
        let give_up = |retry_after| Error::Transient { retry_after, cause, call: Box::new(call.clone()) };
        if !repeatable || self.passing > self.tuning.retries {
            return Err(give_up(pause));
        }
        self.within_deadline(pause).map_err(give_up)
    }

    /// Counts a 429.
    ///
    /// # Errors
    /// [`Error::Throttled`], likewise.
    pub(crate) fn throttled(&mut self, asked: Option<Duration>, call: &Call) -> Result<Instant, Error> {
        self.throttled += 1;
        let pause = self.pause(asked, self.throttled).max(retry_after::SHORTEST);
        let give_up = |retry_after| Error::Throttled { retry_after, call: Box::new(call.clone()) };
        if self.throttled > self.tuning.throttled_retries {
            return Err(give_up(pause));
        }
        self.within_deadline(pause).map_err(give_up)
    }

    fn pause(&self, asked: Option<Duration>, attempt: u32) -> Duration {
        match asked {
            Some(asked) => self.jitter.beyond(asked),
            None => self.back_off(attempt),
        }
    }

    /// Between half and all of the doubled pause.
    fn back_off(&self, attempt: u32) -> Duration {
        let factor = 2u32.saturating_pow(attempt.saturating_sub(1));
        let most = self.tuning.back_off.saturating_mul(factor).min(LONGEST_BACK_OFF);
        most / 2 + self.jitter.up_to(most / 2)
    }

    /// When a pause that starts now is over.
    fn within_deadline(&self, pause: Duration) -> Result<Instant, Duration> {
        let end = Instant::now() + pause;
        if self.deadline.is_some_and(|deadline| end >= deadline) { Err(pause) } else { Ok(end) }
    }
}

/// The error of a call whose deadline has passed.
pub(crate) fn too_late(call: &Call) -> Error {
    Error::Transient { retry_after: retry_after::SHORTEST, cause: Cause::Deadline, call: Box::new(call.clone()) }
}

/// Sleeps, and says how long it was.
pub(crate) async fn pause_until(end: Instant) -> Duration {
    let pause = end.saturating_duration_since(Instant::now());
    sleep_until(end).await;
    pause
}
