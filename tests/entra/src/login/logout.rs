//! Sign-out: the session ends here, and every app of it is told in a hidden frame.

use super::browsers::SignedIn;
use super::pages;
use super::visit::{Fields, Visit};
use crate::apps;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;

/// Answers a request to the end-session endpoint.
pub(super) fn answer(state: &State, request: &Request) -> Reply {
    let visit = Visit::new(state, request);
    let hinted = visit.fields.get("logout_hint").and_then(|hint| visit.known(hint));
    // Without a hint that names somebody, everybody is signed out.
    let ends = |signed: &SignedIn| hinted.as_ref().is_none_or(|hinted| hinted.session == signed.session);
    let ended = state.browsers.sign_out(request, ends);
    let frames: Vec<String> = ended.iter().flat_map(|signed| front_channel(state, request, signed)).collect();
    let next = next(state, &visit.fields);
    match (frames.is_empty(), &next) {
        (true, Some(next)) => Reply::empty(302).header("location", next).header("cache-control", "no-store, no-cache"),
        _ => pages::signed_out(&frames, next.as_deref()),
    }
}

/// The sign-out addresses of the apps that a session reached.
fn front_channel(state: &State, request: &Request, signed: &SignedIn) -> Vec<String> {
    let address = |(tenant, client): &(uuid::Uuid, uuid::Uuid)| {
        let app = apps::in_tenant(state, &*state.tenant(*tenant)?, *client)?;
        let address = app.registration.front_channel_logout_url?;
        let issuer = format!("{}/{tenant}/v2.0", request.origin);
        let pairs = [("iss", issuer), ("sid", signed.session.to_string())];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let separator = if address.contains('?') { '&' } else { '?' };
        Some(format!("{address}{separator}{query}"))
    };
    signed.apps.iter().filter_map(address).collect()
}

/// Where the browser goes afterwards: only to an address that some app registered.
fn next(state: &State, fields: &Fields) -> Option<String> {
    let uri = fields.get("post_logout_redirect_uri").filter(|uri| apps::is_redirect_uri(state, uri))?;
    let Some(text) = fields.get("state") else { return Some(uri.to_owned()) };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", text).finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    Some(format!("{uri}{separator}{query}"))
}
