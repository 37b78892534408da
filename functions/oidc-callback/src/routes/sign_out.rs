//! Browsers that sign out.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::http::answer::answer;
use crate::http::caller::Caller;

pub(crate) async fn end_session(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.end_session(&caller.query, false, &caller.visit()).await)
}

/// A form of ours says that the person wants it; a form of another site is only another way to ask.
pub(crate) async fn end_session_by_form(State(app): State<App>, caller: Caller, form: String) -> Response {
    let confirmed = caller.is_from_us(&app.service.issuer);
    answer(app.service.end_session(&form, confirmed, &caller.visit()).await)
}

pub(crate) async fn signed_out(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.signed_out(&caller.visit()))
}

pub(crate) async fn session(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.session(&caller.visit()).await)
}

pub(crate) async fn signed_out_of_entra(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.signed_out_of_entra(&caller.query).await)
}
