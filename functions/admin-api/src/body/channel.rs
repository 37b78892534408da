//! Where notices are posted.

use serde::Deserialize;
use utoipa::ToSchema;

use super::text::Secret;

/// A Teams channel. Its owner makes a workflow with the trigger "When a Teams webhook request is received" there, and is
/// given the address.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotificationChannel {
    /// The address of the workflow: https, at a host of Microsoft's. It carries a signature, so it is written and never shown.
    #[schema(write_only)]
    pub(crate) url: Secret,
}
