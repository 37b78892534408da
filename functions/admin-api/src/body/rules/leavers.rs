//! What happens to the accounts of people who leave.

use rollcall_directory::rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::number::Whole;

/// What happens to the accounts of people who leave: who is disabled, deleted, out of scope, or a guest where guests are out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Leavers {
    /// Nothing: they keep their access. It destroys nothing, and leaves former employees in.
    #[schema(title = "KeepAccess")]
    KeepAccess {},
    /// They lose access, after the guard. The account and all that hangs on it stays, and comes back with the person. The default.
    #[schema(title = "Deactivate")]
    Deactivate {},
    /// They lose access, after the guard, and so many days later the account is **deleted for good** with all that hangs on
    /// it. Nothing brings it back. Refused while `allow_deletion` is false.
    #[schema(title = "DeactivateThenDelete")]
    DeactivateThenDelete {
        /// The days between the two. Accounts that have been inactive for longer are deleted at the next run, after the guard.
        #[schema(value_type = u32, minimum = 30, maximum = 3650)]
        after_days: Grace,
    },
}

/// Days before an account is deleted, 30 to 3,650.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Whole")]
pub(crate) struct Grace(u32);

impl TryFrom<Whole> for Grace {
    type Error = &'static str;

    fn try_from(Whole(days): Whole) -> Result<Self, Self::Error> {
        let fits = |days: &u32| (rules::LEAST_GRACE_DAYS..=3_650).contains(days);
        u32::try_from(days).ok().filter(fits).map(Self).ok_or("must be from 30 to 3650")
    }
}

impl From<Leavers> for rules::Leavers {
    fn from(leavers: Leavers) -> Self {
        match leavers {
            Leavers::KeepAccess {} => Self::KeepAccess,
            Leavers::Deactivate {} => Self::Deactivate,
            Leavers::DeactivateThenDelete { after_days: Grace(after_days) } => {
                Self::DeactivateThenDelete { after_days }
            }
        }
    }
}

impl From<rules::Leavers> for Leavers {
    fn from(leavers: rules::Leavers) -> Self {
        match leavers {
            rules::Leavers::KeepAccess => Self::KeepAccess {},
            rules::Leavers::Deactivate => Self::Deactivate {},
            rules::Leavers::DeactivateThenDelete { after_days } => {
                Self::DeactivateThenDelete { after_days: Grace(after_days) }
            }
        }
    }
}
