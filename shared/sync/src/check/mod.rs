//! The very calls that a sync will make, each with what is wrong and who must mend it.
//!
//! A check that passes although the sync then fails is worse than none. So nothing is concluded from
//! the roles of a token or from other calls: the user list, the delta queries, each scope group with its members, and a
//! subscription are asked for just as the sync asks for them.
//!
//! The subscription is created for real, for the shortest time that Graph knows, and deleted at once. That
//! is the only honest test: groups need `Group.Read.All` for it where reading them needs less, and Graph
//! must be able to reach the webhook. It listens to deletions only, so that it does not collide with the
//! connection's own; if deleting it fails, the hourly round does it.
//!
//! * [`Checker`]: makes the calls.
//! * [`advice`]: what an error of Graph means, and who must do what.

pub mod advice;
mod calls;

pub use calls::Checker;

use rollcall_directory::identity::GroupId;
use rollcall_store::Resource;

pub use advice::Advice;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The application can sign in to the tenant.
    SignIn,
    /// All properties of users, and their managers, can be read.
    Users,
    /// Changes of users can be read.
    UserChanges,
    /// A scope group and its members can be read.
    Group(GroupId),
    /// Changes of groups can be read.
    GroupChanges,
    /// Photos can be read.
    Photos,
    /// Graph can tell us of changes.
    Subscription(Resource),
}

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it looked at.
    pub subject: Subject,
    /// What is wrong, if anything is.
    pub trouble: Option<Advice>,
}

/// Whether all is well.
#[must_use]
pub fn is_well(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.trouble.is_none())
}
