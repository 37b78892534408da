//! Authorization codes and refresh tokens become tokens.

use super::client::{self, Form, Proof};
use super::grants::Grant;
use super::people::{self, Person};
use super::{LoginError, Mint, id_token, mint, token};
use crate::apps::App;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What a token request is about, once its client has proved itself.
struct Redeemed {
    tenant: Arc<Tenant>,
    app: App,
    proof: Proof,
    person: Person,
    grant: Grant,
}

/// `grant_type=authorization_code`.
pub(super) fn code(state: &State, request: &Request, form: &Form, name: &str) -> Result<Reply, LoginError> {
    let (client, app, proof) = authenticate(state, request, form, name)?;
    let code = form.need("code")?;
    let redirect_uri = form.need("redirect_uri")?;
    let grant = state.grants.redeem(code, state.clock.now_millis(), |code| {
        if code.grant.client != client {
            return Err(LoginError::new(70_000));
        }
        check_tenant(state, name, code.grant.tenant)?;
        if code.redirect_uri != redirect_uri {
            return Err(LoginError::about(500_112, redirect_uri));
        }
        let met = match (&code.challenge, form.field("code_verifier")) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
            // A verifier for a request without a challenge is a downgrade.
            _ => false,
        };
        if met { Ok(()) } else { Err(LoginError::new(501_481)) }
    })?;
    let redeemed = look_up(state, app, proof, grant)?;
    tokens(state, request, &redeemed)
}

/// `grant_type=refresh_token`: a new refresh token each time, and the old one stays good.
pub(super) fn refresh(state: &State, request: &Request, form: &Form, name: &str) -> Result<Reply, LoginError> {
    let (client, app, proof) = authenticate(state, request, form, name)?;
    let mut grant = state.grants.refresh(form.need("refresh_token")?, state.clock.now_millis())?;
    if grant.client != client {
        return Err(LoginError::new(70_000));
    }
    check_tenant(state, name, grant.tenant)?;
    if let Some(text) = form.field("scope") {
        let asked = super::scope::parse(text, &app, &request.origin)?;
        grant.scopes = asked.names.union(&grant.scopes).filter(|name| keeps(&asked.names, name)).cloned().collect();
    }
    // A refreshed ID token has no nonce.
    grant.nonce = None;
    grant.mint = None;
    let redeemed = look_up(state, app, proof, grant)?;
    let granted = principal(state, &redeemed).granted_to(redeemed.person.id);
    if redeemed.grant.scopes.iter().any(|name| !granted.contains(name)) {
        return Err(LoginError::new(65_001));
    }
    tokens(state, request, &redeemed)
}

/// Scopes of sign-in itself stay when a refresh names other scopes.
fn keeps(asked: &BTreeSet<String>, name: &String) -> bool {
    asked.contains(name) || super::scope::OPENID.contains(&name.as_str())
}

fn principal(state: &State, redeemed: &Redeemed) -> App {
    crate::apps::in_tenant(state, &redeemed.tenant, redeemed.app.client_id).unwrap_or_else(|| redeemed.app.clone())
}

fn authenticate(state: &State, request: &Request, form: &Form, name: &str) -> Result<(Uuid, App, Proof), LoginError> {
    let client = client::id(form)?;
    let (tenant, app) = if matches!(name, "organizations" | "common") {
        let found = crate::apps::registered(state, client);
        let (home, app) = found.ok_or_else(|| LoginError::about(700_016, &client.to_string()))?;
        if !app.registration.multi_tenant {
            return Err(LoginError::new(50_194));
        }
        (home, app)
    } else {
        let tenant = super::find_tenant(state, name)?;
        (tenant.id, client::find(state, &tenant, client)?)
    };
    let proof = client::prove(state, tenant, request, form, &app)?;
    Ok((client, app, proof))
}

/// A code or refresh token is for the tenant of the sign-in.
fn check_tenant(state: &State, name: &str, tenant: Uuid) -> Result<(), LoginError> {
    let other = match name {
        "organizations" | "common" => false,
        _ => super::find_tenant(state, name)?.id != tenant,
    };
    if other { Err(LoginError::new(700_005)) } else { Ok(()) }
}

fn look_up(state: &State, app: App, proof: Proof, grant: Grant) -> Result<Redeemed, LoginError> {
    let tenant = state.tenant(grant.tenant).ok_or_else(|| LoginError::new(90_002))?;
    let person = people::person(&tenant, grant.person).ok_or_else(|| LoginError::new(50_034))?;
    if !person.enabled {
        return Err(LoginError::new(50_057));
    }
    if tenant.sign_in.revocations(person.id) != grant.revocations {
        return Err(LoginError::new(50_173));
    }
    Ok(Redeemed { tenant, app, proof, person, grant })
}

fn tokens(state: &State, request: &Request, redeemed: &Redeemed) -> Result<Reply, LoginError> {
    let Redeemed { tenant, grant, .. } = redeemed;
    let now = state.clock.now_millis();
    let life = tenant.token_life_seconds();
    let failed = |_| LoginError::new(90_033);
    let access = state.keys.sign(&access_claims(redeemed, now.div_euclid(1000), life)).map_err(failed)?;
    let shown: Vec<&str> = shown(&grant.scopes).collect();
    let mut body = json!({
        "token_type": "Bearer", "scope": shown.join(" "), "expires_in": life, "ext_expires_in": life,
        "access_token": access,
    });
    let mut add = |name: &str, value: String| {
        if let Some(members) = body.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    };
    if grant.scopes.contains("offline_access") {
        let kept = Grant { mint: None, ..grant.clone() };
        add("refresh_token", state.grants.issue_refresh(kept, now));
    }
    if grant.scopes.contains("openid") {
        let Redeemed { app, person, .. } = redeemed;
        let signed = id_token::SignedIn { state, tenant, app, person, grant, origin: &request.origin };
        let claims = id_token::claims(&signed);
        let wanted = grant.mint.clone().or_else(|| crate::sync::lock(&tenant.sign_in.id_token).clone());
        let wanted = wanted.unwrap_or_default();
        add("id_token", signed_id_token(state, request, claims, &wanted, access)?);
    }
    Ok(token::reply(&body))
}

fn signed_id_token(
    state: &State,
    request: &Request,
    claims: Value,
    wanted: &Mint,
    access: String,
) -> Result<String, LoginError> {
    if wanted.use_access_token {
        return Ok(access);
    }
    let issuer = super::key_issuer(&request.origin);
    mint::token(&state.keys, claims, wanted, &issuer).map_err(|_| LoginError::new(90_033))
}

/// Scopes as an answer tells them: Graph's first, and `offline_access` not at all.
fn shown(scopes: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    let is_openid = |name: &&str| super::scope::OPENID.contains(name);
    let all = || scopes.iter().map(String::as_str).filter(|name| *name != "offline_access");
    all().filter(move |name| !is_openid(name)).chain(all().filter(is_openid))
}

fn access_claims(redeemed: &Redeemed, now: i64, life: i64) -> Value {
    let Redeemed { tenant, app, proof, person, grant } = redeemed;
    let issuer = format!("https://sts.windows.net/{}/", tenant.id);
    json!({
        "aud": grant.resource,
        "iss": issuer,
        "iat": now, "nbf": now, "exp": now + life,
        "acct": u8::from(person.guest), "acr": "1", "amr": ["pwd"],
        "app_displayname": app.name(),
        "appid": app.client_id, "appidacr": proof.claim(),
        "idp": issuer,
        "idtyp": "user",
        "name": person.display_name,
        "oid": person.id,
        "scp": shown(&grant.scopes).collect::<Vec<_>>().join(" "),
        "sid": grant.session,
        "sub": id_token::subject(tenant.id, app.client_id, person.id),
        "tid": tenant.id,
        "unique_name": person.principal_name, "upn": person.principal_name,
        "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()),
        "ver": "1.0",
        "wids": person.roles,
    })
}
