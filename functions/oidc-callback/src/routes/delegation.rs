//! People who let the application act for them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::answer::answer;
use crate::http::caller::Caller;

pub(crate) async fn invitation(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.delegate(&caller.query, false, &caller.visit()).await)
}

/// Only the page of the link itself leads on: nobody else's page may begin this in a person's browser.
pub(crate) async fn begin(State(app): State<App>, caller: Caller, form: String) -> Response {
    if !caller.is_from_us(&app.service.issuer) {
        return StatusCode::FORBIDDEN.into_response();
    }
    answer(app.service.delegate(&form, true, &caller.visit()).await)
}
