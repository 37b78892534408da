//! Teams and their members.

use rollcall_directory::identity::PersonId;
use rollcall_directory::team::Team as Stored;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A team: it stands for a scope group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Team {
    /// The team.
    id: Uuid,
    /// The object id of the group.
    group: Uuid,
    /// The group's name.
    name: String,
    /// False once the group is no longer a scope group.
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
        let Stored { id, group, name, active } = team;
        Self { id: id.0, group: group.0, name, active }
    }
}

impl From<PersonId> for Member {
    fn from(person: PersonId) -> Self {
        Self { person: person.0 }
    }
}
