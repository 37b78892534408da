//! How an app proves itself to the token endpoint.

use super::{LoginError, assertion};
use crate::apps::{self, App};
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use uuid::Uuid;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How the client proved itself: `appidacr` of the access token.
pub(super) enum Proof {
    Secret,
    Assertion,
}

impl Proof {
    /// The claim's value.
    pub(super) fn claim(&self) -> &'static str {
        match self {
            Proof::Secret => "1",
            Proof::Assertion => "2",
        }
    }
}

/// The fields of a token request, with credentials of the Basic scheme among them.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    pub(super) fn of(request: &Request) -> Self {
        let mut form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        if let Some((client, secret)) = basic(request) {
            form.entry("client_id".to_owned()).or_insert(client);
            form.entry("client_secret".to_owned()).or_insert(secret);
        }
        Self(form)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, LoginError> {
        self.field(name).ok_or_else(|| LoginError::about(90_014, name))
    }
}

/// The client of a request, by its id.
pub(super) fn id(form: &Form) -> Result<Uuid, LoginError> {
    let client = form.need("client_id")?;
    Uuid::parse_str(client).map_err(|_| LoginError::about(700_016, client))
}

/// The app that a tenant knows by that id.
pub(super) fn find(state: &State, tenant: &Tenant, id: Uuid) -> Result<App, LoginError> {
    apps::in_tenant(state, tenant, id).ok_or_else(|| LoginError::about(700_016, &id.to_string()))
}

/// Checks secret or assertion.
pub(super) fn prove(
    state: &State,
    tenant: Uuid,
    request: &Request,
    form: &Form,
    app: &App,
) -> Result<Proof, LoginError> {
    let now = state.clock.now_millis();
    let proof = match (form.field("client_secret"), form.field("client_assertion")) {
        (_, Some(text)) if form.field("client_assertion_type") == Some(JWT_BEARER) => {
            assertion::check(app, tenant, request, text, now)?;
            Proof::Assertion
        }
        (Some(secret), None) => {
            check_secret(app, secret, now)?;
            Proof::Secret
        }
        _ => return Err(LoginError::new(7_000_218)),
    };
    if app.enabled { Ok(proof) } else { Err(LoginError::new(7_000_112)) }
}

fn check_secret(app: &App, presented: &str, now: i64) -> Result<(), LoginError> {
    match app.secrets.iter().find(|secret| secret.value == presented) {
        Some(secret) if secret.expires > now => Ok(()),
        Some(_) => Err(LoginError::about(7_000_222, &app.client_id.to_string())),
        None => Err(LoginError::about(7_000_215, &app.client_id.to_string())),
    }
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
