//! The token endpoint: client credentials with a secret, a certificate or a federated assertion.

use super::{LoginError, assertion};
use crate::apps::App;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Graph itself, in every cloud.
const RESOURCES: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// How the client proved itself: `appidacr` of the access token.
enum Proof {
    Secret,
    Assertion,
}

pub(super) fn answer(state: &State, tenant: &Tenant, request: &Request) -> Result<Reply, LoginError> {
    let mut form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    if let Some((client, secret)) = basic(request) {
        form.entry("client_id".to_owned()).or_insert(client);
        form.entry("client_secret".to_owned()).or_insert(secret);
    }
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    if field("grant_type").ok_or_else(|| LoginError::about(90_014, "grant_type"))? != "client_credentials" {
        return Err(LoginError::new(70_003));
    }
    let client = field("client_id").ok_or_else(|| LoginError::about(90_014, "client_id"))?;
    let app = find_app(tenant, client)?;
    let proof = match (field("client_secret"), field("client_assertion")) {
        (_, Some(text)) if field("client_assertion_type") == Some(JWT_BEARER) => {
            assertion::check(&app, tenant, request, text, state.clock.now_millis())?;
            Proof::Assertion
        }
        (Some(secret), None) => {
            check_secret(&app, secret, state.clock.now_millis())?;
            Proof::Secret
        }
        _ => return Err(LoginError::new(7_000_218)),
    };
    if !app.enabled {
        return Err(LoginError::new(7_000_112));
    }
    let resource = resource_of(field("scope"), request)?;
    issue(state, tenant, &app, &resource, &proof)
}

fn find_app(tenant: &Tenant, client: &str) -> Result<App, LoginError> {
    let id = Uuid::parse_str(client).map_err(|_| LoginError::about(700_016, client))?;
    crate::sync::read(&tenant.apps).get(&id).cloned().ok_or_else(|| LoginError::about(700_016, client))
}

fn check_secret(app: &App, presented: &str, now: i64) -> Result<(), LoginError> {
    match app.secrets.iter().find(|secret| secret.value == presented) {
        Some(secret) if secret.expires > now => Ok(()),
        Some(_) => Err(LoginError::about(7_000_222, &app.client_id.to_string())),
        None => Err(LoginError::about(7_000_215, &app.client_id.to_string())),
    }
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
        "appidacr": match proof { Proof::Secret => "1", Proof::Assertion => "2" },
        "idp": format!("https://sts.windows.net/{}/", tenant.id),
        "idtyp": "app",
        "oid": app.principal_id, "sub": app.principal_id,
        "tid": tenant.id,
        "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()),
        "ver": "1.0",
    });
    // Without a granted permission the token is issued all the same, without the claim.
    if !app.roles.is_empty()
        && let Some(members) = claims.as_object_mut()
    {
        members.insert("roles".to_owned(), json!(app.roles));
    }
    let token = state.keys.sign(&claims).map_err(|_| LoginError::new(90_033))?;
    let body = json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token});
    Ok(Reply::json(200, &body).header("cache-control", "no-store, no-cache").header("pragma", "no-cache"))
}

/// RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined.
fn basic(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (client, secret) = text.split_once(':')?;
    let decode = |part: &str| {
        url::form_urlencoded::parse(format!("v={part}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decode(client)?, decode(secret)?))
}
