//! The token endpoint: one grant type or the other, and client credentials.

use super::client::{self, Form, Proof};
use super::scope::RESOURCES;
use super::{LoginError, redeem};
use crate::apps::App;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

/// Answers a token request at the endpoint of the tenant with that name.
pub(super) fn answer(state: &State, request: &Request, name: &str) -> Result<Reply, LoginError> {
    let form = Form::of(request);
    match form.field("grant_type") {
        Some("authorization_code") => redeem::code(state, request, &form, name),
        Some("refresh_token") => redeem::refresh(state, request, &form, name),
        grant => {
            let tenant = super::find_tenant(state, name)?;
            match grant {
                Some("client_credentials") => client_credentials(state, &tenant, request, &form),
                Some(_) => Err(LoginError::new(70_003)),
                None => Err(LoginError::about(90_014, "grant_type")),
            }
        }
    }
}

fn client_credentials(state: &State, tenant: &Tenant, request: &Request, form: &Form) -> Result<Reply, LoginError> {
    let app = client::find(state, tenant, client::id(form)?)?;
    let proof = client::prove(state, tenant.id, request, form, &app)?;
    let resource = resource_of(form.field("scope"), request)?;
    issue(state, tenant, &app, &resource, &proof)
}

/// One `.default` scope of one resource, which must be Graph or this server in its place.
fn resource_of(scope: Option<&str>, request: &Request) -> Result<String, LoginError> {
    let scope = scope.ok_or_else(|| LoginError::about(90_014, "scope"))?;
    if scope.split_whitespace().count() > 1 {
        return Err(LoginError::new(700_022));
    }
    let resource =
        scope.strip_suffix("/.default").ok_or_else(|| LoginError::about(70_011, scope))?.trim_end_matches('/');
    if RESOURCES.contains(&resource) || resource == request.origin {
        return Ok(resource.to_owned());
    }
    Err(LoginError::about(500_011, resource))
}

fn issue(state: &State, tenant: &Tenant, app: &App, resource: &str, proof: &Proof) -> Result<Reply, LoginError> {
    let now = state.clock.now_millis().div_euclid(1000);
    let life = tenant.token_life_seconds();
    let mut claims = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{}/", tenant.id),
        "iat": now, "nbf": now, "exp": now + life,
        "appid": app.client_id,
        "appidacr": proof.claim(),
        "idp": format!("https://sts.windows.net/{}/", tenant.id),
        "idtyp": "app",
        "oid": app.principal_id, "sub": app.principal_id,
        "tid": tenant.id,
        "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()),
        "ver": "1.0",
    });
    // Without a granted permission the token is issued all the same, without the claim.
    let roles = app.roles_at(state.clock.now_millis());
    if !roles.is_empty()
        && let Some(members) = claims.as_object_mut()
    {
        members.insert("roles".to_owned(), json!(roles));
    }
    let token = state.keys.sign(&claims).map_err(|_| LoginError::new(90_033))?;
    Ok(reply(&json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token})))
}

/// A token answer, which nobody may store.
pub(super) fn reply(body: &Value) -> Reply {
    Reply::json(200, body).header("cache-control", "no-store, no-cache").header("pragma", "no-cache")
}
