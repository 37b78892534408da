//! Proof that a snapshot is complete.
//!
//! The disease of directory syncs is an error or a partial page read as absence. Here absence
//! means nothing unless every source of the snapshot was read to its end: only
//! [`Completeness::seal`] makes a [`Seal`], and [`absent`] asks for one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::identity::{GroupId, PersonId};
use crate::plan::{Loss, Removal};
use crate::user::Leaving;

/// Something that a snapshot is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The list of all users, or the reading of each person in scope.
    People,
    /// The groups of the tenant whose names make them teams.
    GroupNames,
    /// The members of a group.
    Members(GroupId),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People => f.write_str("people"),
            Self::GroupNames => f.write_str("groups by name"),
            Self::Members(group) => write!(f, "members of group {group}"),
        }
    }
}

/// What is known of how completely a snapshot was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    sources: BTreeMap<Source, Option<Gap>>,
}

/// Why a source is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Not read to its end.
    Open,
    /// Fewer objects arrived than Graph counted.
    Short {
        /// Objects that arrived.
        read: u64,
        /// Objects that Graph counted.
        counted: u64,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("not read to its end"),
            Self::Short { read, counted } => write!(f, "{read} of {counted} objects arrived"),
        }
    }
}

/// A snapshot that is not complete, and what is missing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot is incomplete: {} of its sources, first {}", .0.len(), .0.iter().next().map(|(source, gap)| format!("{source}: {gap}")).unwrap_or_default())]
pub struct Unsealed(pub BTreeMap<Source, Gap>);

impl Completeness {
    /// A source belongs to the snapshot and is not yet read.
    pub fn open(&mut self, source: Source) {
        self.sources.entry(source).or_insert(Some(Gap::Open));
    }

    /// A source was read to its end, every page with success.
    ///
    /// `counted` is what Graph says it holds, where it says so. People come and go while
    /// pages are read, so the caller gives the lowest count that held during the reading.
    pub fn close(&mut self, source: Source, read: u64, counted: Option<u64>) {
        let gap = counted.filter(|counted| read < *counted).map(|counted| Gap::Short { read, counted });
        self.sources.insert(source, gap);
    }

    /// Whether a source was read to its end.
    #[must_use]
    pub fn is_closed(&self, source: Source) -> bool {
        self.sources.get(&source).is_some_and(|gap| *gap != Some(Gap::Open))
    }

    /// Proof of completeness.
    ///
    /// # Errors
    /// [`Unsealed`] names every source that was not read to its end, and the case that nothing was read at all.
    pub fn seal(&self) -> Result<Seal, Unsealed> {
        let gaps: BTreeMap<Source, Gap> =
            self.sources.iter().filter_map(|(source, gap)| gap.clone().map(|gap| (*source, gap))).collect();
        if !self.sources.contains_key(&Source::People) {
            return Err(Unsealed(BTreeMap::from([(Source::People, Gap::Open)])));
        }
        if gaps.is_empty() { Ok(Seal(())) } else { Err(Unsealed(gaps)) }
    }
}

/// A snapshot was read completely. Can't be made in any other way.
#[derive(Debug)]
pub struct Seal(());

/// Removals for active accounts whose person a complete snapshot did not show.
pub fn absent<'a>(
    _proof: &Seal,
    active: impl Iterator<Item = PersonId> + 'a,
    seen: &'a (impl Fn(PersonId) -> bool + 'a),
) -> BTreeSet<Removal> {
    active
        .filter(|person| !seen(*person))
        .map(|person| Removal { person, loss: Loss::Account(Leaving::OutOfScope) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn members() -> Source {
        Source::Members(GroupId(Uuid::from_u128(1)))
    }

    #[test]
    fn nothing_read_is_not_a_complete_snapshot() {
        assert!(Completeness::default().seal().is_err());
    }

    #[test]
    fn one_group_that_was_not_read_to_its_end_leaves_the_snapshot_unsealed() {
        let mut completeness = Completeness::default();
        completeness.open(Source::People);
        completeness.open(members());
        completeness.close(Source::People, 10, None);
        assert_eq!(completeness.seal().unwrap_err(), Unsealed(BTreeMap::from([(members(), Gap::Open)])));
        completeness.close(members(), 0, None);
        assert!(completeness.seal().is_ok());
    }

    #[test]
    fn fewer_objects_than_graph_counted_leave_it_unsealed_and_more_do_not() {
        let mut completeness = Completeness::default();
        completeness.close(Source::People, 999, Some(1_000));
        assert!(completeness.seal().is_err());
        completeness.close(Source::People, 1_001, Some(1_000));
        assert!(completeness.seal().is_ok());
    }

    #[test]
    fn a_source_is_closed_once_it_was_read_to_its_end_even_if_something_is_missing() {
        let mut completeness = Completeness::default();
        assert!(!completeness.is_closed(Source::People));
        completeness.open(Source::People);
        assert!(!completeness.is_closed(Source::People));
        completeness.close(Source::People, 9, Some(10));
        assert!(completeness.is_closed(Source::People));
        completeness.close(Source::People, 10, Some(10));
        assert!(completeness.is_closed(Source::People) && completeness.seal().is_ok());
    }

    #[test]
    fn a_source_that_is_opened_again_stays_as_it_is() {
        let mut completeness = Completeness::default();
        completeness.close(Source::People, 0, None);
        completeness.open(Source::People);
        assert!(completeness.seal().is_ok());
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut completeness = Completeness::default();
        completeness.open(members());
        completeness.open(Source::GroupNames);
        completeness.close(Source::People, 9, Some(10));
        let unsealed = completeness.seal().unwrap_err();
        let said: Vec<String> = unsealed.0.iter().map(|(source, gap)| format!("{source}: {gap}")).collect();
        assert_eq!(
            said,
            [
                "people: 9 of 10 objects arrived",
                "groups by name: not read to its end",
                "members of group 00000000-0000-0000-0000-000000000001: not read to its end",
            ]
        );
        assert_eq!(
            unsealed.to_string(),
            "the snapshot is incomplete: 3 of its sources, first people: 9 of 10 objects arrived"
        );
    }

    #[test]
    fn who_was_not_seen_loses_the_account_and_nobody_else() {
        let mut completeness = Completeness::default();
        completeness.close(Source::People, 1, None);
        let seal = completeness.seal().unwrap();
        let [ann, bob] = [1, 2].map(|number| PersonId(Uuid::from_u128(number)));
        let gone = absent(&seal, [ann, bob].into_iter(), &|person| person == ann);
        assert_eq!(gone, BTreeSet::from([Removal { person: bob, loss: Loss::Account(Leaving::OutOfScope) }]));
    }
}
