//! How fast to ask, so that Graph need not say *too many*.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Graph counts resource units over ten seconds (Graph page "Throttling limits", identity and access).
const WINDOW: Duration = Duration::from_secs(10);
/// The share of the estimated limit that is used when asking evenly.
const EVEN: f64 = 0.75;
/// The share of the estimated limit that a burst may use up.
const MOST: f64 = 0.9;
/// What is left of the used units as an estimate of the limit after a 429.
const AFTER_REFUSAL: f64 = 0.8;
/// How much the estimate grows in a window without a warning.
const GROWTH: f64 = 1.5;
/// A limit is never believed to be lower than this, in units per window: a hundredth of what the smallest tenant has.
/// A warning soon after the start, or one that others cause, says little about this client.
const LEAST: f64 = 50.0;
/// Above the highest documented limit of a tenant (8,000) an estimate is of no use.
const HIGHEST: f64 = 16_000.0;

/// The pace of one client. Pure: the time comes in.
///
/// Graph warns with `x-ms-throttle-limit-percentage` from 0.8 on. From that share and the units that this client used
/// in the last ten seconds follows an estimate of the limit, as far as it is this client's. While there is one, calls
/// are spread evenly below it, and what is left after a burst is spread over the time until the burst is forgotten.
/// The estimate grows in every window without a warning, until it no longer binds.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    paused_until: Option<Instant>,
    limit: Option<Limit>,
    /// Units used or promised, by time.
    used: VecDeque<(Instant, f64)>,
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    units: f64,
    since: Instant,
}

impl Pace {
    /// When the pause that a 429 asked for ends, if there is one.
    pub(crate) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Takes the next place in the line if it is not later than `latest`.
    ///
    /// # Errors
    /// How long it would have been to wait.
    pub(crate) fn take_place(&mut self, now: Instant, latest: Option<Instant>) -> Result<Instant, Duration> {
        self.forget(now);
        let start = self.limit.map_or(now, |limit| self.place(now, limit.units));
        if latest.is_some_and(|latest| start > latest) {
            return Err(start - now);
        }
        self.used.push_back((start, 1.0));
        self.last = Some(start);
        Ok(start)
    }

    fn place(&self, now: Instant, limit: f64) -> Instant {
        let last = self.last.unwrap_or(now);
        let even = seconds(WINDOW.as_secs_f64() / (EVEN * limit));
        // Until then nothing that counts against the limit is forgotten.
        let relief = self.used.front().map_or(Duration::ZERO, |(at, _)| (*at + WINDOW).saturating_duration_since(now));
        let left = MOST * limit - self.used();
        let spread = if left < 1.0 { relief } else { seconds(relief.as_secs_f64() / left) };
        let start = if left < 1.0 { (now + relief).max(last + even) } else { last + even.max(spread) };
        start.max(now)
    }

    /// Notes what an answer said: its cost in units and, if Graph warned, the used share of the limit.
    pub(crate) fn note(&mut self, now: Instant, units: Option<f64>, share: Option<f64>) {
        self.forget(now);
        // One unit was counted when the call started.
        let more = units.filter(|units| (1.0..=1000.0).contains(units)).map_or(0.0, |units| units - 1.0);
        if more > 0.0 {
            self.used.push_back((now, more));
        }
        match share.filter(|share| (0.8..=100.0).contains(share)) {
            Some(share) => self.learn(now, self.used() / share),
            None => self.grow(now),
        }
    }

    /// Stops everybody until `pause` is over, and lowers the limit.
    pub(crate) fn pause(&mut self, now: Instant, pause: Duration) {
        self.forget(now);
        let until = now + pause;
        self.paused_until = Some(self.paused_until.map_or(until, |old| old.max(until)));
        let units = AFTER_REFUSAL * self.used();
        self.learn(now, self.limit.map_or(units, |limit| limit.units.min(units)));
    }

    fn learn(&mut self, now: Instant, units: f64) {
        self.limit = Some(Limit { units: units.max(LEAST), since: now });
    }

    fn grow(&mut self, now: Instant) {
        if let Some(limit) = self.limit.filter(|limit| now.saturating_duration_since(limit.since) >= WINDOW) {
            let units = limit.units * GROWTH;
            self.limit = (units < HIGHEST).then_some(Limit { units, since: now });
        }
    }

    fn used(&self) -> f64 {
        self.used.iter().map(|(_, units)| units).sum()
    }

    fn forget(&mut self, now: Instant) {
        while self.used.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.used.pop_front();
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn without_a_warning_nobody_waits() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..10_000 {
            assert_eq!(pace.take_place(now, Some(now)), Ok(now));
            pace.note(now, Some(5.0), None);
        }
    }

    #[test]
    fn after_a_warning_what_is_left_is_spread_over_the_rest_of_the_window() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for _ in 0..160 {
            pace.take_place(start, None).unwrap();
        }
        let now = after(start, 100);
        pace.note(now, Some(1.0), Some(0.8));
        // The limit is 200, so that 20 of the 180 are left for the 9.9 seconds to come.
        let places: Vec<_> = (0..20).map(|_| pace.take_place(now, None).unwrap()).collect();
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(66)), "{places:?}");
        assert!(pace.take_place(now, None).unwrap() >= after(start, 10_000));
    }

    #[test]
    fn a_place_too_late_is_not_taken() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for _ in 0..100 {
            pace.take_place(start, None).unwrap();
        }
        pace.note(start, None, Some(1.8));
        let wait = pace.take_place(start, Some(after(start, 500))).unwrap_err();
        assert!(wait > Duration::from_secs(9), "{wait:?}");
        assert_eq!(pace.take_place(start, Some(after(start, 500))), Err(wait), "a refused place changes nothing");
    }

    #[test]
    fn the_limit_is_forgotten_after_quiet_windows() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.pause(start, Duration::from_secs(7));
        assert_eq!(pace.paused_until(start), Some(after(start, 7000)));
        assert_eq!(pace.paused_until(after(start, 7000)), None);
        let mut now = start;
        for _ in 0..40 {
            now += WINDOW;
            pace.note(now, None, None);
        }
        assert!(pace.limit.is_none());
    }

    #[test]
    fn a_shorter_pause_does_not_cut_a_longer_one() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.pause(start, Duration::from_secs(60));
        pace.pause(start, Duration::from_secs(1));
        assert_eq!(pace.paused_until(start), Some(after(start, 60_000)));
    }

    #[test]
    fn nonsense_in_the_headers_changes_nothing() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for nonsense in [f64::NAN, f64::INFINITY, -1.0, 1e300, 0.1] {
            pace.note(now, Some(nonsense), Some(nonsense));
        }
        assert!(pace.limit.is_none() && pace.used() == 0.0);
    }
}
