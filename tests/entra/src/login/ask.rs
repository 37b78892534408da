//! What an app asks of the authorization endpoint, checked.

use super::LoginError;
use super::grants::Challenge;
use super::redirect::{Mode, Redirect};
use super::scope::{self, Scopes};
use super::visit::{Fields, Prompt};
use crate::apps::{self, App};
use crate::state::State;
use crate::tenant::Tenant;
use std::sync::Arc;
use uuid::Uuid;

/// A request to the authorization endpoint.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The tenant that the path names; none for `organizations` and `common`.
    pub(super) target: Option<Arc<Tenant>>,
    pub(super) app: App,
    pub(super) redirect_uri: String,
    pub(super) mode: Mode,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<Challenge>,
    pub(super) scopes: Scopes,
    pub(super) prompt: Prompt,
    pub(super) hint: Option<String>,
    /// Scheme and host of the login origin.
    pub(super) origin: String,
}

/// Why an ask goes no further.
pub(super) enum Refusal {
    /// Told to the person: where the app is cannot be trusted.
    Page(LoginError),
    /// Told to the app.
    Redirect(Box<Redirect>),
}

impl From<LoginError> for Refusal {
    fn from(error: LoginError) -> Self {
        Self::Page(error)
    }
}

/// The tenant that a path names; none for `organizations` and `common`.
pub(super) fn target(state: &State, name: &str) -> Result<Option<Arc<Tenant>>, LoginError> {
    match name {
        "organizations" | "common" => Ok(None),
        _ => state.tenant_by_name(name).map(Some).ok_or_else(|| LoginError::about(90_002, name)),
    }
}

/// The app of a request, as the tenant named in the path knows it.
pub(super) fn app(state: &State, target: Option<&Arc<Tenant>>, fields: &Fields) -> Result<App, LoginError> {
    let client = fields.get("client_id").ok_or_else(|| LoginError::about(900_144, "client_id"))?;
    let id = Uuid::parse_str(client).map_err(|_| LoginError::about(700_016, client))?;
    let unknown = || LoginError::about(700_016, client);
    let app = match target {
        Some(target) => apps::reachable(state, target, id).ok_or_else(unknown)?,
        None => {
            let (_, app) = apps::registered(state, id).ok_or_else(unknown)?;
            if !app.registration.multi_tenant {
                return Err(LoginError::about(50_194, client));
            }
            app
        }
    };
    if app.enabled { Ok(app) } else { Err(LoginError::new(7_000_112)) }
}

/// A registered redirect URI: the one named, or the first when none is named.
pub(super) fn redirect_uri(app: &App, fields: &Fields) -> Result<String, LoginError> {
    let registered = &app.registration.redirect_uris;
    match fields.get("redirect_uri") {
        Some(uri) if registered.iter().any(|known| known == uri) => Ok(uri.to_owned()),
        Some(uri) => Err(LoginError::about(50_011, uri)),
        None => registered.first().cloned().ok_or_else(|| LoginError::new(500_113)),
    }
}

impl Ask {
    /// Reads and checks a request. What is wrong before the redirect URI is known to be right is shown on a page.
    pub(super) fn check(state: &State, origin: &str, name: &str, fields: &Fields) -> Result<Self, Refusal> {
        let target = target(state, name)?;
        let app = app(state, target.as_ref(), fields)?;
        let redirect_uri = redirect_uri(&app, fields)?;
        let mode = match fields.get("response_mode") {
            Some("fragment") => Mode::Fragment,
            Some("form_post") => Mode::FormPost,
            _ => Mode::Query,
        };
        let refuse = |name: &str, error: LoginError| {
            let redirect = Redirect::new(&redirect_uri, mode).refusing(name, &error, state);
            Refusal::Redirect(Box::new(redirect.with_some("state", fields.get("state"))))
        };
        if !matches!(fields.get("response_mode"), None | Some("query" | "fragment" | "form_post")) {
            return Err(refuse("invalid_request", LoginError::about(70_007, "response_mode")));
        }
        match fields.get("response_type") {
            Some("code") => {}
            Some(other) => return Err(refuse("unsupported_response_type", LoginError::about(700_054, other))),
            None => return Err(refuse("invalid_request", LoginError::about(900_144, "response_type"))),
        }
        let prompt = match fields.get("prompt") {
            None => Prompt::Needed,
            Some("none") => Prompt::Silent,
            Some("login") => Prompt::Login,
            Some("consent") => Prompt::Consent,
            Some("select_account") => Prompt::Account,
            Some(_) => return Err(refuse("invalid_request", LoginError::about(90_023, "prompt"))),
        };
        let challenge = challenge(fields).map_err(|error| refuse("invalid_request", error))?;
        let scopes = fields.get("scope").ok_or_else(|| LoginError::about(900_144, "scope"));
        let scopes = scopes.map_err(|error| refuse("invalid_request", error))?;
        let scopes = scope::parse(scopes, &app, origin).map_err(|error| refuse("invalid_scope", error))?;
        let text = |name: &str| fields.get(name).map(str::to_owned);
        let (state, nonce, hint) = (text("state"), text("nonce"), text("login_hint"));
        let origin = origin.to_owned();
        Ok(Self { target, app, redirect_uri, mode, state, nonce, challenge, scopes, prompt, hint, origin })
    }

    /// An answer to the app with `state`; the caller adds what it says.
    pub(super) fn answer(&self) -> Redirect {
        Redirect::new(&self.redirect_uri, self.mode)
    }

    /// An error for the app.
    pub(super) fn refuse(&self, state: &State, name: &str, error: &LoginError) -> Redirect {
        let answer = self.answer().refusing(name, error, state);
        answer.with_some("state", self.state.as_deref())
    }

    /// The person went away.
    pub(super) fn cancelled(&self, state: &State) -> Redirect {
        self.answer().cancelled(state).with_some("state", self.state.as_deref())
    }
}

/// RFC 7636: 43 to 128 letters.
fn challenge(fields: &Fields) -> Result<Option<Challenge>, LoginError> {
    let Some(challenge) = fields.get("code_challenge") else { return Ok(None) };
    if !(43..=128).contains(&challenge.len()) {
        return Err(LoginError::new(501_491));
    }
    match fields.get("code_challenge_method") {
        Some("S256") => Ok(Some(Challenge::Sha256(challenge.to_owned()))),
        None | Some("plain") => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        Some(_) => Err(LoginError::new(50_149)),
    }
}
