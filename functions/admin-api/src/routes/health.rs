//! Whether the service runs.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// That the service runs.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(value_type = String, examples("ok"))]
    status: &'static str,
}

/// Whether the service runs. It looks at nothing behind it.
#[utoipa::path(get, path = "/health", tag = "Service", security(()), responses((status = 200, description = "It runs", body = Health)))]
pub(crate) async fn read() -> Json<Health> {
    Json(Health { status: "ok" })
}
