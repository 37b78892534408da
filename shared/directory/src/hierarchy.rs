//! Who reports to whom. Chains of managers may well be circles: nobody is met twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::PersonId;

/// Somebody below a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who.
    pub person: PersonId,
    /// To whom they report.
    pub manager: PersonId,
    /// How far below: 1 for those who report directly.
    pub depth: u32,
}

/// A way down from a person, level by level.
#[derive(Clone, Debug)]
pub struct Descent {
    seen: BTreeSet<PersonId>,
    level: Vec<PersonId>,
    depth: u32,
    found: Vec<Report>,
}

impl Descent {
    /// A way that begins at a person.
    #[must_use]
    pub fn from(person: PersonId) -> Self {
        Self { seen: BTreeSet::from([person]), level: vec![person], depth: 0, found: Vec::new() }
    }

    /// Those whose reports are to be found next. Empty at the end.
    #[must_use]
    pub fn level(&self) -> &[PersonId] {
        &self.level
    }

    /// Goes one level down, given who reports to whom on this one.
    pub fn descend(&mut self, reports: &BTreeMap<PersonId, BTreeSet<PersonId>>) {
        self.depth += 1;
        let mut next = Vec::new();
        for manager in std::mem::take(&mut self.level) {
            for person in reports.get(&manager).into_iter().flatten() {
                if self.seen.insert(*person) {
                    self.found.push(Report { person: *person, manager, depth: self.depth });
                    next.push(*person);
                }
            }
        }
        self.level = next;
    }

    /// Everybody found so far, the nearest first.
    #[must_use]
    pub fn found(&self) -> &[Report] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    fn reports(edges: &[(u128, u128)]) -> BTreeMap<PersonId, BTreeSet<PersonId>> {
        let mut reports: BTreeMap<PersonId, BTreeSet<PersonId>> = BTreeMap::new();
        for (manager, report) in edges {
            reports.entry(person(*manager)).or_default().insert(person(*report));
        }
        reports
    }

    fn all(edges: &[(u128, u128)], root: u128) -> Vec<(u128, u128, u32)> {
        let (reports, mut descent) = (reports(edges), Descent::from(person(root)));
        while !descent.level().is_empty() {
            descent.descend(&reports);
        }
        descent.found().iter().map(|found| (found.person.0.as_u128(), found.manager.0.as_u128(), found.depth)).collect()
    }

    #[test]
    fn the_nearest_come_first() {
        assert_eq!(all(&[(1, 2), (2, 4), (1, 3), (4, 5)], 1), [(2, 1, 1), (3, 1, 1), (4, 2, 2), (5, 4, 3)]);
        assert_eq!(all(&[(1, 2)], 2), []);
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(all(&[(1, 2), (2, 3), (3, 1)], 1), [(2, 1, 1), (3, 2, 2)]);
        assert_eq!(all(&[(1, 1)], 1), []);
    }

    proptest! {
        #[test]
        fn nobody_is_met_twice(edges in proptest::collection::vec((0u128..9, 0u128..9), 0..40)) {
            let found = all(&edges, 0);
            let people: BTreeSet<u128> = found.iter().map(|(person, ..)| *person).collect();
            prop_assert_eq!(people.len(), found.len());
            prop_assert!(!people.contains(&0));
            prop_assert!(found.is_sorted_by_key(|(.., depth)| *depth));
        }
    }
}
