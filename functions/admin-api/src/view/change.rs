//! What runs changed, object by object.

use rollcall_directory::history::{Action, Field, FieldChange, UserChange};
use rollcall_directory::photo::PhotoChange;
use rollcall_store::{Change as Stored, NotedProblem, TeamAction, TeamChange};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::matter::{Matter, SkipReason};
use super::team::ends;

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
        /// The object id of the group for which it stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<Uuid>,
        /// The object id of the manager for whose reports it stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        manager: Option<Uuid>,
        /// What happened.
        action: TeamEvent,
        /// The name before.
        #[serde(skip_serializing_if = "Option::is_none")]
        name_before: Option<String>,
        /// The name after.
        name_after: String,
    },
    /// None: somebody would have to see to this. Only in previews.
    #[schema(title = "SkippedChange")]
    Skipped {
        /// The item of the work-list that it would be.
        id: Uuid,
        /// The person's object id; absent where it is about several people.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<Uuid>,
        /// What people call the person, or the address that several people share.
        name: String,
        /// Always `skipped`.
        action: SkippedAction,
        /// Why.
        reasons: Vec<SkipReason>,
        /// All of it.
        problem: Matter,
    },
}

/// That nothing would happen to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkippedAction {
    /// They would be skipped.
    Skipped,
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
    /// It was deleted for good.
    Deleted,
}

/// What happened to a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TeamEvent {
    /// It was made.
    Created,
    /// Its name changed.
    Renamed,
    /// There is no reason for it any more: its group is no team any more, or its manager has no reports left.
    Retired,
    /// There is a reason for it again.
    Restored,
}

/// One field before and after. A side without a value is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// `status`, `inactive_since`, `email`, `language`, `manager`, `team`, `manager_team`, `linked`, `photo` (the digests of the images), or the name of an attribute in Microsoft Graph.
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
            Stored::Team(TeamChange { team, source, action, name_before, name_after }) => {
                let (group, manager) = ends(source);
                Self::Team { team: team.0, group, manager, action: action.into(), name_before, name_after }
            }
            Stored::Photo(PhotoChange { user, person, before, after }) => Self::User {
                user: user.0,
                person: person.0,
                action: UserAction::Updated,
                fields: vec![Difference { field: "photo".to_owned(), group: None, before, after }],
            },
            Stored::Skipped(NotedProblem { id, person, label, problem, since: _ }) => Self::Skipped {
                id,
                person: person.map(|person| person.0),
                name: label,
                action: SkippedAction::Skipped,
                reasons: SkipReason::of(&problem),
                problem: problem.into(),
            },
        }
    }
}

impl From<FieldChange> for Difference {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, before, after } = change;
        let (field, group) = match field {
            Field::Status => ("status".to_owned(), None),
            Field::InactiveSince => ("inactive_since".to_owned(), None),
            Field::Attribute(property) => (property.to_string(), None),
            Field::Email => ("email".to_owned(), None),
            Field::Language => ("language".to_owned(), None),
            Field::Manager => ("manager".to_owned(), None),
            Field::Team(group) => ("team".to_owned(), Some(group.0)),
            Field::ManagerTeam => ("manager_team".to_owned(), None),
            Field::Linked => ("linked".to_owned(), None),
        };
        Self { field, group, before, after }
    }
}

impl From<Action> for UserAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Created => Self::Created,
            Action::Updated => Self::Updated,
            Action::Reactivated => Self::Reactivated,
            Action::Deactivated => Self::Deactivated,
            Action::Deleted => Self::Deleted,
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
