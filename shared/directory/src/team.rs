//! Teams as the platform has them.

use crate::identity::{PersonId, TeamId, TeamSource};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// For what it stands.
    pub source: TeamSource,
    /// What it is called: the group's display name, or by the manager's name.
    pub name: String,
    /// False once there is no reason for it any more. The team and its history stay.
    pub active: bool,
}

impl Team {
    /// The person who supervises the team: the manager for whose reports it stands.
    #[must_use]
    pub const fn supervisor(&self) -> Option<PersonId> {
        match self.source {
            TeamSource::Manager(person) => Some(person),
            TeamSource::Group(_) => None,
        }
    }
}
