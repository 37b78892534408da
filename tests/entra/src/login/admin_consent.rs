//! Consent of an administrator for a whole tenant.

use super::ask;
use super::authorize::Consent;
use super::people::{self, Account};
use super::redirect::{Mode, Redirect};
use super::scope::{self, Scopes};
use super::visit::{Fields, Prompt, Step, Visit};
use super::{LoginError, pages};
use crate::apps::{self, App};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The page's title.
const TITLE: &str = "Permissions requested: review for your organization";

/// The two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Without `scope`: all that the registration asks for.
    One,
    /// With `scope`.
    Two,
}

/// A request for consent, checked.
pub(super) struct Petition {
    target: Option<Arc<Tenant>>,
    app: App,
    redirect_uri: String,
    version: Version,
    scopes: Scopes,
    state: Option<String>,
}

/// How a petition ends for somebody who signed in.
pub(super) enum Settled {
    Answer(Redirect),
    Asking(BTreeSet<String>),
    /// The person may not consent.
    NoAdministrator(BTreeSet<String>),
}

impl Petition {
    /// Reads and checks a request.
    pub(super) fn check(
        state: &State,
        origin: &str,
        name: &str,
        version: Version,
        fields: &Fields,
    ) -> Result<Self, LoginError> {
        if version == Version::Two && name == "common" {
            return Err(LoginError::new(50_059));
        }
        let target = ask::target(state, name)?;
        let app = ask::app(state, target.as_ref(), fields)?;
        let redirect_uri = ask::redirect_uri(&app, fields)?;
        let text = match (version, fields.get("scope")) {
            (Version::One, _) => ".default",
            (Version::Two, Some(text)) => text,
            (Version::Two, None) => return Err(LoginError::about(900_144, "scope")),
        };
        let scopes = scope::parse(text, &app, origin)?;
        Ok(Self { target, app, redirect_uri, version, scopes, state: fields.get("state").map(str::to_owned) })
    }

    /// Application permissions are asked for by `.default` alone.
    fn roles(&self) -> BTreeSet<String> {
        if self.scopes.default { self.app.registration.required_roles.clone() } else { BTreeSet::new() }
    }

    fn all(&self) -> BTreeSet<String> {
        self.roles().union(&self.scopes.names).cloned().collect()
    }

    /// Failures say `admin_consent=True` too.
    fn answer(&self, tenant: &Tenant) -> Redirect {
        Redirect::new(&self.redirect_uri, Mode::Query)
            .with("admin_consent", "True")
            .with("tenant", tenant.id.to_string())
    }

    fn cancelled(&self, state: &State, tenant: Option<&Tenant>) -> Redirect {
        let answer = match tenant {
            Some(tenant) => self.answer(tenant),
            None => Redirect::new(&self.redirect_uri, Mode::Query).with("admin_consent", "True"),
        };
        answer.cancelled(state).with_some("state", self.state.as_deref())
    }
}

/// Answers a request to one of the two endpoints.
pub(super) fn answer(state: &State, request: &Request, name: &str, version: Version) -> Result<Reply, LoginError> {
    let visit = Visit::new(state, request);
    let petition = Petition::check(state, &request.origin, name, version, &visit.fields)?;
    let app = petition.app.name();
    let hint = visit.fields.get("login_hint");
    let (signed, cookie) = match visit.identify(petition.target.as_ref(), &app, Prompt::Needed, hint)? {
        Step::Present(signed, cookie) => (signed, cookie),
        Step::Page(page) => return Ok(page),
        Step::Cancelled => return Ok(petition.cancelled(state, petition.target.as_deref()).reply()),
    };
    let consent = (visit.fields.get("step") == Some("consent"))
        .then(|| Consent { accepted: visit.fields.get("accept") == Some("true"), everybody: true });
    let reply = match settle(state, &petition, &signed.account, consent) {
        Ok(Settled::Answer(redirect)) => redirect.reply(),
        Ok(Settled::Asking(names)) => pages::consent(&visit, &signed, &app, &names, TITLE, false),
        Ok(Settled::NoAdministrator(names)) => pages::approval(&visit, &app, &names),
        Err(error) => pages::error(&error, state.clock.now()),
    };
    Ok(match cookie {
        Some(cookie) => reply.header("set-cookie", cookie),
        None => reply,
    })
}

/// Decides what becomes of a petition for somebody who signed in, and grants what is granted.
///
/// # Errors
/// What no app is told: the person is not of this tenant or disabled.
pub(super) fn settle(
    state: &State,
    petition: &Petition,
    account: &Account,
    consent: Option<Consent>,
) -> Result<Settled, LoginError> {
    let named = petition.target.clone().or_else(|| state.tenant(account.tenant));
    let tenant = named.ok_or_else(|| LoginError::new(90_002))?;
    let person = people::seen_from(state, &tenant, account)?;
    if !person.enabled {
        return Err(LoginError::new(50_057));
    }
    let roles = petition.roles();
    if !person.may_consent(!roles.is_empty()) {
        return Ok(Settled::NoAdministrator(petition.all()));
    }
    match consent {
        None => Ok(Settled::Asking(petition.all())),
        Some(Consent { accepted: false, .. }) => Ok(Settled::Answer(petition.cancelled(state, Some(&tenant)))),
        Some(_) => Ok(Settled::Answer(grant(state, petition, &tenant, &roles))),
    }
}

fn grant(state: &State, petition: &Petition, tenant: &Tenant, roles: &BTreeSet<String>) -> Redirect {
    let part = crate::sync::lock(&tenant.sign_in.next_consent).take();
    let all = petition.all();
    let lag = crate::sync::read(&tenant.settings).consent_lag_seconds;
    let from = state.clock.now_millis() + lag.saturating_mul(1000);
    let granted = part.map_or(all.clone(), |part| part.of(&all));
    apps::change_principal(state, tenant, petition.app.client_id, |app| {
        let fresh: Vec<String> =
            roles.intersection(&granted).filter(|role| !app.roles.contains(*role)).cloned().collect();
        app.delayed.extend(fresh.iter().map(|role| (role.clone(), from)));
        app.roles.extend(fresh);
        app.delegated.extend(petition.scopes.names.intersection(&granted).cloned());
    });
    let answer = petition.answer(tenant);
    let answer = match petition.version {
        Version::One => answer,
        Version::Two => answer.with("scope", told(petition, &granted)),
    };
    answer.with_some("state", petition.state.as_deref())
}

/// The granted permissions with their resource, as the answer tells them.
fn told(petition: &Petition, granted: &BTreeSet<String>) -> String {
    let resource = &petition.scopes.resource;
    let mut names: Vec<String> = granted.iter().map(|name| format!("{resource}/{name}")).collect();
    if petition.scopes.default {
        names.push(format!("{resource}/.default"));
    }
    names.join(" ")
}
