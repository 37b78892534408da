//! What people let the application do for them.

use jiff::Timestamp;
use rollcall_sign_in::entra::delegated_access::DelegationError;
use rollcall_store::Delegation as Stored;
use serde::Serialize;
use utoipa::ToSchema;

/// A link that asks one person for permissions. It is good for nobody else: whoever signs in by it must be that person.
#[derive(Serialize, ToSchema)]
pub(crate) struct DelegationLink {
    /// The link. It is shown this once.
    pub(crate) url: String,
    /// When it is good no more.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
}

/// What somebody has agreed to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Delegation {
    /// Delegated permissions of Microsoft Graph.
    permissions: Vec<String>,
    /// When they agreed.
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
}

impl From<Stored> for Delegation {
    fn from(stored: Stored) -> Self {
        Self { permissions: stored.permissions.into_iter().collect(), granted_at: stored.granted_at }
    }
}

/// Whether the application can act for somebody now.
#[derive(Serialize, ToSchema)]
pub(crate) struct DelegationTest {
    /// Whether Entra gave an access token.
    works: bool,
    /// If it gave none: what to do.
    action: Option<&'static str>,
}

impl DelegationTest {
    /// What came of asking. What is not about the person is an error of the call.
    pub(crate) fn of<T>(result: Result<T, DelegationError>) -> Result<Self, DelegationError> {
        let action = match result {
            Ok(_) => None,
            Err(DelegationError::Ask) => Some("Entra takes the person's word no more. Send them a new link."),
            Err(DelegationError::NoAccount) => Some("The person has no active account. Nobody acts for them."),
            Err(error) => return Err(error),
        };
        Ok(Self { works: action.is_none(), action })
    }
}
