//! The ordered history of a directory.

use super::object::{Presence, Slot};
use super::schema::PropertyId;
use super::texts::Symbol;

/// One change. Its number is its position in the log plus one.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// The object that changed.
    pub object: Slot,
    /// What happened, with what is needed to undo it.
    pub what: What,
}

/// What happened to an object.
#[derive(Clone, Debug)]
pub enum What {
    /// It was created.
    Created,
    /// Properties changed.
    Set {
        /// One bit for each property that changed.
        mask: u128,
        /// All values before.
        before: Box<[(PropertyId, Symbol)]>,
    },
    /// It was deleted, restored or purged.
    Presence {
        /// As it was before.
        before: Presence,
        /// As it is after.
        after: Presence,
    },
    /// The manager was set or cleared.
    Manager {
        /// The manager before.
        before: Option<Slot>,
    },
    /// A direct member came.
    MemberAdded(Slot),
    /// A direct member went.
    MemberRemoved(Slot),
}

/// The bit of a property in a change mask.
pub fn bit(property: PropertyId) -> u128 {
    1_u128.checked_shl(u32::from(property.0)).unwrap_or(0)
}
