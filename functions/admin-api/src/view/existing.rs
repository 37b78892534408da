//! Accounts that were on the platform before.

use rollcall_directory::adoption::{Decision, Existing};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An account that was on the platform before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ExistingAccount {
    /// The platform's own name for it.
    id: String,
    /// The employee id.
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<String>,
    /// The e-mail address or user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether no sync ever deactivates or deletes it.
    protected: bool,
    /// What a person has decided.
    decision: Choice,
}

/// What a person has decided about an account that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schema(as = ExistingAccountDecision)]
enum Choice {
    /// Nothing yet. It may be proposed.
    #[schema(title = "OpenDecision")]
    Open {},
    /// It belongs to this person.
    #[schema(title = "LinkedDecision")]
    Linked {
        /// The person's object id in Entra.
        person: Uuid,
    },
    /// It belongs to nobody of the directory, and is never proposed again.
    #[schema(title = "ApartDecision")]
    Apart {},
}

impl From<Existing> for ExistingAccount {
    fn from(account: Existing) -> Self {
        let Existing { id, employee_id, email, protected, decision } = account;
        let decision = match decision {
            Decision::Open => Choice::Open {},
            Decision::Linked { person } => Choice::Linked { person: person.0 },
            Decision::Apart => Choice::Apart {},
        };
        Self { id: id.0, employee_id, email, protected, decision }
    }
}
