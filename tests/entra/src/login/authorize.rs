//! The authorization endpoint: from a request of an app to a code, by way of the pages that are needed.

use super::ask::{Ask, Refusal};
use super::browsers::SignedIn;
use super::grants::Grant;
use super::people::{self, Account, Person};
use super::redirect::Redirect;
use super::visit::{Prompt, Step, Visit};
use super::{LoginError, Mint, pages, scope};
use crate::apps::{self, App};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What the person said on the consent page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consent {
    pub(super) accepted: bool,
    /// An administrator's consent for everybody.
    pub(super) everybody: bool,
}

/// How an ask ends for somebody who signed in.
pub(super) enum Settled {
    /// The app gets its answer.
    Answer(Redirect),
    /// The person must be asked for these permissions; an administrator may answer for everybody.
    Asking { names: BTreeSet<String>, administrator: bool },
    /// An administrator must be asked for these permissions.
    Approval(BTreeSet<String>),
}

/// Answers a request to the authorization endpoint.
pub(super) fn answer(state: &State, request: &Request, name: &str) -> Result<Reply, LoginError> {
    let visit = Visit::new(state, request);
    let ask = match Ask::check(state, &request.origin, name, &visit.fields) {
        Ok(ask) => ask,
        Err(Refusal::Page(error)) => return Err(error),
        Err(Refusal::Redirect(redirect)) => return Ok(redirect.reply()),
    };
    let app = ask.app.name();
    if ask.prompt == Prompt::Silent {
        return Ok(silent(&visit, &ask).reply());
    }
    let (signed, cookie) = match visit.identify(ask.target.as_ref(), &app, ask.prompt, ask.hint.as_deref())? {
        Step::Present(signed, cookie) => (signed, cookie),
        Step::Page(page) => return Ok(page),
        Step::Cancelled => return Ok(ask.cancelled(state).reply()),
    };
    let consent = (visit.fields.get("step") == Some("consent")).then(|| Consent {
        accepted: visit.fields.get("accept") == Some("true"),
        everybody: visit.fields.get("everybody").is_some(),
    });
    let settled = settle(state, &ask, &signed.account, signed.session, consent, None);
    let reply = match settled {
        Ok(Settled::Answer(redirect)) => redirect.reply(),
        Ok(Settled::Asking { names, administrator }) => {
            pages::consent(&visit, &signed, &app, &names, "Permissions requested", administrator)
        }
        Ok(Settled::Approval(names)) => pages::approval(&visit, &app, &names),
        Err(error) => pages::error(&error, state.clock.now()),
    };
    Ok(match cookie {
        Some(cookie) => reply.header("set-cookie", cookie),
        None => reply,
    })
}

/// `prompt=none`: an answer without a page, whatever it is.
fn silent(visit: &Visit<'_>, ask: &Ask) -> Redirect {
    let state = visit.state;
    let candidates: Vec<SignedIn> = match &ask.hint {
        Some(hint) => visit.known(hint).into_iter().collect(),
        None => visit.accounts.clone(),
    };
    match candidates.as_slice() {
        [] => ask.refuse(state, "login_required", &LoginError::new(50_058)),
        [only] => match settle(state, ask, &only.account, only.session, None, None) {
            Ok(Settled::Answer(redirect)) => redirect,
            Ok(_) => ask.refuse(state, "interaction_required", &LoginError::new(65_001)),
            Err(error) => ask.refuse(state, "interaction_required", &error),
        },
        _ => ask.refuse(state, "interaction_required", &LoginError::new(16_000)),
    }
}

/// Decides what somebody who signed in gets, and gives it.
///
/// # Errors
/// What no app is told: the person is not of this tenant or disabled, the app is not there.
pub(super) fn settle(
    state: &State,
    ask: &Ask,
    account: &Account,
    session: Uuid,
    consent: Option<Consent>,
    mint: Option<Mint>,
) -> Result<Settled, LoginError> {
    let target = target(state, ask, account)?;
    let person = people::seen_from(state, &target, account)?;
    if !person.enabled {
        return Err(LoginError::new(50_057));
    }
    let client = ask.app.client_id;
    let app = apps::reachable(state, &target, client);
    let app = app.ok_or_else(|| LoginError::about(700_016, &client.to_string()))?;
    if !is_assigned(&app, &person) {
        return Ok(Settled::Answer(ask.refuse(state, "access_denied", &LoginError::new(50_105))));
    }
    let missing = scope::missing(&ask.scopes, &app, &person);
    if !missing.is_empty() || ask.prompt == Prompt::Consent {
        let administrator = person.may_consent(false);
        let open = crate::sync::read(&target.settings).user_consent;
        let reserved = missing.iter().any(|name| !open || scope::needs_administrator(name));
        if reserved && !administrator {
            return Ok(Settled::Approval(missing));
        }
        let names = if ask.prompt == Prompt::Consent { ask.scopes.names.clone() } else { missing };
        match consent {
            None => return Ok(Settled::Asking { names, administrator }),
            Some(Consent { accepted: false, .. }) => return Ok(Settled::Answer(ask.cancelled(state))),
            Some(Consent { everybody, .. }) => {
                apps::change_principal(state, &target, client, |app| {
                    if everybody && administrator {
                        app.delegated.extend(names);
                    } else {
                        app.consents.entry(person.id).or_default().extend(names);
                    }
                });
            }
        }
    }
    state.browsers.visit(session, target.id, client);
    Ok(Settled::Answer(give_code(state, ask, &target, &person, session, mint)))
}

fn target(state: &State, ask: &Ask, account: &Account) -> Result<Arc<Tenant>, LoginError> {
    let named = ask.target.clone();
    named.or_else(|| state.tenant(account.tenant)).ok_or_else(|| LoginError::new(90_002))
}

/// Whether a person may use an app.
pub(super) fn is_assigned(app: &App, person: &Person) -> bool {
    let assigned = &app.registration.assigned_users;
    !app.registration.assignment_required
        || assigned.contains(&person.id)
        || person.groups.iter().any(|group| assigned.contains(group))
}

fn give_code(
    state: &State,
    ask: &Ask,
    target: &Tenant,
    person: &Person,
    session: Uuid,
    mint: Option<Mint>,
) -> Redirect {
    let grant = Grant {
        tenant: target.id,
        client: ask.app.client_id,
        person: person.id,
        revocations: target.sign_in.revocations(person.id),
        scopes: ask.scopes.names.clone(),
        resource: ask.scopes.resource.clone(),
        session,
        nonce: ask.nonce.clone(),
        mint,
    };
    let now = state.clock.now_millis();
    let code = state.grants.issue_code(grant, ask.redirect_uri.clone(), ask.challenge.clone(), now);
    let answer = ask.answer().with("code", code).with_some("state", ask.state.as_deref());
    let answer = answer.with("session_state", session.to_string());
    if crate::sync::read(&target.settings).issuer_parameter {
        return answer.with("iss", format!("{}/{}/v2.0", ask.origin, target.id));
    }
    answer
}
