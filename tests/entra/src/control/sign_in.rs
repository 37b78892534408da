//! Sign-in without a browser, ID tokens as a test wants them, and what people may do.

use super::{ControlError, Outcome, parse_id, read};
use crate::login::{self, Mint, PartialConsent, Shortcut};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Answers what is about sign-in; `None` when the path is not.
pub(super) fn answer(state: &Arc<State>, tenant: &Arc<Tenant>, request: &Request, path: &[&str]) -> Option<Outcome> {
    Some(match (request.method.as_str(), path) {
        ("POST", ["authorize"]) => authorize(state, tenant, request),
        ("POST", ["mint"]) => mint(state, tenant, request),
        ("PUT", ["id-token"]) => read(request).map(|mint: Mint| {
            *crate::sync::lock(&tenant.sign_in.id_token) = Some(mint);
            Reply::empty(204)
        }),
        ("DELETE", ["id-token"]) => {
            *crate::sync::lock(&tenant.sign_in.id_token) = None;
            Ok(Reply::empty(204))
        }
        ("PUT", ["next-consent"]) => read(request).map(|part: PartialConsent| {
            *crate::sync::lock(&tenant.sign_in.next_consent) = Some(part);
            Reply::empty(204)
        }),
        ("DELETE", ["next-consent"]) => {
            *crate::sync::lock(&tenant.sign_in.next_consent) = None;
            Ok(Reply::empty(204))
        }
        ("PUT", ["users", person, "roles"]) => set_roles(state, tenant, request, person),
        ("POST", ["users", person, "revoke-sessions"]) => parse_id(person).map(|person| {
            tenant.sign_in.revoke(person);
            Reply::empty(204)
        }),
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Authorize {
    url: String,
    user: String,
    #[serde(default = "yes", alias = "accept")]
    consent: bool,
    #[serde(default)]
    token: Option<Mint>,
}

fn yes() -> bool {
    true
}

fn authorize(state: &State, tenant: &Tenant, request: &Request) -> Outcome {
    let Authorize { url, user, consent, token } = read(request)?;
    let shortcut = Shortcut { tenant, user: &user, accept: consent, mint: token };
    let answer = shortcut.go(state, &url).map_err(ControlError::bad)?;
    Ok(Reply::json(200, &answer))
}

/// The members of a minting instruction stand beside these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    client_id: Option<Uuid>,
    user: Option<String>,
    #[serde(flatten)]
    mint: serde_json::Map<String, serde_json::Value>,
}

fn mint(state: &State, tenant: &Tenant, request: &Request) -> Outcome {
    let Wanted { client_id, user, mint } = read(request)?;
    let mint: Mint = serde_json::from_value(mint.into()).map_err(|error| ControlError::bad(error.to_string()))?;
    let client = client_id.unwrap_or_else(|| crate::server::info(tenant).client_id);
    let token = login::minted(state, tenant, client, user.as_deref(), &mint, &request.origin);
    let token = token.map_err(|error| ControlError::bad(error.to_string()))?;
    Ok(Reply::json(200, &json!({"token": token})))
}

/// Exactly these directory roles, by template id.
fn set_roles(state: &Arc<State>, tenant: &Arc<Tenant>, request: &Request, person: &str) -> Outcome {
    let templates: BTreeSet<Uuid> = read(request)?;
    let person = parse_id(person)?;
    tenant.change(state, |directory, now| login::set_roles(directory, tenant.id, person, &templates, now))?;
    Ok(Reply::empty(204))
}
