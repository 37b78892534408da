//! The findings of a test.

use rollcall_store::Resource;
use rollcall_sync::check::advice::{Advice, Who};
use rollcall_sync::check::{Check as Made, Subject, is_well};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a test found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TestReport {
    /// Whether every check passed.
    ok: bool,
    /// Whether the connection was paused and goes on now.
    resumed: bool,
    /// The checks, in the order in which they were made. Where signing in fails, there is no other.
    checks: Vec<Check>,
}

/// One check: a call that the sync will make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Check {
    /// What was checked.
    check: Kind,
    /// The object id of the group, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Uuid>,
    /// Whether it passed.
    ok: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    /// Who must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<Actor>,
    /// What they must do.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckKind)]
enum Kind {
    /// Signing in to the tenant.
    SignIn,
    /// Reading users with all properties and their managers.
    Users,
    /// Reading what changed on users.
    UserChanges,
    /// Reading a scope group and its members.
    Group,
    /// Reading what changed on groups.
    GroupChanges,
    /// Reading a photo, where photos are kept.
    Photos,
    /// Being told of changes of users.
    UserNotifications,
    /// Being told of changes of groups.
    GroupNotifications,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckActor)]
enum Actor {
    /// An administrator of the Entra tenant.
    TenantAdministrator,
    /// Whoever keeps the connection's settings.
    ConnectionOwner,
    /// Whoever runs this deployment.
    Operator,
    /// Nobody: it passes.
    Nobody,
}

impl TestReport {
    /// A report of these checks.
    pub(crate) fn of(checks: Vec<Made>, resumed: bool) -> Self {
        Self { ok: is_well(&checks), resumed, checks: checks.into_iter().map(Check::from).collect() }
    }
}

impl From<Made> for Check {
    fn from(made: Made) -> Self {
        let Made { subject, trouble } = made;
        let (check, group) = match subject {
            Subject::SignIn => (Kind::SignIn, None),
            Subject::Users => (Kind::Users, None),
            Subject::UserChanges => (Kind::UserChanges, None),
            Subject::Group(group) => (Kind::Group, Some(group.0)),
            Subject::GroupChanges => (Kind::GroupChanges, None),
            Subject::Photos => (Kind::Photos, None),
            Subject::Subscription(Resource::Users) => (Kind::UserNotifications, None),
            Subject::Subscription(Resource::Groups) => (Kind::GroupNotifications, None),
        };
        let ok = trouble.is_none();
        let (what, who, action) = match trouble {
            Some(Advice { what, who, action, permission: _ }) => (Some(what), Some(who.into()), Some(action)),
            None => (None, None, None),
        };
        Self { check, group, ok, what, who, action }
    }
}

impl From<Who> for Actor {
    fn from(who: Who) -> Self {
        match who {
            Who::TenantAdministrator => Self::TenantAdministrator,
            Who::ConnectionOwner => Self::ConnectionOwner,
            Who::Operator => Self::Operator,
            Who::Nobody => Self::Nobody,
        }
    }
}
