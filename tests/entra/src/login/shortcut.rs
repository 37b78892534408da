//! What a browser and a person would do, in one call: for tests without pages.

use super::admin_consent::{self, Petition, Version};
use super::ask::{Ask, Refusal};
use super::authorize::{self, Consent};
use super::grants::Grant;
use super::id_token;
use super::people::{self, Account};
use super::redirect::Redirect;
use super::visit::Fields;
use super::{KeyError, LoginError, Mint, key_issuer, mint};
use crate::apps;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use url::Url;
use uuid::Uuid;

/// A person who goes through the pages.
pub(crate) struct Shortcut<'tenant> {
    pub(crate) tenant: &'tenant Tenant,
    /// The id or sign-in name of the person.
    pub(crate) user: &'tenant str,
    /// What they say on the consent page.
    pub(crate) accept: bool,
    /// Departures of the ID token.
    pub(crate) mint: Option<Mint>,
}

impl Shortcut<'_> {
    /// Goes from the address to which an app sent the browser to the answer that the app gets.
    ///
    /// # Errors
    /// The text of the page at which the person would be left.
    pub(crate) fn go(self, state: &State, address: &str) -> Result<Value, String> {
        let url = Url::parse(address).map_err(|error| format!("'url': {error}"))?;
        let origin = url.origin().ascii_serialization();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{query}", url.path());
        let request = Request::new(Method::GET, &target, HeaderMap::new(), Bytes::new(), origin);
        let person = person_id(self.tenant, self.user).ok_or_else(|| format!("'{}' is nobody", self.user))?;
        let account = Account { tenant: self.tenant.id, person };
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let answer = match segments.as_slice() {
            [name, "oauth2", "v2.0", "authorize"] => self.authorize(state, &request, name, &account),
            [name, "v2.0", "adminconsent"] => self.consent(state, &request, name, &account, Version::Two),
            [name, "adminconsent"] => self.consent(state, &request, name, &account, Version::One),
            _ => return Err(format!("'{}' is no page of this server", request.path)),
        };
        let answer = answer.map_err(|error| error.description(state.clock.now()))?;
        Ok(match answer.form() {
            Some(fields) => {
                let form: serde_json::Map<String, Value> =
                    fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
                json!({"location": answer.location(), "form": form})
            }
            None => json!({"location": answer.location()}),
        })
    }

    fn authorize(
        self,
        state: &State,
        request: &Request,
        name: &str,
        account: &Account,
    ) -> Result<Redirect, LoginError> {
        let ask = match Ask::check(state, &request.origin, name, &Fields::of(request)) {
            Ok(ask) => ask,
            Err(Refusal::Page(error)) => return Err(error),
            Err(Refusal::Redirect(redirect)) => return Ok(*redirect),
        };
        let consent = Consent { accepted: self.accept, everybody: false };
        match authorize::settle(state, &ask, account, Uuid::new_v4(), Some(consent), self.mint)? {
            authorize::Settled::Answer(redirect) => Ok(redirect),
            authorize::Settled::Asking { .. } | authorize::Settled::Approval(_) => Err(LoginError::new(90_094)),
        }
    }

    fn consent(
        &self,
        state: &State,
        request: &Request,
        name: &str,
        account: &Account,
        version: Version,
    ) -> Result<Redirect, LoginError> {
        let petition = Petition::check(state, &request.origin, name, version, &Fields::of(request))?;
        let consent = Consent { accepted: self.accept, everybody: true };
        match admin_consent::settle(state, &petition, account, Some(consent))? {
            admin_consent::Settled::Answer(redirect) => Ok(redirect),
            _ => Err(LoginError::new(90_094)),
        }
    }
}

fn person_id(tenant: &Tenant, user: &str) -> Option<Uuid> {
    let directory = crate::sync::read(&tenant.directory);
    let by_id = Uuid::parse_str(user).ok().and_then(|id| directory.find(id));
    let slot = by_id.or_else(|| directory.find_user_principal_name(user))?;
    directory.object(slot).map(|object| object.id)
}

/// An ID token as a test wants it, for one app and one person of a tenant. Whoever is not named is left out.
///
/// # Errors
/// A key that is not there.
pub(crate) fn minted(
    state: &State,
    tenant: &Tenant,
    client: Uuid,
    user: Option<&str>,
    wanted: &Mint,
    origin: &str,
) -> Result<String, KeyError> {
    let person = user.and_then(|user| person_id(tenant, user)).and_then(|id| people::person(tenant, id));
    let app = apps::reachable(state, tenant, client);
    let claims = match (&app, &person) {
        (Some(app), Some(person)) => {
            let grant = whole_grant(tenant.id, client, person.id);
            id_token::claims(&id_token::SignedIn { state, tenant, app, person, grant: &grant, origin })
        }
        _ => nobody(state, tenant, client, origin),
    };
    mint::token(&state.keys, claims, wanted, &key_issuer(origin))
}

fn whole_grant(tenant: Uuid, client: Uuid, person: Uuid) -> Grant {
    let scopes: BTreeSet<String> = ["openid", "profile"].map(str::to_owned).into();
    let (resource, session) = (String::new(), Uuid::new_v4());
    Grant { tenant, client, person, revocations: 0, scopes, resource, session, nonce: None, mint: None }
}

fn nobody(state: &State, tenant: &Tenant, client: Uuid, origin: &str) -> Value {
    let now = state.clock.now_millis().div_euclid(1000);
    json!({
        "aud": client, "iss": format!("{origin}/{}/v2.0", tenant.id), "tid": tenant.id,
        "iat": now, "nbf": now, "exp": now + 3_600, "ver": "2.0",
    })
}

/// The public keys behind the names of a minting instruction, in the key set or not.
pub(crate) fn named_keys(state: &State, origin: &str) -> Result<Value, KeyError> {
    let issuer = key_issuer(origin);
    let mut keys = json!({
        "current": state.keys.current()?.jwk(&issuer),
        "consumer": state.keys.consumer().jwk(&format!("{origin}/{}/v2.0", super::CONSUMER_TENANT)),
        "attacker": state.keys.attacker()?.jwk(&issuer),
    });
    if let (Ok(previous), Some(members)) = (state.keys.previous(), keys.as_object_mut()) {
        members.insert("previous".to_owned(), previous.jwk(&issuer));
    }
    Ok(keys)
}
