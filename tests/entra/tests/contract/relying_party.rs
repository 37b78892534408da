//! An app that signs people in.

use crate::world::{Answer, World, answer};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entra::{TenantInfo, TenantOptions};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-the-right-length-for-the-contract-tests";
pub(crate) const ALL_SCOPES: &str = "openid profile offline_access User.Read";

/// Gives the tenant's app a redirect URI, and whatever else the registration should say.
pub(crate) async fn register(world: &World, more: Value) {
    let mut registration = json!({"redirectUris": [CALLBACK], "displayName": "The app"});
    registration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = world.control(Method::PATCH, "/apps/first", Some(registration)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The address to which the app sends a browser; pairs replace parameters, and empty values leave them out.
pub(crate) fn authorize_url(world: &World, tenant: &str, pairs: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let client = world.tenant.client_id.to_string();
    let mut parameters = vec![
        ("client_id", client.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", ALL_SCOPES),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in pairs {
        parameters.retain(|(known, _)| known != name);
        parameters.push((name, value));
    }
    parameters.retain(|(_, value)| !value.is_empty());
    let base = format!("{}/{tenant}/oauth2/v2.0/authorize", world.server.origin());
    Url::parse_with_params(&base, parameters).unwrap().into()
}

/// Redeems a code; pairs replace fields.
pub(crate) async fn redeem(world: &World, code: &str, pairs: &[(&str, &str)]) -> Answer {
    let mut all = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("scope", ""),
    ];
    all.extend(pairs);
    world.token(&all).await
}

/// What a person gets who goes through the pages, by the control API.
pub(crate) async fn shortcut(world: &World, url: &str, user: &str, more: Value) -> Answer {
    let mut body = json!({"url": url, "user": user});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.control(Method::POST, "/authorize", Some(body)).await
}

/// The code that a person's sign-in gives.
pub(crate) async fn code(world: &World, user: &str, pairs: &[(&str, &str)], more: Value) -> String {
    let url = authorize_url(world, &world.tenant.tenant_id.to_string(), pairs);
    let answer = shortcut(world, &url, user, more).await;
    let location = answer.body["location"].as_str().unwrap_or_else(|| panic!("no location: {}", answer.text));
    crate::browser::parameters(location)["code"].clone()
}

/// The tokens that a person's sign-in gives.
pub(crate) async fn tokens(world: &World, user: &str, pairs: &[(&str, &str)], more: Value) -> Value {
    let answer = redeem(world, &code(world, user, pairs, more).await, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

pub(crate) fn part(token: &str, number: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(number).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn claims(token: &Value) -> Value {
    part(token.as_str().unwrap(), 1)
}

/// Whether a key of the key set made the signature.
pub(crate) async fn is_signed(world: &World, token: &str) -> bool {
    let url = format!("{}/common/discovery/v2.0/keys", world.server.origin());
    let keys = answer(world.http.get(url)).await.body;
    let header = part(token, 0);
    let keys = keys["keys"].as_array().unwrap().clone();
    keys.iter().any(|key| key["kid"] == header["kid"] && verifies(key, token))
}

/// Whether a JSON Web Key made the signature.
pub(crate) fn verifies(key: &Value, token: &str) -> bool {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok()
}

pub(crate) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A second tenant, empty but for one person and one Global Administrator: domain, person, administrator.
pub(crate) async fn second_tenant(world: &World) -> (TenantInfo, String, String) {
    let tenant = world.server.add_tenant(&TenantOptions { seed: 2, ..TenantOptions::empty() });
    let join = |name: &str| json!({"action": "join", "properties": {"displayName": name, "accountEnabled": true, "userPrincipalName": format!("{name}@{}", tenant.domain)}});
    let body = json!([join("bea"), join("admin")]);
    let results = control(world, &tenant.domain, Method::POST, "/actions", body).await.body["results"].clone();
    let id = |place: usize| results[place]["id"].as_str().unwrap().to_owned();
    grant_role(world, &tenant.domain, &id(1)).await;
    (tenant, id(0), id(1))
}

pub(crate) async fn grant_role(world: &World, tenant: &str, person: &str) {
    let path = format!("/users/{person}/roles");
    let answer = control(world, tenant, Method::PUT, &path, json!([GLOBAL_ADMINISTRATOR])).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// A control request below any tenant.
pub(crate) async fn control(world: &World, tenant: &str, method: Method, path: &str, body: Value) -> Answer {
    let url = format!("{}/control/tenants/{tenant}{path}", world.server.origin());
    answer(world.http.request(method, url).json(&body)).await
}

/// The address of the consent endpoint; pairs replace parameters.
pub(crate) fn consent_url(world: &World, path: &str, pairs: &[(&str, &str)]) -> String {
    let client = world.tenant.client_id.to_string();
    let mut parameters = vec![
        ("client_id", client.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "https://graph.microsoft.com/.default"),
        ("state", "the state"),
    ];
    for (name, value) in pairs {
        parameters.retain(|(known, _)| known != name);
        parameters.push((name, value));
    }
    parameters.retain(|(_, value)| !value.is_empty());
    Url::parse_with_params(&format!("{}/{path}", world.server.origin()), parameters).unwrap().into()
}
