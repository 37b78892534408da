//! The directory of one tenant, in memory: objects, links between them, and the ordered log of every change.
//!
//! Nothing here knows of HTTP or of Graph's query language.

mod change;
mod object;
mod schema;
mod texts;
mod view;
mod write;

pub use change::{Change, What, bit};
pub use object::{Links, More, Object, Presence, Slot};
pub use schema::{Form, GROUP, Kind, OTHER, Property, PropertyId, ROLE, USER};
pub use texts::{NULL, Symbol, Texts};
pub use view::View;
pub use write::{NewObject, WriteError};

pub(crate) use texts::narrow;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// All objects of a tenant and their history.
#[derive(Debug, Default)]
pub struct Directory {
    texts: Texts,
    objects: Vec<Object>,
    by_id: HashMap<Uuid, Slot>,
    by_kind: HashMap<Kind, Vec<Slot>>,
    by_name: HashMap<u64, Slot>,
    reports: HashMap<Slot, Vec<Slot>>,
    log: Vec<Change>,
    recording: bool,
}

impl Directory {
    /// An empty directory. Nothing is logged until [`Directory::record`] is called, so that seeding leaves no history.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every change goes to the log.
    pub fn record(&mut self) {
        self.recording = true;
    }

    /// The number of positions: objects of every kind, purged ones included.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// No object was ever created.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The object at a position, whatever its presence.
    pub fn object(&self, slot: Slot) -> Option<&Object> {
        self.objects.get(usize::try_from(slot.0).ok()?)
    }

    /// The position of an id, whatever the presence of the object.
    pub fn find(&self, id: Uuid) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// The live user with this userPrincipalName, compared without case.
    pub fn find_user_principal_name(&self, name: &str) -> Option<Slot> {
        self.by_name.get(&name_hash(name)).copied()
    }

    /// All positions in order of creation.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..narrow(self.objects.len())).map(Slot)
    }

    /// The positions of one kind from one on, in order of creation. A directory has few groups among many people.
    pub fn slots_of(&self, kind: Kind, start: Slot) -> &[Slot] {
        let all = self.by_kind.get(&kind).map_or(&[][..], Vec::as_slice);
        all.get(all.partition_point(|slot| *slot < start)..).unwrap_or_default()
    }

    /// The live objects of one kind.
    pub fn live(&self, kind: Kind) -> impl Iterator<Item = (Slot, &Object)> {
        let all = self.slots_of(kind, Slot(0)).iter();
        all.filter_map(|slot| Some((*slot, self.object(*slot)?))).filter(|(_, object)| object.is_live())
    }

    /// Those whose manager is this person.
    pub fn reports(&self, manager: Slot) -> &[Slot] {
        self.reports.get(&manager).map_or(&[], Vec::as_slice)
    }

    /// The texts that symbols stand for.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The text of a property by name; `None` when never set, cleared or unknown.
    pub fn text(&self, slot: Slot, name: &str) -> Option<&str> {
        let object = self.object(slot)?;
        let (property, _) = object.kind.property(name)?;
        self.texts.get(object.value(property)?)
    }

    /// The log.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    /// The number of the last change.
    pub fn sequence(&self) -> u64 {
        u64::try_from(self.log.len()).unwrap_or(u64::MAX)
    }

    /// The number of the last change that happened at or before a time.
    pub fn sequence_at(&self, time: i64) -> u64 {
        u64::try_from(self.log.partition_point(|change| change.at <= time)).unwrap_or(u64::MAX)
    }

    /// The changes after `from`, up to and with `to`.
    pub fn changes(&self, from: u64, to: u64) -> &[Change] {
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(self.log.len());
        let end = usize::try_from(to).unwrap_or(usize::MAX).clamp(start, self.log.len());
        self.log.get(start..end).unwrap_or(&[])
    }

    /// The directory as it is.
    pub fn present(&self) -> View<'_> {
        View::present(self)
    }

    /// The directory as it was after the change with that number.
    pub fn as_of(&self, sequence: u64) -> View<'_> {
        View::as_of(self, sequence)
    }
}

fn name_hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.to_lowercase().hash(&mut hasher);
    hasher.finish()
}
