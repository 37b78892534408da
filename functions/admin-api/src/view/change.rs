//! What runs changed, object by object.

use rollcall_directory::plan::{Action, Field, FieldChange, UserChange};
use rollcall_store::{Change as Stored, TeamAction, TeamChange};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One change of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "object", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Of an account.
    #[schema(title = "UserChange")]
    User {
        /// The account.
        user: Uuid,
        /// The person's object id.
        person: Uuid,
        /// What happened.
        action: UserAction,
        /// Each field that differs.
        fields: Vec<Difference>,
    },
    /// Of a team.
    #[schema(title = "TeamChange")]
    Team {
        /// The team.
        team: Uuid,
        /// The object id of its group.
        group: Uuid,
        /// What happened.
        action: TeamEvent,
        /// The name before.
        #[serde(skip_serializing_if = "Option::is_none")]
        name_before: Option<String>,
        /// The name after.
        name_after: String,
    },
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserAction {
    /// It was made.
    Created,
    /// Something about it changed.
    Updated,
    /// It may be used again.
    Reactivated,
    /// It may no longer be used.
    Deactivated,
}

/// What happened to a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TeamEvent {
    /// It was made.
    Created,
    /// Its name changed.
    Renamed,
    /// Its group is no longer a scope group.
    Retired,
    /// Its group is a scope group again.
    Restored,
}

/// One field before and after. A side without a value is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// `status`, `manager`, `team`, or the name of an attribute.
    field: String,
    /// The object id of the team's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Uuid>,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl From<Stored> for Change {
    fn from(change: Stored) -> Self {
        match change {
            Stored::User(UserChange { user, person, action, fields }) => Self::User {
                user: user.0,
                person: person.0,
                action: action.into(),
                fields: fields.into_iter().map(Difference::from).collect(),
            },
            Stored::Team(TeamChange { team, group, action, name_before, name_after }) => {
                Self::Team { team: team.0, group: group.0, action: action.into(), name_before, name_after }
            }
        }
    }
}

impl From<FieldChange> for Difference {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, before, after } = change;
        let (field, group) = match field {
            Field::Status => ("status", None),
            Field::Manager => ("manager", None),
            Field::Attribute(property) => (property.name(), None),
            Field::Team(group) => ("team", Some(group.0)),
        };
        Self { field: field.to_owned(), group, before, after }
    }
}

impl From<Action> for UserAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Created => Self::Created,
            Action::Updated => Self::Updated,
            Action::Reactivated => Self::Reactivated,
            Action::Deactivated => Self::Deactivated,
        }
    }
}

impl From<TeamAction> for TeamEvent {
    fn from(action: TeamAction) -> Self {
        match action {
            TeamAction::Created => Self::Created,
            TeamAction::Renamed => Self::Renamed,
            TeamAction::Retired => Self::Retired,
            TeamAction::Restored => Self::Restored,
        }
    }
}
