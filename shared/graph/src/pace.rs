//! How fast to ask, so that Graph need not say *too many*.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Graph counts resource units over ten seconds (Graph page "Throttling limits", identity and access).
const WINDOW: Duration = Duration::from_secs(10);
/// The share of the estimated limit that this client allows itself after a warning.
const SHARE: f64 = 0.75;
/// How much of its own rate a client keeps after a 429.
const AFTER_REFUSAL: f64 = 0.5;
/// Never slower than one unit a second on a mere warning: others may be the cause of it.
const LONGEST_GAP: f64 = 1.0;
/// Below this gap per unit the limit does not bind.
const SHORTEST_GAP: f64 = 0.002;

/// The pace of one client. Pure: the time comes in.
///
/// Graph warns with `x-ms-throttle-limit-percentage` from 0.8 on. From the units used in the last ten seconds and that
/// share follows the limit; the pace is then set to three quarters of it. Each quiet window
/// afterwards halves the gap, until none is left.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    paused_until: Option<Instant>,
    /// Seconds between two resource units.
    gap: f64,
    next: Option<Instant>,
    used: VecDeque<(Instant, f64)>,
    eased: Option<Instant>,
}

impl Pace {
    /// When the pause that a 429 asked for ends, if there is one.
    pub(crate) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Takes the next place in the line, of one unit's length, if it is not later than `latest`.
    ///
    /// # Errors
    /// How long it would have been to wait.
    pub(crate) fn take_place(&mut self, now: Instant, latest: Option<Instant>) -> Result<Instant, Duration> {
        let start = self.next.map_or(now, |next| next.max(now));
        if latest.is_some_and(|latest| start > latest) {
            return Err(start - now);
        }
        self.next = Some(start + seconds(self.gap));
        Ok(start)
    }

    /// Notes what an answer said: its cost in units and, if Graph warned, the used share of the limit.
    pub(crate) fn note(&mut self, now: Instant, units: Option<f64>, share: Option<f64>) {
        let units = units.filter(|units| (0.0..=1000.0).contains(units)).unwrap_or(1.0);
        self.used.push_back((now, units));
        // The place taken was one unit long; the rest of the cost is added behind it.
        if let Some(next) = &mut self.next {
            *next += seconds(self.gap * (units - 1.0).max(0.0));
        }
        match share.filter(|share| (0.0..=100.0).contains(share) && *share >= 0.8) {
            Some(share) => self.slow_to(now, SHARE / share),
            None => self.ease(now),
        }
    }

    /// Stops everybody until `pause` is over, and goes on at half the rate.
    pub(crate) fn pause(&mut self, now: Instant, pause: Duration) {
        let until = now + pause;
        self.paused_until = Some(self.paused_until.map_or(until, |old| old.max(until)));
        self.slow_to(now, AFTER_REFUSAL);
    }

    /// Sets the gap so that `factor` of the units of the last window fit into a window.
    fn slow_to(&mut self, now: Instant, factor: f64) {
        while self.used.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.used.pop_front();
        }
        let used: f64 = self.used.iter().map(|(_, units)| units).sum();
        let allowed = (used * factor).max(1.0);
        self.gap = (WINDOW.as_secs_f64() / allowed).min(LONGEST_GAP);
        self.eased = Some(now);
    }

    fn ease(&mut self, now: Instant) {
        if self.eased.is_some_and(|eased| now.saturating_duration_since(eased) >= WINDOW) {
            self.gap = if self.gap / 2.0 < SHORTEST_GAP { 0.0 } else { self.gap / 2.0 };
            self.eased = Some(now).filter(|_| self.gap > 0.0);
        }
        // Without a limit in force only the last window matters, and a warning prunes to it.
        while self.used.len() > 1
            && self.used.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW)
        {
            self.used.pop_front();
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
