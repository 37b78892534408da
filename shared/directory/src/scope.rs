//! Who is in: one rule for sync, notifications and removal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::identity::GroupId;

/// Who is to have an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Every enabled person of the tenant.
    Everyone,
    /// Members of any of these groups, nested groups followed.
    Groups {
        /// Object ids of the groups; at least one.
        groups: BTreeSet<GroupId>,
    },
}

impl Scope {
    /// The scope groups: none when everyone is in.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<GroupId> {
        match self {
            Self::Everyone => BTreeSet::new(),
            Self::Groups { groups } => groups.clone(),
        }
    }
}

/// A group as far as scope needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The display name.
    pub name: String,
    /// The groups that are direct members of this one.
    pub children: BTreeSet<GroupId>,
}

/// The groups in scope and how they nest. Cycles are harmless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupGraph {
    roots: BTreeSet<GroupId>,
    groups: BTreeMap<GroupId, Group>,
    /// For each group that a scope group reaches: the scope groups that reach it.
    reached_from: BTreeMap<GroupId, BTreeSet<GroupId>>,
}

impl GroupGraph {
    /// The graph below `roots`. Groups that no root reaches are left out.
    #[must_use]
    pub fn new(roots: BTreeSet<GroupId>, mut groups: BTreeMap<GroupId, Group>) -> Self {
        let mut reached_from: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
        for root in &roots {
            let mut open = vec![*root];
            while let Some(group) = open.pop() {
                if reached_from.entry(group).or_default().insert(*root) {
                    open.extend(groups.get(&group).into_iter().flat_map(|known| &known.children));
                }
            }
        }
        groups.retain(|group, _| reached_from.contains_key(group));
        Self { roots, groups, reached_from }
    }

    /// The scope groups.
    #[must_use]
    pub const fn roots(&self) -> &BTreeSet<GroupId> {
        &self.roots
    }

    /// What is known of the groups in scope.
    #[must_use]
    pub const fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.groups
    }

    /// Groups that a scope group reaches but of which nothing is known yet.
    #[must_use]
    pub fn unread(&self) -> BTreeSet<GroupId> {
        self.reached_from.keys().filter(|group| !self.groups.contains_key(group)).copied().collect()
    }

    /// Whether a member of this group is in scope.
    #[must_use]
    pub fn contains(&self, group: GroupId) -> bool {
        self.reached_from.contains_key(&group)
    }

    /// Those of a person's direct groups that count.
    #[must_use]
    pub fn relevant(&self, direct: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        direct.iter().filter(|group| self.contains(**group)).copied().collect()
    }

    /// The teams of somebody who is a direct member of these groups.
    #[must_use]
    pub fn teams(&self, direct: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        direct.iter().filter_map(|group| self.reached_from.get(group)).flatten().copied().collect()
    }
}

/// Why somebody is in, or that they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In scope, with these teams.
    In {
        /// The scope groups to which the person belongs. Empty when everyone is in.
        teams: BTreeSet<GroupId>,
    },
    /// Not in scope.
    Out,
}

/// The scope rule: is a person with these direct groups in, and in which teams?
#[must_use]
pub fn standing(scope: &Scope, graph: &GroupGraph, direct: &BTreeSet<GroupId>) -> Standing {
    match scope {
        Scope::Everyone => Standing::In { teams: BTreeSet::new() },
        Scope::Groups { .. } => {
            let teams = graph.teams(direct);
            if teams.is_empty() { Standing::Out } else { Standing::In { teams } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn group(number: u128) -> GroupId {
        GroupId(Uuid::from_u128(number))
    }

    fn graph(roots: &[u128], edges: &[(u128, u128)]) -> GroupGraph {
        let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
        for (parent, child) in edges {
            groups.entry(group(*parent)).or_default().children.insert(group(*child));
            groups.entry(group(*child)).or_default();
        }
        GroupGraph::new(roots.iter().map(|root| group(*root)).collect(), groups)
    }

    #[test]
    fn a_cycle_ends() {
        let graph = graph(&[1], &[(1, 2), (2, 3), (3, 1)]);
        assert_eq!(graph.teams(&BTreeSet::from([group(3)])), BTreeSet::from([group(1)]));
    }

    #[test]
    fn a_group_below_two_scope_groups_gives_both_teams() {
        let graph = graph(&[1, 2], &[(1, 3), (2, 3)]);
        assert_eq!(graph.teams(&BTreeSet::from([group(3)])), BTreeSet::from([group(1), group(2)]));
    }

    #[test]
    fn a_group_that_no_scope_group_reaches_gives_nothing() {
        let graph = graph(&[1], &[(1, 2), (8, 9)]);
        assert!(!graph.contains(group(9)));
        assert_eq!(
            standing(&Scope::Groups { groups: BTreeSet::from([group(1)]) }, &graph, &BTreeSet::from([group(9)])),
            Standing::Out
        );
    }

    proptest! {
        /// Reached by walking up from the group instead of down from the roots.
        #[test]
        fn reaching_down_is_the_same_as_reaching_up(
            edges in proptest::collection::vec((0u128..8, 0u128..8), 0..24),
            roots in proptest::collection::btree_set(0u128..8, 0..3),
            start in 0u128..8,
        ) {
            let graph = graph(&roots.iter().copied().collect::<Vec<_>>(), &edges);
            let mut above = BTreeSet::from([start]);
            loop {
                let more: BTreeSet<u128> =
                    edges.iter().filter(|(_, child)| above.contains(child)).map(|(parent, _)| *parent).collect();
                if more.is_subset(&above) { break; }
                above.extend(more);
            }
            let expected: BTreeSet<GroupId> = roots.intersection(&above).map(|root| group(*root)).collect();
            prop_assert_eq!(graph.teams(&BTreeSet::from([group(start)])), expected);
        }
    }
}
