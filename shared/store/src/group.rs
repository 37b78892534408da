//! Groups in scope as the last read found them.

use std::collections::BTreeSet;

use rollcall_directory::identity::GroupId;

/// A group that scope reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredGroup {
    /// The display name.
    pub name: String,
    /// The groups that are direct members of this one.
    pub children: BTreeSet<GroupId>,
    /// People who are direct members.
    pub members: u64,
}
