//! What the platform calls.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use rollcall_runtime::clock;
use rollcall_sign_in::flow::reply::Reply;
use rollcall_sign_in::flow::token::ClientRequest;
use rollcall_sign_in::provider::discovery::document;

use crate::app::App;
use crate::http::answer::answer;
use crate::http::caller::Caller;

pub(crate) async fn discovery(State(app): State<App>) -> Response {
    public(Reply::json(200, document(&app.service.issuer)))
}

pub(crate) async fn keys(State(app): State<App>) -> Response {
    match app.service.signing.ring(clock::now()).await {
        Ok(ring) => public(Reply::json(200, ring.public())),
        Err(error) => {
            tracing::error!(error = %error, "the signing keys can't be shown");
            answer(Reply::empty(503))
        }
    }
}

pub(crate) async fn token(State(app): State<App>, caller: Caller, form: String) -> Response {
    let request = ClientRequest { authorization: caller.header("authorization"), form: &form, now: clock::now() };
    answer(app.service.token(&request).await)
}

pub(crate) async fn revoke(State(app): State<App>, caller: Caller, form: String) -> Response {
    let request = ClientRequest { authorization: caller.header("authorization"), form: &form, now: clock::now() };
    answer(app.service.revoke(&request).await)
}

/// The access token is taken from the header alone: in a query it would be in logs (RFC 9700, section 4.3.2).
pub(crate) async fn userinfo(State(app): State<App>, caller: Caller) -> Response {
    let bearer = caller.header("authorization").and_then(|header| header.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    answer(app.service.userinfo(token, clock::now()).await)
}

/// What everybody may read and keep for an hour.
fn public(reply: Reply) -> Response {
    let mut response = answer(reply).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
