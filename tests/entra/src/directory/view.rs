//! The directory as it is, or as it was at some point of its log.

use super::object::{Object, Presence, Slot, insert, remove};
use super::{Change, Directory, Kind, What};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// A consistent reading of a directory. The present costs nothing; the past costs what changed since then.
#[derive(Debug)]
pub struct View<'directory> {
    directory: &'directory Directory,
    past: HashMap<Slot, Object>,
}

impl<'directory> View<'directory> {
    pub(super) fn present(directory: &'directory Directory) -> Self {
        Self { directory, past: HashMap::new() }
    }

    pub(super) fn as_of(directory: &'directory Directory, sequence: u64) -> Self {
        let mut view = Self::present(directory);
        for change in directory.changes(sequence, u64::MAX).iter().rev() {
            view.undo(change);
        }
        view
    }

    /// The directory behind the view.
    pub fn directory(&self) -> &'directory Directory {
        self.directory
    }

    /// The object at a position.
    pub fn object(&self, slot: Slot) -> Option<&Object> {
        if self.past.is_empty() {
            return self.directory.object(slot);
        }
        self.past.get(&slot).or_else(|| self.directory.object(slot))
    }

    /// The object at a position if it is live.
    pub fn live(&self, slot: Slot) -> Option<&Object> {
        self.object(slot).filter(|object| object.is_live())
    }

    /// The live object with that id.
    pub fn find(&self, id: Uuid) -> Option<(Slot, &Object)> {
        let slot = self.directory.find(id)?;
        Some((slot, self.live(slot)?))
    }

    /// The objects of one kind from a position on, in order of creation.
    pub fn from(&self, start: Slot, kind: Kind) -> impl Iterator<Item = (Slot, &Object)> {
        let slots = self.directory.slots_of(kind, start).iter();
        slots.filter_map(|slot| Some((*slot, self.object(*slot)?)))
    }

    /// The text of a property by name; `None` when never set, cleared or unknown.
    pub fn text(&self, slot: Slot, name: &str) -> Option<&'directory str> {
        let object = self.object(slot)?;
        let (property, _) = object.kind.property(name)?;
        self.directory.texts().get(object.value(property)?)
    }

    /// The live manager of a user.
    pub fn manager(&self, object: &Object) -> Option<(Slot, &Object)> {
        let slot = object.manager?;
        Some((slot, self.live(slot)?))
    }

    /// The live direct members of a group.
    pub fn members(&self, group: &Object) -> Vec<Slot> {
        group.members().iter().copied().filter(|slot| self.live(*slot).is_some()).collect()
    }

    /// Everything inside a group at any depth, each once, the group itself left out.
    pub fn transitive_members(&self, group: Slot) -> Vec<Slot> {
        self.reach(group, |object| object.members())
    }

    /// Everything that holds an object at any depth, each once.
    pub fn transitive_holders(&self, start: Slot) -> Vec<Slot> {
        self.reach(start, |object| object.holders.as_slice())
    }

    fn reach(&self, start: Slot, next: impl Fn(&Object) -> &[Slot]) -> Vec<Slot> {
        let mut seen = HashSet::from([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(slot) = queue.pop_front() {
            for found in self.object(slot).map_or(&[][..], &next) {
                if self.live(*found).is_some() && seen.insert(*found) {
                    queue.push_back(*found);
                }
            }
        }
        seen.remove(&start);
        seen.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn undo(&mut self, change: &Change) {
        match &change.what {
            What::Created => self.edit(change.object, |object| object.presence = Presence::Absent),
            What::Set { before, .. } => self.edit(change.object, |object| object.values.clone_from(before)),
            What::Presence { before, .. } => self.edit(change.object, |object| object.presence = *before),
            What::Manager { before } => self.edit(change.object, |object| object.manager = *before),
            What::MemberAdded(member) => {
                self.edit(change.object, |group| {
                    remove(&mut group.more_mut().members, *member);
                });
                self.edit(*member, |object| {
                    remove(&mut object.holders, change.object);
                });
            }
            What::MemberRemoved(member) => {
                self.edit(change.object, |group| {
                    insert(&mut group.more_mut().members, *member);
                });
                self.edit(*member, |object| {
                    insert(&mut object.holders, change.object);
                });
            }
        }
    }

    fn edit(&mut self, slot: Slot, edit: impl FnOnce(&mut Object)) {
        let directory = self.directory;
        if let std::collections::hash_map::Entry::Vacant(place) = self.past.entry(slot) {
            let Some(object) = directory.object(slot) else { return };
            place.insert(object.clone());
        }
        if let Some(object) = self.past.get_mut(&slot) {
            edit(object);
        }
    }
}
