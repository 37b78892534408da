//! Chance from a seed.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// True so many times of a hundred.
    pub(crate) fn chance(&mut self, percent: u8) -> bool {
        self.0.u8(0..100) < percent
    }

    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        self.0.usize(0..=most)
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.0.usize(0..from.len())].clone()
    }

    pub(crate) fn maybe<T>(&mut self, percent: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| make(self))
    }

    /// Each of these so many times of a hundred.
    pub(crate) fn some<T: Clone + Ord>(&mut self, from: &[T], percent: u8) -> BTreeSet<T> {
        from.iter().filter(|_| self.chance(percent)).cloned().collect()
    }

    pub(crate) fn map<K: Clone + Ord, V>(
        &mut self,
        keys: &[K],
        percent: u8,
        mut make: impl FnMut(&mut Self, &K) -> V,
    ) -> BTreeMap<K, V> {
        let keys = self.some(keys, percent);
        keys.into_iter()
            .map(|key| {
                let value = make(self, &key);
                (key, value)
            })
            .collect()
    }
}
