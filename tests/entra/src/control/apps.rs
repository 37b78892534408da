//! Credentials, permissions and registrations of apps.

use super::{ControlError, Outcome, read};
use crate::apps::{App, Federated, Secret};
use crate::login::Certificate;
use crate::registration::Registration;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) fn answer(state: &State, tenant: &Tenant, request: &Request, path: &[&str]) -> Outcome {
    let now = state.clock.now_millis();
    match (request.method.as_str(), path) {
        ("GET", []) => list(tenant),
        ("POST", []) => create(tenant, request, now),
        ("GET", [client]) => {
            let id = client_id(tenant, client)?;
            let app = crate::apps::in_tenant(state, tenant, id).ok_or_else(|| ControlError::missing("the app"))?;
            Ok(Reply::json(200, &show(&app)?))
        }
        ("PATCH", [client]) => change_registration(tenant, client, request),
        ("DELETE", [client]) => {
            let id = client_id(tenant, client)?;
            crate::sync::write(&tenant.apps).remove(&id);
            Ok(Reply::empty(204))
        }
        ("POST", [client, "secrets"]) => rotate_secret(tenant, client, request, now),
        ("POST", [client, "expire-secrets"]) => edit(tenant, client, |app| {
            app.secrets.iter_mut().for_each(|secret| secret.expires = secret.expires.min(now))
        }),
        ("PUT", [client, "roles"]) => {
            let roles: Vec<String> = read(request)?;
            edit(tenant, client, |app| app.roles = roles.into_iter().collect())
        }
        ("POST", [client, "grant"]) => {
            let roles: Vec<String> = read(request)?;
            edit(tenant, client, |app| app.roles.extend(roles))
        }
        ("POST", [client, "revoke"]) => {
            let roles: Vec<String> = read(request)?;
            edit(tenant, client, |app| app.roles.retain(|role| !roles.contains(role)))
        }
        ("POST", [client, "enabled"]) => {
            let enabled: bool = read(request)?;
            edit(tenant, client, |app| app.enabled = enabled)
        }
        ("POST", [client, "certificates"]) => add_certificate(tenant, client, request),
        ("DELETE", [client, "certificates"]) => edit(tenant, client, |app| app.certificates.clear()),
        ("POST", [client, "federated"]) => add_federated(tenant, client, request),
        _ => Err(ControlError::missing("the path")),
    }
}

fn list(tenant: &Tenant) -> Outcome {
    let apps: Vec<Value> = crate::sync::read(&tenant.apps).values().map(show).collect::<Result<_, _>>()?;
    Ok(Reply::json(200, &json!({"apps": apps})))
}

/// Credentials, what was granted, and the registration beside them.
fn show(app: &App) -> Result<Value, ControlError> {
    let secrets: Vec<Value> = app
        .secrets
        .iter()
        .map(|secret| json!({"id": secret.id, "value": secret.value, "expires": secret.expires}))
        .collect();
    let mut shown = json!({
        "clientId": app.client_id, "enabled": app.enabled, "roles": app.roles, "secrets": secrets,
        "homeTenantId": app.home, "delegated": app.delegated, "consents": app.consents,
    });
    super::merge(&mut shown, to_json(&app.registration)?);
    Ok(shown)
}

fn to_json(registration: &Registration) -> Result<Value, ControlError> {
    serde_json::to_value(registration).map_err(|error| ControlError::bad(error.to_string()))
}

/// The members of the registration stand beside these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewApp {
    client_id: Option<Uuid>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(flatten)]
    registration: serde_json::Map<String, Value>,
}

fn create(tenant: &Tenant, request: &Request, now: i64) -> Outcome {
    let NewApp { client_id, roles, registration } = read(request)?;
    let registration = serde_json::from_value(registration.into());
    let registration: Registration = registration.map_err(|error| ControlError::bad(error.to_string()))?;
    let (drawn, secret) = {
        let mut random = crate::sync::lock(&tenant.random);
        (uuid::Builder::from_random_bytes(random.random()).into_uuid(), Secret::generate(&mut *random, now))
    };
    let mut app = App::new(client_id.unwrap_or(drawn), secret.clone(), roles);
    app.registration = registration;
    let id = app.client_id;
    crate::sync::write(&tenant.apps).insert(id, app);
    Ok(Reply::json(201, &json!({"clientId": id, "clientSecret": secret.value, "clientSecretId": secret.id})))
}

/// Merges into the registration. Of an app of another tenant, assignment alone is read from here.
fn change_registration(tenant: &Tenant, client: &str, request: &Request) -> Outcome {
    let change: Value = read(request)?;
    let id = client_id(tenant, client)?;
    let mut apps = crate::sync::write(&tenant.apps);
    let app = apps.get_mut(&id).ok_or_else(|| ControlError::missing("the app"))?;
    let mut merged = to_json(&app.registration)?;
    super::merge(&mut merged, change);
    app.registration = serde_json::from_value(merged).map_err(|error| ControlError::bad(error.to_string()))?;
    Ok(Reply::json(200, &show(app)?))
}

/// Adds a secret; the older ones go unless `keepOld`.
fn rotate_secret(tenant: &Tenant, client: &str, request: &Request, now: i64) -> Outcome {
    let body: Value = read(request)?;
    let keep = body.get("keepOld").and_then(Value::as_bool).unwrap_or(false);
    let secret = Secret::generate(&mut *crate::sync::lock(&tenant.random), now);
    let shown = json!({"clientSecret": secret.value, "clientSecretId": secret.id});
    edit(tenant, client, |app| {
        if !keep {
            app.secrets.clear();
        }
        app.secrets.push(secret);
    })?;
    Ok(Reply::json(201, &shown))
}

fn add_certificate(tenant: &Tenant, client: &str, request: &Request) -> Outcome {
    let body: Value = read(request)?;
    let text = body.get("certificate").and_then(Value::as_str).unwrap_or_default();
    let certificate = Certificate::parse(text)
        .ok_or_else(|| ControlError::bad("'certificate' is no RSA certificate in PEM or base64 DER"))?;
    let thumbprint = certificate.thumbprint.clone();
    edit(tenant, client, |app| app.certificates.push(certificate))?;
    Ok(Reply::json(201, &json!({"thumbprint": thumbprint})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewFederated {
    issuer: String,
    subject: String,
    audience: Option<String>,
    /// JSON Web Keys of the issuer.
    keys: Vec<Value>,
}

fn add_federated(tenant: &Tenant, client: &str, request: &Request) -> Outcome {
    let NewFederated { issuer, subject, audience, keys } = read(request)?;
    let audience = audience.unwrap_or_else(|| "api://AzureADTokenExchange".to_owned());
    edit(tenant, client, |app| app.federated.push(Federated { issuer, subject, audience, keys }))
}

/// An app by client id, or `first`.
fn client_id(tenant: &Tenant, name: &str) -> Result<Uuid, ControlError> {
    if name == "first" {
        let apps = crate::sync::read(&tenant.apps);
        let own = apps.values().find(|app| app.home.is_none());
        return own.map(|app| app.client_id).ok_or_else(|| ControlError::missing("the app"));
    }
    super::parse_id(name)
}

fn edit(tenant: &Tenant, client: &str, change: impl FnOnce(&mut App)) -> Outcome {
    let id = client_id(tenant, client)?;
    let mut apps = crate::sync::write(&tenant.apps);
    change(apps.get_mut(&id).ok_or_else(|| ControlError::missing("the app"))?);
    Ok(Reply::empty(204))
}
