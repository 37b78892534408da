//! The claims of an ID token, version 2.0.

use super::grants::{Grant, opaque};
use super::people::Person;
use crate::apps::App;
use crate::state::State;
use crate::tenant::Tenant;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// An hour.
const LIFE_SECONDS: i64 = 3_600;
/// A token's beginning, for clocks that are behind.
const EARLIER_SECONDS: i64 = 300;
/// More groups than that are not named.
const MOST_GROUPS: usize = 200;

/// Who signs in where, and when.
pub(super) struct SignedIn<'a> {
    pub(super) state: &'a State,
    pub(super) tenant: &'a Tenant,
    pub(super) app: &'a App,
    pub(super) person: &'a Person,
    pub(super) grant: &'a Grant,
    /// Scheme and host of the issuer.
    pub(super) origin: &'a str,
}

/// The claims that a sign-in gives.
pub(super) fn claims(signed: &SignedIn<'_>) -> Value {
    let SignedIn { state, tenant, app, person, grant, origin } = *signed;
    let now = state.clock.now_millis().div_euclid(1000);
    let begin = now - EARLIER_SECONDS;
    let asked = &app.registration.optional_claims;
    let mut claims = json!({
        "aud": app.client_id,
        "iss": format!("{origin}/{}/v2.0", tenant.id),
        "iat": begin, "nbf": begin, "exp": now + LIFE_SECONDS,
        "aio": opaque(2),
        "rh": format!("1.{}.", opaque(2)),
        "sub": subject(tenant.id, app.client_id, person.id),
        "tid": tenant.id,
        "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()),
        "ver": "2.0",
    });
    let Some(members) = claims.as_object_mut() else { return claims };
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if grant.scopes.contains("profile") {
        add("oid", json!(person.id));
        add(
            "preferred_username",
            json!(person.mail.as_ref().filter(|_| person.guest).unwrap_or(&person.principal_name)),
        );
        if let Some(name) = &person.display_name {
            add("name", json!(name));
        }
    }
    if let Some(nonce) = &grant.nonce {
        add("nonce", json!(nonce));
    }
    if person.guest {
        add("idp", json!(home_issuer(state, person)));
    }
    let wants_email = person.guest || asked.email || grant.scopes.contains("email");
    if let Some(mail) = person.mail.as_ref().filter(|_| wants_email) {
        add("email", json!(mail));
        if let Some(verified) = &asked.xms_edov {
            add("xms_edov", verified.clone());
        }
    }
    if asked.acct {
        add("acct", json!(u8::from(person.guest)));
    }
    if asked.sid {
        add("sid", json!(grant.session));
    }
    if asked.wids {
        add("wids", json!(person.roles));
    }
    if asked.groups {
        groups(members, tenant, person);
    }
    claims
}

/// Too many groups are told by a pointer alone, whose address is of an API that is no more.
fn groups(claims: &mut Map<String, Value>, tenant: &Tenant, person: &Person) {
    if person.groups.len() <= MOST_GROUPS {
        claims.insert("groups".to_owned(), json!(person.groups));
        return;
    }
    let endpoint = format!("https://graph.windows.net/{}/users/{}/getMemberObjects", tenant.id, person.id);
    claims.insert("_claim_names".to_owned(), json!({"groups": "src1"}));
    claims.insert("_claim_sources".to_owned(), json!({"src1": {"endpoint": endpoint}}));
}

/// The provider that knows a guest: the tenant of the address's domain, which need not be on this server.
fn home_issuer(state: &State, person: &Person) -> String {
    let domain = person.mail.as_deref().and_then(|mail| mail.rsplit_once('@')).map_or("", |(_, domain)| domain);
    let elsewhere = || Uuid::new_v5(&Uuid::NAMESPACE_DNS, domain.to_lowercase().as_bytes());
    let home = state.tenant_by_name(domain).map_or_else(elsewhere, |home| home.id);
    format!("https://sts.windows.net/{home}/")
}

/// The subject: the same person has another one in each app.
pub(super) fn subject(tenant: Uuid, client: Uuid, person: Uuid) -> String {
    let text = format!("{tenant} {client} {person}");
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
