//! Waiting for a busy table: longer each time, by chance, and not for ever.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::error::Error;

/// First wait.
const FIRST: Duration = Duration::from_millis(25);
/// Longest single wait.
const LONGEST: Duration = Duration::from_secs(2);
/// Waits before giving up. All together they last 14 seconds at most.
const WAITS: u32 = 12;

/// Where the chance in waits comes from: the operating system, or a seed, so that a simulation can be repeated.
#[derive(Clone, Default)]
pub(crate) struct Chance(Option<Arc<Mutex<SmallRng>>>);

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed)))))
    }

    fn share(&self) -> f64 {
        match &self.0 {
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.2..1.0),
            None => rand::random_range(0.2..1.0),
        }
    }
}

/// How much waiting one call is still worth.
pub(crate) struct Patience {
    chance: Chance,
    operation: &'static str,
    waits: u32,
}

impl Patience {
    /// All of it.
    pub(crate) const fn new(operation: &'static str, chance: Chance) -> Self {
        Self { chance, operation, waits: 0 }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the reason given when it has been tried often enough.
    pub(crate) async fn wait(&mut self, reason: &str) -> Result<(), Error> {
        let Some(most) = longest(self.waits) else {
            return Err(Error::Unavailable { operation: self.operation, code: reason.to_owned() });
        };
        self.waits += 1;
        // Jitter, so that two workers that collided do not collide again.
        tokio::time::sleep(most.mul_f64(self.chance.share())).await;
        Ok(())
    }
}

/// The longest that the next wait may be, after so many.
fn longest(waits: u32) -> Option<Duration> {
    (waits < WAITS).then(|| FIRST.saturating_mul(1 << waits.min(16)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_and_ends() {
        let waits: Vec<Duration> = (0..).map_while(longest).collect();
        assert_eq!(waits.len(), WAITS as usize);
        assert!(waits.is_sorted());
        assert!(waits.iter().sum::<Duration>() < Duration::from_secs(15), "{waits:?}");
    }

    #[tokio::test]
    async fn when_patience_has_ended_the_reason_is_told() {
        let mut patience = Patience { waits: WAITS, ..Patience::new("op", Chance::default()) };
        assert_eq!(patience.wait("busy").await.unwrap_err().to_string(), "op is not available at the moment: busy");
    }
}
