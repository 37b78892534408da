//! Teams as the platform has them: one for each scope group.

use crate::identity::{GroupId, TeamId};

/// A team that stands for a scope group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// The group for which it stands.
    pub group: GroupId,
    /// The group's display name.
    pub name: String,
    /// False once the group is no longer a scope group. The team and its history stay.
    pub active: bool,
}
