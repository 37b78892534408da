//! `/application`: the platform's own multi-tenant application.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_runtime::clock;

use crate::app::App;
use crate::body::application::PlatformApplication;
use crate::http::input::Body;
use crate::http::problem::Problem;
use crate::operate::application;
use crate::view::application::ApplicationState;

/// Says whether the platform has an application of its own, and which. Its credential is never shown.
#[utoipa::path(get, path = "/application", tag = "Sign-in",
    responses((status = 200, description = "Whether there is one", body = ApplicationState)))]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<ApplicationState>, Problem> {
    Ok(Json(ApplicationState::of(application::state(&app, clock::now()).await?)))
}

/// Sets the platform's own application, or gives it a new credential. **What it destroys**: with another client id every tenant has to
/// consent again, and until then its connections are neither synced nor signed in by.
#[utoipa::path(put, path = "/application", tag = "Sign-in", request_body = PlatformApplication,
    responses((status = 204, description = "It is set")))]
pub(crate) async fn set(State(app): State<App>, Body(new): Body<PlatformApplication>) -> Result<StatusCode, Problem> {
    application::set(&app, new.credential).await?;
    Ok(StatusCode::NO_CONTENT)
}
