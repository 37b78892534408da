//! Browsers that sign in.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::App;
use crate::http::answer::answer;
use crate::http::caller::Caller;

pub(crate) async fn authorize(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.authorize(&caller.query, &caller.visit()).await)
}

pub(crate) async fn authorize_by_form(State(app): State<App>, caller: Caller, form: String) -> Response {
    answer(app.service.authorize(&form, &caller.visit()).await)
}

pub(crate) async fn callback(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.callback(&caller.query, &caller.visit()).await)
}

pub(crate) async fn wait(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.wait(&caller.query, &caller.visit()).await)
}

pub(crate) async fn link(State(app): State<App>, caller: Caller) -> Response {
    answer(app.service.link(None, &caller.query, &caller.visit()).await)
}

pub(crate) async fn link_of_connection(
    State(app): State<App>,
    Path(connection): Path<String>,
    caller: Caller,
) -> Response {
    answer(app.service.link(Some(&connection), &caller.query, &caller.visit()).await)
}
