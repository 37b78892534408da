//! One object of the directory.

use super::schema::{Kind, PropertyId};
use super::texts::Symbol;
use uuid::Uuid;

/// The position of an object in its directory. Positions are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// Whether an object is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Not created yet, as seen from a moment in the past.
    Absent,
    /// An ordinary object.
    Live,
    /// In the recycle bin since that time, in milliseconds since 1970.
    Deleted(i64),
    /// Gone for good.
    Purged,
}

/// One directory object. Kept small: a directory has up to half a million.
#[derive(Clone, Debug)]
pub struct Object {
    /// The object id.
    pub id: Uuid,
    /// What it is.
    pub kind: Kind,
    /// Whether it is there.
    pub presence: Presence,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// The properties that were ever set, sorted.
    pub values: Box<[(PropertyId, Symbol)]>,
    /// The manager of a user.
    pub manager: Option<Slot>,
    /// Groups, roles and units that hold this object directly, sorted.
    pub holders: Vec<Slot>,
    /// What only some objects have.
    pub more: Option<Box<More>>,
}

/// The parts of an object that most people do not have.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// Direct members, sorted.
    pub members: Vec<Slot>,
    /// Owners of a group, sorted.
    pub owners: Vec<Slot>,
    /// What a soft delete took away and a restore brings back.
    pub links: Links,
}

/// The links that a soft-deleted object had.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Holders to rejoin.
    pub holders: Vec<Slot>,
    /// People who reported to it.
    pub reports: Vec<Slot>,
}

impl Object {
    /// An object without properties.
    pub fn new(id: Uuid, kind: Kind, created: i64) -> Self {
        Self {
            id,
            kind,
            presence: Presence::Live,
            created,
            values: Box::default(),
            manager: None,
            holders: Vec::new(),
            more: None,
        }
    }

    /// Neither deleted nor absent.
    pub fn is_live(&self) -> bool {
        self.presence == Presence::Live
    }

    /// The stored value of a property; `None` when it was never set.
    pub fn value(&self, property: PropertyId) -> Option<Symbol> {
        let position = self.values.binary_search_by_key(&property, |(id, _)| *id).ok()?;
        self.values.get(position).map(|(_, symbol)| *symbol)
    }

    /// Direct members, sorted by slot.
    pub fn members(&self) -> &[Slot] {
        self.more.as_ref().map_or(&[], |more| more.members.as_slice())
    }

    /// Owners, sorted by slot.
    pub fn owners(&self) -> &[Slot] {
        self.more.as_ref().map_or(&[], |more| more.owners.as_slice())
    }

    /// The rarely used parts, made when missing.
    pub fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_with(Box::default)
    }
}

/// Puts a slot into a sorted list; `false` when it was there.
pub(crate) fn insert(list: &mut Vec<Slot>, slot: Slot) -> bool {
    match list.binary_search(&slot) {
        Ok(_) => false,
        Err(position) => {
            list.insert(position, slot);
            true
        }
    }
}

/// Takes a slot out of a sorted list; `false` when it was not there.
pub(crate) fn remove(list: &mut Vec<Slot>, slot: Slot) -> bool {
    match list.binary_search(&slot) {
        Ok(position) => {
            list.remove(position);
            true
        }
        Err(_) => false,
    }
}
