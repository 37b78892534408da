//! The routes. A handler takes the request apart, calls one function of the service, and puts the answer together.

mod consent;
mod delegation;
mod login;
mod provider;
mod sign_out;

use axum::Router;
use axum::routing::{get, post};
use rollcall_sign_in::provider::discovery::path;

use crate::app::App;
use crate::http::answer::FRAMED;

/// All of them.
pub(crate) fn all() -> Router<App> {
    Router::new()
        .route(path::DISCOVERY, get(provider::discovery))
        .route(path::KEYS, get(provider::keys))
        .route(path::TOKEN, post(provider::token))
        .route(path::REVOKE, post(provider::revoke))
        .route(path::USERINFO, get(provider::userinfo).post(provider::userinfo))
        .route(path::AUTHORIZE, get(login::authorize).post(login::authorize_by_form))
        .route(path::CALLBACK, get(login::callback))
        .route(path::WAIT, get(login::wait))
        .route("/sign-in", get(login::link))
        .route("/sign-in/{connection}", get(login::link_of_connection))
        .route("/connect", get(consent::invitation).post(consent::begin))
        .route(path::CONSENT_CALLBACK, get(consent::callback))
        .route("/delegate", get(delegation::invitation).post(delegation::begin))
        .route(path::END_SESSION, get(sign_out::end_session).post(sign_out::end_session_by_form))
        .route(path::SIGNED_OUT, get(sign_out::signed_out))
        .route("/session", get(sign_out::session))
        .route(FRAMED, get(sign_out::signed_out_of_entra))
}
