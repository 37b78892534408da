//! Teams and their members.

use rollcall_directory::identity::{PersonId, TeamSource};
use rollcall_directory::team::Team as Stored;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A team: it stands for the people in a group, or for those who report to a manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Team {
    /// The team.
    id: Uuid,
    /// The object id of the group for which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Uuid>,
    /// The object id of the manager for whose reports it stands, and who supervises it.
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Uuid>,
    /// What it is called.
    name: String,
    /// False once there is no reason for it any more. The team and its history stay.
    active: bool,
}

/// A member of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Member {
    /// The person's object id.
    person: Uuid,
}

impl From<Stored> for Team {
    fn from(team: Stored) -> Self {
        let Stored { id, source, name, active } = team;
        let (group, manager) = ends(source);
        Self { id: id.0, group, manager, name, active }
    }
}

/// The group or the manager for which a team stands.
pub(super) const fn ends(source: TeamSource) -> (Option<Uuid>, Option<Uuid>) {
    match source {
        TeamSource::Group(group) => (Some(group.0), None),
        TeamSource::Manager(person) => (None, Some(person.0)),
    }
}

impl From<PersonId> for Member {
    fn from(person: PersonId) -> Self {
        Self { person: person.0 }
    }
}
