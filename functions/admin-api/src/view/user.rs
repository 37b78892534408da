//! Accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_directory::user::{Leaving, Status as Standing, User as Account};
use rollcall_store::StoredUser;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An account, and the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct User {
    /// The account.
    id: Uuid,
    /// The person's object id in Entra.
    person: Uuid,
    /// Whether the person may use the platform.
    status: Status,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Since when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    inactive_since: Option<Timestamp>,
    /// The attributes that have a value, under their names in Microsoft Graph.
    attributes: BTreeMap<&'static str, String>,
    /// The object id of the manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Uuid>,
    /// The scope groups to which the person belongs, directly or nested.
    teams: Vec<Uuid>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Whether the person may use the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatus)]
enum Status {
    /// They may.
    Active,
    /// They may not.
    Inactive,
}

/// Why an account is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeavingReason)]
pub(crate) enum Reason {
    /// The person is disabled in Entra.
    Disabled,
    /// The person was deleted in Entra.
    Deleted,
    /// The person is no longer in scope.
    OutOfScope,
}

impl From<StoredUser> for User {
    fn from(stored: StoredUser) -> Self {
        let StoredUser { user, created_at, updated_at } = stored;
        let Account { id, person, status, attributes, manager, groups: _, teams } = user;
        let (status, reason, inactive_since) = match status {
            Standing::Active => (Status::Active, None, None),
            Standing::Inactive { reason, since } => (Status::Inactive, Some(reason.into()), Some(since)),
        };
        Self {
            id: id.0,
            person: person.0,
            status,
            reason,
            inactive_since,
            attributes: attributes.into_iter().map(|(property, value)| (property.name(), value)).collect(),
            manager: manager.map(|manager| manager.0),
            teams: teams.into_iter().map(|team| team.0).collect(),
            created_at,
            updated_at,
        }
    }
}

impl From<Leaving> for Reason {
    fn from(reason: Leaving) -> Self {
        match reason {
            Leaving::Disabled => Self::Disabled,
            Leaving::Deleted => Self::Deleted,
            Leaving::OutOfScope => Self::OutOfScope,
        }
    }
}
