//! From a bearer token to a tenant and an app.

use super::GraphError;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Tokens kept after their signature was checked once.
const KEPT: usize = 4_096;

/// Tokens that were verified, so that their signature is checked once.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

/// What a token says.
#[derive(Debug)]
struct Session {
    tenant: Uuid,
    app: Uuid,
    expires: i64,
    roles: BTreeSet<String>,
    /// The person and the scopes of a delegated token.
    delegated: Option<(Uuid, BTreeSet<String>)>,
}

/// Who calls.
pub(crate) struct Caller {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) app: Uuid,
    pub(crate) roles: BTreeSet<String>,
    /// The person behind a delegated token.
    pub(crate) person: Option<Uuid>,
}

/// Finds out who calls. The roles are those of the token that are still granted; a delegated token has its scopes in
/// their place.
pub(crate) fn identify(state: &State, request: &Request) -> Result<Caller, GraphError> {
    let header = request.header("authorization").ok_or_else(|| GraphError::token("Access token is empty."))?;
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| GraphError::token("Access token is empty."))?;
    let session = session(state, token)?;
    if session.expires <= state.clock.now_millis().div_euclid(1000) {
        return Err(GraphError::token("Lifetime validation failed, the token is expired."));
    }
    let tenant =
        state.tenant(session.tenant).ok_or_else(|| GraphError::token("The tenant of the token does not exist."))?;
    if let Some((person, scopes)) = &session.delegated {
        return Ok(Caller { tenant, app: session.app, roles: scopes.clone(), person: Some(*person) });
    }
    let granted = crate::sync::read(&tenant.apps).get(&session.app).map(|app| app.roles.clone()).unwrap_or_default();
    let roles = session.roles.intersection(&granted).cloned().collect();
    Ok(Caller { tenant, app: session.app, roles, person: None })
}

fn session(state: &State, token: &str) -> Result<Arc<Session>, GraphError> {
    if let Some(known) = crate::sync::lock(&state.sessions.0).get(token) {
        return Ok(known.clone());
    }
    let claims = state.keys.verify(token).ok_or_else(|| GraphError::token("Invalid token signature."))?;
    let session = Arc::new(read(&claims).ok_or_else(|| GraphError::token("Access token validation failure."))?);
    let mut sessions = crate::sync::lock(&state.sessions.0);
    if sessions.len() >= KEPT {
        sessions.clear();
    }
    sessions.insert(token.to_owned(), session.clone());
    Ok(session)
}

impl Sessions {
    /// Forgets what was verified: after a key was rotated away its tokens are refused.
    pub(crate) fn clear(&self) {
        crate::sync::lock(&self.0).clear();
    }
}

fn read(claims: &Value) -> Option<Session> {
    let id = |name: &str| Uuid::parse_str(claims.get(name)?.as_str()?).ok();
    let scopes = claims.get("scp").and_then(Value::as_str);
    let scopes = scopes.map(|text| text.split_whitespace().map(str::to_owned).collect());
    let roles = claims.get("roles").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(Session {
        tenant: id("tid")?,
        app: id("appid")?,
        expires: claims.get("exp")?.as_i64()?,
        roles: roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect(),
        delegated: scopes.and_then(|scopes| Some((id("oid")?, scopes))),
    })
}
