//! The platform's own application.

use serde::Deserialize;
use utoipa::ToSchema;

use super::credential::ApplicationCredential;

/// The platform's own multi-tenant application. Tenants consent to it, so that customers need not register one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformApplication {
    /// Its credential. When it stops working is not kept: nobody is told before.
    pub(crate) credential: ApplicationCredential,
}
