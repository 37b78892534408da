//! Who is in: one rule for sync, notifications, sign-in and removal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::identity::{GroupId, PersonId};

/// Who is to have an account, as far as membership decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Scope {
    /// Everybody of the tenant.
    Everyone {
        /// Members of any of these groups are out.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        excluded: BTreeSet<GroupId>,
        /// Whether members of nested groups are members.
        #[serde(default)]
        nesting: Nesting,
    },
    /// Members of groups.
    Groups {
        /// Object ids of the groups; at least one.
        groups: BTreeSet<GroupId>,
        /// Of any of them, or of all.
        #[serde(default)]
        combine: Combine,
        /// Members of any of these groups are out.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        excluded: BTreeSet<GroupId>,
        /// Whether members of nested groups are members.
        #[serde(default)]
        nesting: Nesting,
    },
    /// These people and nobody else.
    People {
        /// Object ids of the people; at least one.
        people: BTreeSet<PersonId>,
    },
}

/// How several scope groups are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// Members of at least one of them are in.
    #[default]
    Any,
    /// Only members of every one of them are in.
    All,
}

/// Whether members of nested groups are members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nesting {
    /// Nested groups are followed, however deep.
    #[default]
    Followed,
    /// Only direct members count.
    DirectOnly,
}

impl Scope {
    /// Everybody, without exception.
    #[must_use]
    pub const fn everyone() -> Self {
        Self::Everyone { excluded: BTreeSet::new(), nesting: Nesting::Followed }
    }

    /// Members of any of these groups, nested groups followed.
    #[must_use]
    pub const fn any_of(groups: BTreeSet<GroupId>) -> Self {
        Self::Groups { groups, combine: Combine::Any, excluded: BTreeSet::new(), nesting: Nesting::Followed }
    }

    /// The groups whose members are in.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<GroupId> {
        match self {
            Self::Groups { groups, .. } => groups.clone(),
            Self::Everyone { .. } | Self::People { .. } => BTreeSet::new(),
        }
    }

    /// The groups on which it depends who is in: scope groups and excluded ones.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<GroupId> {
        match self {
            Self::Everyone { excluded, .. } => excluded.clone(),
            Self::Groups { groups, excluded, .. } => groups.union(excluded).copied().collect(),
            Self::People { .. } => BTreeSet::new(),
        }
    }

    /// Whether members of nested groups are members.
    #[must_use]
    pub const fn nesting(&self) -> Nesting {
        match self {
            Self::Everyone { nesting, .. } | Self::Groups { nesting, .. } => *nesting,
            Self::People { .. } => Nesting::Followed,
        }
    }

    /// Whether members of some groups are out.
    #[must_use]
    pub fn excludes(&self) -> bool {
        match self {
            Self::Everyone { excluded, .. } | Self::Groups { excluded, .. } => !excluded.is_empty(),
            Self::People { .. } => false,
        }
    }

    /// Whether people are in without being a member of any group or being named.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Everyone { .. })
    }

    /// The scope rule: is a person in who belongs to these of the [`Scope::roots`]?
    #[must_use]
    pub fn admits(&self, person: PersonId, member_of: &BTreeSet<GroupId>) -> bool {
        match self {
            Self::Everyone { excluded, .. } => excluded.is_disjoint(member_of),
            Self::Groups { groups, combine, excluded, .. } => {
                let in_groups = match combine {
                    Combine::Any => !groups.is_disjoint(member_of),
                    Combine::All => !groups.is_empty() && groups.is_subset(member_of),
                };
                in_groups && (excluded.is_empty() || excluded.is_disjoint(member_of))
            }
            Self::People { people } => people.contains(&person),
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

/// What follows from the groups of which somebody is a direct member: the same for everybody who is in the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The roots to which they belong.
    pub roots: BTreeSet<GroupId>,
    /// Those of their direct groups that matter.
    pub groups: BTreeSet<GroupId>,
    /// The roots to which they belong and that are teams.
    pub teams: BTreeSet<GroupId>,
}

/// The groups that matter and how they nest. Cycles are harmless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupGraph {
    roots: BTreeSet<GroupId>,
    team_groups: BTreeSet<GroupId>,
    groups: BTreeMap<GroupId, Group>,
    /// For each group that a root reaches: the roots that reach it.
    reached_from: BTreeMap<GroupId, BTreeSet<GroupId>>,
}

impl GroupGraph {
    /// The graph below the roots of the scope and the groups that are teams. Groups that none of
    /// them reaches are left out.
    #[must_use]
    pub fn new(scope: &Scope, team_groups: BTreeSet<GroupId>, mut groups: BTreeMap<GroupId, Group>) -> Self {
        let roots: BTreeSet<GroupId> = scope.roots().union(&team_groups).copied().collect();
        let mut reached_from: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
        for root in &roots {
            let mut open = vec![*root];
            while let Some(group) = open.pop() {
                let is_new = reached_from.entry(group).or_default().insert(*root);
                if is_new && scope.nesting() == Nesting::Followed {
                    open.extend(groups.get(&group).into_iter().flat_map(|known| &known.children));
                }
            }
        }
        groups.retain(|group, _| reached_from.contains_key(group));
        Self { roots, team_groups, groups, reached_from }
    }

    /// The groups from which everything is reached.
    #[must_use]
    pub const fn roots(&self) -> &BTreeSet<GroupId> {
        &self.roots
    }

    /// The groups that are teams.
    #[must_use]
    pub const fn team_groups(&self) -> &BTreeSet<GroupId> {
        &self.team_groups
    }

    /// What is known of the groups.
    #[must_use]
    pub const fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.groups
    }

    /// Groups that a root reaches but of which nothing is known yet.
    #[must_use]
    pub fn unread(&self) -> BTreeSet<GroupId> {
        self.reached_from.keys().filter(|group| !self.groups.contains_key(group)).copied().collect()
    }

    /// Whether it matters who is a member of this group.
    #[must_use]
    pub fn contains(&self, group: GroupId) -> bool {
        self.reached_from.contains_key(&group)
    }

    /// What follows for a direct member of these groups.
    #[must_use]
    pub fn membership(&self, direct: &BTreeSet<GroupId>) -> Membership {
        let roots = self.member_of(direct);
        Membership { groups: self.relevant(direct), teams: self.teams(&roots), roots }
    }

    /// Those of a person's direct groups that matter.
    #[must_use]
    pub fn relevant(&self, direct: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        direct.iter().filter(|group| self.contains(**group)).copied().collect()
    }

    /// The roots to which a direct member of these groups belongs.
    #[must_use]
    pub fn member_of(&self, direct: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        direct.iter().filter_map(|group| self.reached_from.get(group)).flatten().copied().collect()
    }

    /// Those of the roots that are teams.
    #[must_use]
    pub fn teams(&self, member_of: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        member_of.intersection(&self.team_groups).copied().collect()
    }

    /// A shortest way from a root down to one of a person's direct groups: by it the person
    /// belongs to the root. Both ends included.
    #[must_use]
    pub fn path(&self, root: GroupId, direct: &BTreeSet<GroupId>) -> Option<Vec<GroupId>> {
        let mut came_from: BTreeMap<GroupId, Option<GroupId>> = BTreeMap::from([(root, None)]);
        let mut open = std::collections::VecDeque::from([root]);
        while let Some(group) = open.pop_front() {
            if direct.contains(&group) && self.reached_from.get(&group).is_some_and(|roots| roots.contains(&root)) {
                let mut way = vec![group];
                while let Some(Some(above)) = way.last().and_then(|last| came_from.get(last)) {
                    way.push(*above);
                }
                way.reverse();
                return Some(way);
            }
            for child in self.groups.get(&group).into_iter().flat_map(|known| &known.children) {
                came_from.entry(*child).or_insert_with(|| {
                    open.push_back(*child);
                    Some(group)
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const ANN: PersonId = PersonId(Uuid::from_u128(99));

    fn group(number: u128) -> GroupId {
        GroupId(Uuid::from_u128(number))
    }

    fn set(numbers: &[u128]) -> BTreeSet<GroupId> {
        numbers.iter().map(|number| group(*number)).collect()
    }

    fn groups(edges: &[(u128, u128)]) -> BTreeMap<GroupId, Group> {
        let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
        for (parent, child) in edges {
            groups.entry(group(*parent)).or_default().children.insert(group(*child));
            groups.entry(group(*child)).or_default();
        }
        groups
    }

    fn graph(roots: &[u128], edges: &[(u128, u128)]) -> GroupGraph {
        GroupGraph::new(&Scope::any_of(set(roots)), set(roots), groups(edges))
    }

    fn scope(groups: &[u128], combine: Combine, excluded: &[u128]) -> Scope {
        Scope::Groups { groups: set(groups), combine, excluded: set(excluded), nesting: Nesting::Followed }
    }

    #[test]
    fn a_cycle_ends() {
        let graph = graph(&[1], &[(1, 2), (2, 3), (3, 1)]);
        assert_eq!(graph.member_of(&set(&[3])), set(&[1]));
    }

    #[test]
    fn a_group_below_two_scope_groups_belongs_to_both() {
        let graph = graph(&[1, 2], &[(1, 3), (2, 3)]);
        assert_eq!(graph.member_of(&set(&[3])), set(&[1, 2]));
        assert_eq!(graph.unread(), set(&[]));
    }

    #[test]
    fn a_group_that_no_root_reaches_does_not_matter() {
        let graph = graph(&[1], &[(1, 2), (8, 9)]);
        assert!(!graph.contains(group(9)));
        assert!(graph.contains(group(2)));
        assert_eq!(graph.relevant(&set(&[2, 9])), set(&[2]));
        assert_eq!(graph.groups().keys().copied().collect::<BTreeSet<_>>(), set(&[1, 2]));
        assert_eq!(graph.member_of(&set(&[9])), set(&[]));
    }

    #[test]
    fn a_group_that_was_only_named_is_unread() {
        let mut known = groups(&[(1, 2)]);
        known.remove(&group(2));
        assert_eq!(GroupGraph::new(&Scope::any_of(set(&[1, 5])), set(&[]), known).unread(), set(&[2, 5]));
    }

    #[test]
    fn with_direct_members_only_a_nested_group_does_not_matter() {
        let direct = Scope::Groups {
            groups: set(&[1]),
            combine: Combine::Any,
            excluded: set(&[]),
            nesting: Nesting::DirectOnly,
        };
        let graph = GroupGraph::new(&direct, set(&[1]), groups(&[(1, 2)]));
        assert!(!graph.contains(group(2)));
        assert_eq!(graph.member_of(&set(&[1, 2])), set(&[1]));
    }

    #[test]
    fn a_team_group_is_a_root_that_admits_nobody() {
        let scope = Scope::any_of(set(&[1]));
        let graph = GroupGraph::new(&scope, set(&[7]), groups(&[(1, 2), (7, 2), (7, 8)]));
        assert_eq!(*graph.roots(), set(&[1, 7]));
        assert_eq!(*graph.team_groups(), set(&[7]));
        let below_both = graph.member_of(&set(&[2]));
        assert_eq!(graph.teams(&below_both), set(&[7]));
        assert!(scope.admits(ANN, &below_both));
        assert!(!scope.admits(ANN, &graph.member_of(&set(&[8]))));
    }

    #[test]
    fn any_all_and_excluded() {
        let any = scope(&[1, 2], Combine::Any, &[3]);
        let all = scope(&[1, 2], Combine::All, &[3]);
        for (member_of, by_any, by_all) in [
            (set(&[]), false, false),
            (set(&[1]), true, false),
            (set(&[1, 2]), true, true),
            (set(&[1, 3]), false, false),
            (set(&[1, 2, 3]), false, false),
            (set(&[3]), false, false),
            (set(&[1, 2, 9]), true, true),
        ] {
            assert_eq!(any.admits(ANN, &member_of), by_any, "{member_of:?}");
            assert_eq!(all.admits(ANN, &member_of), by_all, "{member_of:?}");
        }
        assert_eq!(any.roots(), set(&[1, 2, 3]));
        assert_eq!(any.groups(), set(&[1, 2]));
        assert!(any.excludes() && !scope(&[1], Combine::Any, &[]).excludes());
        assert!(!scope(&[], Combine::All, &[]).admits(ANN, &set(&[])), "no groups admit nobody");
    }

    #[test]
    fn everyone_is_in_but_the_excluded() {
        let scope = Scope::Everyone { excluded: set(&[3]), nesting: Nesting::DirectOnly };
        assert!(scope.admits(ANN, &set(&[1])));
        assert!(!scope.admits(ANN, &set(&[3])));
        assert_eq!((scope.roots(), scope.groups()), (set(&[3]), set(&[])));
        assert_eq!(scope.nesting(), Nesting::DirectOnly);
        assert!(scope.is_open() && Scope::everyone().is_open());
        assert!(scope.excludes() && !Scope::everyone().excludes());
        assert!(Scope::everyone().admits(ANN, &set(&[3])));
    }

    #[test]
    fn chosen_people_and_nobody_else() {
        let scope = Scope::People { people: BTreeSet::from([ANN]) };
        assert!(scope.admits(ANN, &set(&[])));
        assert!(!scope.admits(PersonId(Uuid::from_u128(98)), &set(&[1])));
        assert_eq!((scope.roots(), scope.groups(), scope.is_open()), (set(&[]), set(&[]), false));
        assert!(!scope.excludes());
        assert_eq!(scope.nesting(), Nesting::Followed);
    }

    #[test]
    fn the_way_to_a_person_is_a_shortest_one() {
        let graph = graph(&[1], &[(1, 2), (2, 3), (3, 4), (1, 5), (5, 4), (4, 1)]);
        let way = graph.path(group(1), &set(&[4])).unwrap();
        assert_eq!(way.len(), 3);
        assert_eq!((way[0], way[2]), (group(1), group(4)));
        assert_eq!(graph.path(group(1), &set(&[1, 4])), Some(vec![group(1)]));
        assert_eq!(graph.path(group(1), &set(&[9])), None);
    }

    #[test]
    fn the_stored_form_of_an_older_version_is_understood() {
        let scope = |text: &str| serde_json::from_str::<Scope>(text).unwrap();
        assert_eq!(scope(r#"{"type":"everyone"}"#), Scope::everyone());
        let id = "00000000-0000-0000-0000-000000000001";
        assert_eq!(scope(&format!(r#"{{"type":"groups","groups":["{id}"]}}"#)), Scope::any_of(set(&[1])));
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
            let direct = BTreeSet::from([group(start)]);
            prop_assert_eq!(&graph.member_of(&direct), &expected);
            for root in &roots {
                prop_assert_eq!(graph.path(group(*root), &direct).is_some(), expected.contains(&group(*root)));
            }
        }
    }
}
