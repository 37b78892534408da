//! Setup links.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A link for an administrator of the customer. Whoever has it can bind the connection to a tenant of theirs, so it is sent to them alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetupLink {
    /// The link. It is shown this once.
    pub(crate) url: String,
    /// When it is good no more.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
}
