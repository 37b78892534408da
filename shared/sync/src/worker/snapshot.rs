//! What a full run remembers of the directory: ids, not records.
//!
//! Whatever is learned is a [`Chunk`]. The run's memory is the fold of its chunks, so that a
//! run that is taken over knows exactly what the one before had saved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::plan::Removal;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::{Group, GroupGraph, Membership, Scope};
use rollcall_directory::seal::{Completeness, Source};
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// Something that was learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Chunk {
    /// The reading begins, perhaps anew: everything before counts no more.
    Begin,
    /// A page of a group's members.
    Members {
        group: GroupId,
        /// The display name, where it was read.
        name: Option<String>,
        children: Vec<GroupId>,
        people: Vec<PersonId>,
        /// Whether it was the group's last page.
        last: bool,
    },
    /// The groups whose names make them teams: all of them.
    NamedGroups { groups: Vec<GroupId> },
    /// People who were read, and what came of it.
    People(PeopleRead),
    /// The list of people was read to its end.
    PeopleRead { read: u64, counted: Option<u64> },
    /// People about whom Graph gave no answer. They count as seen: nothing is taken from them.
    Unanswered { people: Vec<PersonId> },
}

/// People who were read, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PeopleRead {
    pub(super) seen: Vec<PersonId>,
    pub(super) removals: Vec<Removal>,
    /// Whose account was written, or would have been in a preview.
    pub(super) written: Vec<Written>,
    pub(super) problems: Vec<(PersonId, String, Problem)>,
}

/// An account that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) person: PersonId,
    pub(super) reports_to: Option<PersonId>,
    /// What the person would be called, in a preview: nothing else knows.
    pub(super) name: Option<String>,
}

/// The directory as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    groups: BTreeMap<GroupId, Group>,
    /// Direct members that are people, by group.
    sizes: BTreeMap<GroupId, u64>,
    /// Each group's number in `direct`.
    numbers: HashMap<GroupId, u32>,
    by_number: Vec<GroupId>,
    /// Of whom which set of groups is direct, by its number in `sets`.
    direct: HashMap<PersonId, u32, RandomState>,
    sets: GroupSets,
    seen: HashSet<PersonId, RandomState>,
    removals: BTreeSet<Removal>,
    named_groups: BTreeSet<GroupId>,
    written: BTreeMap<PersonId, Written>,
    problems: BTreeMap<PersonId, (String, Problem)>,
    unanswered: BTreeSet<PersonId>,
    completeness: Completeness,
}

impl Snapshot {
    /// Takes in what was learned.
    pub(super) fn absorb(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Begin => *self = Self::default(),
            Chunk::Members { group, name, children, people, last } => {
                self.completeness.open(Source::Members(group));
                for child in &children {
                    self.completeness.open(Source::Members(*child));
                }
                let known = self.groups.entry(group).or_default();
                known.name = name.unwrap_or_else(|| std::mem::take(&mut known.name));
                known.children.extend(children);
                self.add_members(group, people);
                if last {
                    self.completeness.close(Source::Members(group), 0, None);
                }
            }
            Chunk::NamedGroups { groups } => {
                self.named_groups.extend(groups);
                self.completeness.close(Source::GroupNames, 0, None);
            }
            Chunk::People(PeopleRead { seen, removals, written, problems }) => {
                self.seen.extend(seen);
                self.removals.extend(removals);
                self.written.extend(written.into_iter().map(|written| (written.person, written)));
                self.problems.extend(problems.into_iter().map(|(person, label, problem)| (person, (label, problem))));
            }
            Chunk::PeopleRead { read, counted } => self.completeness.close(Source::People, read, counted),
            Chunk::Unanswered { people } => {
                self.seen.extend(&people);
                self.unanswered.extend(people);
            }
        }
    }

    /// Room for so many people who are read.
    pub(super) fn make_room(&mut self, people: usize) {
        self.seen.reserve(people.saturating_sub(self.seen.len()));
    }

    fn add_members(&mut self, group: GroupId, people: Vec<PersonId>) {
        let next = u32::try_from(self.by_number.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(group).or_insert_with(|| {
            self.by_number.push(group);
            next
        });
        let size = self.sizes.entry(group).or_default();
        for person in people {
            let set = self.direct.entry(person).or_default();
            // A member that moves while pages are read can be on two of them.
            if !self.sets.of(*set).contains(&number) {
                *set = self.sets.with(*set, number);
                *size += 1;
            }
        }
    }

    /// The groups as they nest below those that matter.
    pub(super) fn graph(&self, scope: &Scope, rules: &Rules) -> GroupGraph {
        GroupGraph::new(scope, self.team_groups(scope, rules), self.groups.clone())
    }

    /// The groups that are teams. A group may have been renamed after the names were read: what it was called when its
    /// members were read is the later word.
    fn team_groups(&self, scope: &Scope, rules: &Rules) -> BTreeSet<GroupId> {
        let name =
            |group: &GroupId| self.groups.get(group).map(|known| known.name.as_str()).filter(|name| !name.is_empty());
        let (read, unread): (Vec<GroupId>, Vec<GroupId>) =
            self.named_groups.iter().partition(|group| name(group).is_some());
        let named = read.iter().filter_map(|group| Some((*group, name(group)?)));
        rules.teams.groups(scope, named).into_iter().chain(unread).collect()
    }

    /// The groups from which everything is reached.
    pub(super) fn roots(&self, scope: &Scope, rules: &Rules) -> BTreeSet<GroupId> {
        scope.roots().union(&self.team_groups(scope, rules)).copied().collect()
    }

    /// Groups that were met, or are roots, and are not read to their end.
    pub(super) fn open_groups(&self, roots: &BTreeSet<GroupId>) -> BTreeSet<GroupId> {
        let children = self.groups.values().flat_map(|group| &group.children);
        let met = roots.iter().chain(children);
        met.filter(|group| !self.completeness.is_closed(Source::Members(**group))).copied().collect()
    }

    /// Whether a group has been met, read or not.
    pub(super) fn knows(&self, group: GroupId) -> bool {
        self.groups.contains_key(&group)
    }

    /// How many people a group has as direct members.
    pub(super) fn size(&self, group: GroupId) -> u64 {
        self.sizes.get(&group).copied().unwrap_or_default()
    }

    /// What follows for each set of groups of which somebody is a direct member.
    pub(super) fn memberships(&self, graph: &GroupGraph) -> Memberships {
        let used: BTreeSet<u32> = self.direct.values().copied().collect();
        let mut by_set = vec![Membership::default(); self.sets.count()];
        for (set, membership) in (0..).zip(&mut by_set).filter(|(set, _)| used.contains(set)) {
            let groups = self.sets.of(set).iter().filter_map(|number| self.by_number.get(*number as usize));
            *membership = graph.membership(&groups.copied().collect());
        }
        Memberships { by_set, none: Membership::default() }
    }

    /// What follows for a person, given what follows for each set of groups.
    pub(super) fn membership<'a>(&self, memberships: &'a Memberships, person: PersonId) -> &'a Membership {
        self.direct.get(&person).map_or(&memberships.none, |set| memberships.of(*set))
    }

    /// People whom the scope lets in by their groups, in order.
    pub(super) fn people_in(&self, scope: &Scope, memberships: &Memberships) -> Vec<PersonId> {
        let admitted = self.direct.iter().filter(|(person, set)| scope.admits(**person, &memberships.of(**set).roots));
        let mut people: Vec<PersonId> = admitted.map(|(person, _)| *person).collect();
        people.sort_unstable();
        people
    }

    /// Whether a person was read.
    pub(super) fn has_seen(&self, person: PersonId) -> bool {
        self.seen.contains(&person)
    }

    /// People about whom Graph gave no answer.
    pub(super) const fn unanswered(&self) -> &BTreeSet<PersonId> {
        &self.unanswered
    }

    /// People whose account was written.
    pub(super) const fn written(&self) -> &BTreeMap<PersonId, Written> {
        &self.written
    }

    /// What somebody has to see to, with what people call the person.
    pub(super) const fn problems(&self) -> &BTreeMap<PersonId, (String, Problem)> {
        &self.problems
    }

    /// What the people who were read would lose.
    pub(super) const fn removals(&self) -> &BTreeSet<Removal> {
        &self.removals
    }

    /// How completely the directory was read.
    pub(super) const fn completeness(&self) -> &Completeness {
        &self.completeness
    }
}

/// What follows for each set of groups of which somebody is a direct member.
#[derive(Debug, Default)]
pub(super) struct Memberships {
    by_set: Vec<Membership>,
    /// For whoever is in none.
    none: Membership,
}

impl Memberships {
    fn of(&self, set: u32) -> &Membership {
        self.by_set.get(set as usize).unwrap_or(&self.none)
    }
}

/// Sets of groups, by number. Thousands of people are in the same ones.
#[derive(Debug)]
struct GroupSets {
    /// The numbers of each set's groups. The first set is empty.
    sets: Vec<Vec<u32>>,
    /// The set that a set becomes with one more group.
    with: HashMap<(u32, u32), u32, RandomState>,
}

impl Default for GroupSets {
    fn default() -> Self {
        Self { sets: vec![Vec::new()], with: HashMap::default() }
    }
}

impl GroupSets {
    fn count(&self) -> usize {
        self.sets.len()
    }

    fn of(&self, set: u32) -> &[u32] {
        self.sets.get(set as usize).map_or(&[], Vec::as_slice)
    }

    fn with(&mut self, set: u32, group: u32) -> u32 {
        if let Some(known) = self.with.get(&(set, group)) {
            return *known;
        }
        let more = self.of(set).iter().copied().chain([group]).collect();
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(more);
        self.with.insert((set, group), number);
        number
    }
}

/// What the stored form of chunks begins with. To a release that knows no such beginning it is a number of chunks that are
/// not there, so that neither takes the other's for its own: whoever can't read what was read reads everything anew.
const FORMAT: [u8; 2] = [0xff, 0x7f];

/// The stored form of chunks.
pub(super) fn encode(chunks: &[Chunk]) -> Result<Vec<u8>, Failure> {
    postcard::to_extend(chunks, FORMAT.to_vec()).map_err(|error| Failure::Checkpoint(error.to_string()))
}

/// Chunks from their stored form.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Chunk>, Failure> {
    let Some(chunks) = bytes.strip_prefix(&FORMAT) else {
        return Err(Failure::Checkpoint("what was read is of another release".to_owned()));
    };
    postcard::from_bytes(chunks).map_err(|error| Failure::Checkpoint(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::team_name::Pattern;
    use uuid::Uuid;

    fn group(number: u128) -> GroupId {
        GroupId(Uuid::from_u128(number))
    }

    fn people(numbers: std::ops::Range<u128>) -> Vec<PersonId> {
        numbers.map(|number| PersonId(Uuid::from_u128(number))).collect()
    }

    fn page(number: u128, members: std::ops::Range<u128>, last: bool) -> Chunk {
        Chunk::Members { group: group(number), name: None, children: vec![], people: people(members), last }
    }

    #[test]
    fn overlapping_pages_count_each_member_once() {
        let mut snapshot = Snapshot::default();
        snapshot.absorb(page(1, 0..10, false));
        snapshot.absorb(page(1, 5..12, true));
        assert_eq!(snapshot.size(group(1)), 12);
        let scope = Scope::any_of(BTreeSet::from([group(1)]));
        let memberships = snapshot.memberships(&snapshot.graph(&scope, &Rules::default()));
        assert_eq!(snapshot.people_in(&scope, &memberships).len(), 12);
    }

    #[test]
    fn a_group_that_is_called_otherwise_than_when_the_names_were_read_is_no_team() {
        let mut rules = Rules::default();
        rules.teams.group_names.insert(Pattern("Team *".to_owned()));
        let mut snapshot = Snapshot::default();
        snapshot.absorb(Chunk::NamedGroups { groups: vec![group(1), group(2), group(3)] });
        for (number, name) in [(1, "Team One"), (2, "Two")] {
            let name = Some(name.to_owned());
            snapshot.absorb(Chunk::Members {
                group: group(number),
                name,
                children: vec![],
                people: vec![],
                last: true,
            });
        }
        let scope = Scope::everyone();
        assert_eq!(
            snapshot.roots(&scope, &rules),
            BTreeSet::from([group(1), group(3)]),
            "the third is still to be read"
        );
        assert_eq!(*snapshot.graph(&scope, &rules).team_groups(), BTreeSet::from([group(1), group(3)]));
    }

    #[test]
    fn a_nested_group_that_was_only_named_leaves_the_snapshot_unsealed() {
        let mut snapshot = Snapshot::default();
        snapshot.absorb(Chunk::PeopleRead { read: 0, counted: None });
        snapshot.absorb(Chunk::Members {
            group: group(1),
            name: None,
            children: vec![group(2)],
            people: vec![],
            last: true,
        });
        assert!(snapshot.completeness().seal().is_err());
        snapshot.absorb(page(2, 0..1, true));
        assert!(snapshot.completeness().seal().is_ok());
    }

    #[test]
    fn chunks_come_back_as_they_were_and_a_thousand_ids_fit_into_little_more_than_their_bytes() {
        let chunks = vec![page(1, 0..1_000, true), Chunk::PeopleRead { read: 3, counted: Some(4) }];
        let bytes = encode(&chunks).unwrap();
        assert_eq!(decode(&bytes).unwrap(), chunks);
        assert!(decode(&bytes[FORMAT.len()..]).is_err(), "of another release");
        assert!(postcard::from_bytes::<Vec<Chunk>>(&bytes).is_err(), "nor does another one take it for its own");
        assert!(bytes.len() < 18_000, "{}", bytes.len());
    }
}
