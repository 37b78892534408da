//! Who reports to whom.

use rollcall_directory::hierarchy::Report as Found;
use rollcall_directory::identity::PersonId;
use rollcall_directory::user::User;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::hold::name;

/// The managers above a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Chain {
    /// The nearest first. Above somebody who has no account nothing is known.
    pub(crate) managers: Vec<Manager>,
    /// Whether the chain comes back to somebody who is already in it. It ends there.
    pub(crate) cycle: bool,
}

/// A manager above a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Manager {
    /// The manager's object id in Entra.
    person: Uuid,
    /// The name, as far as the account has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether there is an active account. Managers may be out of scope.
    active: bool,
}

impl Manager {
    /// A manager with the account, if there is one.
    pub(crate) fn of(person: PersonId, user: Option<&User>) -> Self {
        let active = user.is_some_and(|user| user.status.is_active());
        Self { person: person.0, name: user.and_then(name), active }
    }
}

/// Somebody below a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Report {
    /// The person's object id in Entra.
    person: Uuid,
    /// The object id of the manager to whom they report.
    manager: Uuid,
    /// How far below: 1 for those who report directly.
    depth: u32,
}

impl From<&Found> for Report {
    fn from(found: &Found) -> Self {
        let Found { person, manager, depth } = *found;
        Self { person: person.0, manager: manager.0, depth }
    }
}
