//! The identity platform: sign-in and consent pages, token endpoint, discovery and key set.

mod admin_consent;
mod ask;
mod assertion;
mod authorize;
mod browsers;
mod certificate;
mod client;
mod errors;
mod grants;
mod id_token;
mod keys;
mod logout;
mod mint;
mod my_apps;
mod pages;
mod people;
mod redeem;
mod redirect;
mod scope;
mod shortcut;
mod token;
mod visit;

pub(crate) use browsers::Browsers;
pub(crate) use certificate::Certificate;
pub(crate) use errors::LoginError;
pub(crate) use grants::{Grants, PartialConsent, SignIn};
pub(crate) use keys::{CONSUMER_TENANT, KeyError, Keys};
pub(crate) use mint::Mint;
pub(crate) use people::set_roles;
pub(crate) use shortcut::{Shortcut, minted, named_keys};

use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;

/// Answers a request to the identity platform; `None` when the path is none of its paths.
pub(crate) fn answer(state: &State, request: &Request) -> Option<Reply> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let told = |error: LoginError| refuse(request, &error, state.clock.now());
    if segments == ["myapps"] {
        return Some(my_apps::answer(state, request).unwrap_or_else(told));
    }
    let (tenant, rest) = segments.split_first()?;
    match (request.method.as_str(), rest) {
        ("POST", ["oauth2", "v2.0", "token"]) => Some(token::answer(state, request, tenant).unwrap_or_else(told)),
        ("GET" | "POST", ["oauth2", "v2.0", "authorize"]) => {
            Some(authorize::answer(state, request, tenant).unwrap_or_else(told))
        }
        ("GET" | "POST", ["v2.0", "adminconsent"]) => {
            let outcome = admin_consent::answer(state, request, tenant, admin_consent::Version::Two);
            Some(outcome.unwrap_or_else(told))
        }
        ("GET" | "POST", ["adminconsent"]) => {
            let outcome = admin_consent::answer(state, request, tenant, admin_consent::Version::One);
            Some(outcome.unwrap_or_else(told))
        }
        ("GET" | "POST", ["oauth2", "v2.0", "logout"]) => Some(logout::answer(state, request)),
        ("GET", ["v2.0", ".well-known", "openid-configuration"]) => Some(discovery(state, request, tenant)),
        ("GET", ["discovery", "v2.0", "keys"]) => Some(key_set(state, request, tenant)),
        (
            _,
            ["oauth2", "v2.0", "token" | "authorize" | "logout"]
            | ["adminconsent"]
            | ["v2.0", "adminconsent"]
            | ["v2.0", ".well-known", "openid-configuration"]
            | ["discovery", "v2.0", "keys"],
        ) => Some(Reply::empty(405)),
        _ => None,
    }
}

/// An error as the endpoint tells it: on a page where people are, else as JSON.
pub(crate) fn refuse(request: &Request, error: &LoginError, now: Timestamp) -> Reply {
    if is_page(request) {
        return pages::error(error, now);
    }
    error.reply(now, request.header("client-request-id"))
}

/// Whether people see the answers of a path.
fn is_page(request: &Request) -> bool {
    let last = request.segments.last().map(String::as_str);
    matches!(last, Some("authorize" | "adminconsent" | "logout" | "myapps"))
}

fn find_tenant(state: &State, name: &str) -> Result<Arc<Tenant>, LoginError> {
    if matches!(name, "common" | "consumers" | CONSUMER_TENANT) {
        return Err(LoginError::new(9_001_023));
    }
    state.tenant_by_name(name).ok_or_else(|| LoginError::about(90_002, name))
}

fn discovery(state: &State, request: &Request, name: &str) -> Reply {
    let issuer = match issuer_of(state, request, name) {
        Ok(issuer) => issuer,
        Err(error) => return error.reply(state.clock.now(), None),
    };
    let base = format!("{}/{name}", request.origin);
    Reply::json(
        200,
        &json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": format!("{}/oidc/userinfo", request.origin),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
            "claims_supported": [
                "sub", "iss", "cloud_instance_name", "aud", "exp", "iat", "auth_time", "acr", "nonce",
                "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"
            ],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": request.origin.split_once("://").map_or("", |(_, host)| host),
        }),
    )
}

fn key_set(state: &State, request: &Request, name: &str) -> Reply {
    match issuer_of(state, request, name) {
        // The keys are everybody's: their issuer is the template whichever tenant's set is read.
        Ok(_) => Reply::json(200, &state.keys.key_set(&key_issuer(&request.origin), &request.origin)),
        Err(error) => error.reply(state.clock.now(), None),
    }
}

/// The issuer beside the keys of work accounts: a template.
fn key_issuer(origin: &str) -> String {
    format!("{origin}/{{tenantid}}/v2.0")
}

fn issuer_of(state: &State, request: &Request, name: &str) -> Result<String, LoginError> {
    let subject = match name {
        "common" | "organizations" => "{tenantid}".to_owned(),
        "consumers" => CONSUMER_TENANT.to_owned(),
        _ => state.tenant_by_name(name).ok_or_else(|| LoginError::about(90_002, name))?.id.to_string(),
    };
    Ok(format!("{}/{subject}/v2.0", request.origin))
}
