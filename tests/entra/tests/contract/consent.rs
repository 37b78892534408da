//! Consent of administrators, and apps of several tenants.

use crate::browser::{Browser, parameters};
use crate::relying_party::{
    CALLBACK, authorize_url, claims, consent_url, control, grant_role, redeem, register, second_tenant, shortcut,
};
use crate::world::{Answer, World, answer};
use reqwest::Method;
use serde_json::{Value, json};

const ROLES: [&str; 4] = ["Group.Read.All", "GroupMember.Read.All", "Organization.Read.All", "User.Read.All"];

async fn world() -> World {
    let world = World::empty().await;
    register(&world, json!({"multiTenant": true, "requiredRoles": ROLES, "delegatedPermissions": ["User.Read"]})).await;
    world
}

/// An app-only token of the app in a tenant.
async fn token_in(world: &World, tenant: &str) -> Answer {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", world.server.origin());
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_id", &world.tenant.client_id.to_string()),
        ("client_secret", &world.tenant.client_secret),
    ];
    answer(world.http.post(url).form(&form)).await
}

async fn consent(world: &World, tenant: &str, url: &str, person: &str, accept: bool) -> Answer {
    control(world, tenant, Method::POST, "/authorize", json!({"url": url, "user": person, "accept": accept})).await
}

fn told(answer: &Answer) -> std::collections::BTreeMap<String, String> {
    parameters(answer.body["location"].as_str().unwrap_or_else(|| panic!("no location: {}", answer.text)))
}

#[tokio::test]
async fn an_app_of_several_tenants_is_unknown_in_another_until_an_administrator_consents() {
    let world = world().await;
    let (other, _, admin) = second_tenant(&world).await;
    let before = token_in(&world, &other.domain).await;
    assert_eq!((before.status, &before.body["error_codes"]), (400, &json!([700_016])));
    let url = consent_url(&world, "organizations/v2.0/adminconsent", &[]);
    let answer = told(&consent(&world, &other.domain, &url, &admin, true).await);
    assert_eq!((answer["admin_consent"].as_str(), answer["state"].as_str()), ("True", "the state"));
    assert_eq!(answer["tenant"], other.tenant_id.to_string());
    assert!(answer["scope"].contains("https://graph.microsoft.com/User.Read.All"));
    let after = token_in(&world, &other.domain).await;
    assert_eq!(after.status, 200, "{}", after.text);
    let token = claims(&after.body["access_token"]);
    assert_eq!((&token["roles"], &token["tid"]), (&json!(ROLES), &json!(other.tenant_id)));
    let users = format!("{}/v1.0/users", world.server.origin());
    let users =
        crate::world::answer(world.http.get(users).bearer_auth(after.body["access_token"].as_str().unwrap())).await;
    assert_eq!(users.rows().len(), 2);
    let own = control(&world, &other.domain, Method::GET, "", json!({})).await;
    assert_eq!(own.body["clientId"], other.client_id.to_string());
}

#[tokio::test]
async fn an_app_of_one_tenant_cannot_be_consented_to_in_another() {
    let world = world().await;
    register(&world, json!({"multiTenant": false})).await;
    let (other, _, admin) = second_tenant(&world).await;
    for (path, number) in [
        (format!("{}/v2.0/adminconsent", other.domain), "AADSTS700016"),
        ("organizations/v2.0/adminconsent".to_owned(), "AADSTS50194"),
    ] {
        let answer = consent(&world, &other.domain, &consent_url(&world, &path, &[]), &admin, true).await;
        assert!(answer.status == 400 && answer.text.contains(number), "{}", answer.text);
    }
}

#[tokio::test]
async fn an_administrator_sees_the_permissions_by_name_and_accepts() {
    let world = world().await;
    let (other, _, _) = second_tenant(&world).await;
    let mut browser = Browser::default();
    let url = consent_url(&world, &format!("{}/v2.0/adminconsent", other.tenant_id), &[]);
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, &format!("admin@{}", other.domain)).await;
    for name in ROLES.iter().chain(&["User.Read"]) {
        assert!(page.text.contains(&format!("({name})")), "{name}: {}", page.text);
    }
    let cancelled = browser.submit(&world, &page, "consent", &[("accept", "false")]).await.answer();
    assert_eq!((cancelled["error"].as_str(), cancelled["error_subcode"].as_str()), ("access_denied", "cancel"));
    assert_eq!((cancelled["admin_consent"].as_str(), cancelled["state"].as_str()), ("True", "the state"));
    assert_eq!(token_in(&world, &other.domain).await.status, 400);
    let accepted = browser.accept(&world, &page).await.answer();
    assert!(!accepted.contains_key("error"));
    assert_eq!(token_in(&world, &other.domain).await.status, 200);
}

#[tokio::test]
async fn who_is_no_administrator_stays_on_a_page() {
    let world = world().await;
    let (other, _, _) = second_tenant(&world).await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &consent_url(&world, "organizations/v2.0/adminconsent", &[])).await;
    let page = browser.sign_in(&world, &page, &format!("bea@{}", other.domain)).await;
    assert_eq!((page.title(), page.location.is_none()), ("Need admin approval", true));
    assert_eq!(token_in(&world, &other.domain).await.status, 400);
}

#[tokio::test]
async fn the_older_endpoint_needs_no_scope_and_the_newer_one_does_and_refuses_common() {
    let world = world().await;
    let (other, _, admin) = second_tenant(&world).await;
    let url = consent_url(&world, &format!("{}/adminconsent", other.tenant_id), &[("scope", "")]);
    let answer = told(&consent(&world, &other.domain, &url, &admin, true).await);
    assert_eq!(answer["admin_consent"], "True");
    assert!(!answer.contains_key("scope"));
    assert_eq!(token_in(&world, &other.domain).await.status, 200);
    for (path, pairs, number) in [
        ("organizations/v2.0/adminconsent", ("scope", ""), "AADSTS900144"),
        ("common/v2.0/adminconsent", ("state", "x"), "AADSTS50059"),
        ("organizations/v2.0/adminconsent", ("redirect_uri", "https://evil.example"), "AADSTS50011"),
    ] {
        let page = Browser::default().get(&world, &consent_url(&world, path, &[pairs])).await;
        assert!(page.location.is_none() && page.text.contains(number), "{}", page.text);
    }
}

#[tokio::test]
async fn a_half_granted_consent_leaves_roles_missing() {
    let world = world().await;
    let (other, _, admin) = second_tenant(&world).await;
    let url = consent_url(&world, "organizations/v2.0/adminconsent", &[]);
    control(&world, &other.domain, Method::PUT, "/next-consent", json!({"only": ["User.Read.All"]})).await;
    consent(&world, &other.domain, &url, &admin, true).await;
    let token = claims(&token_in(&world, &other.domain).await.body["access_token"]);
    assert_eq!(token["roles"], json!(["User.Read.All"]));
    consent(&world, &other.domain, &url, &admin, true).await;
    let token = claims(&token_in(&world, &other.domain).await.body["access_token"]);
    assert_eq!(token["roles"], json!(ROLES));
}

#[tokio::test]
async fn people_of_another_tenant_sign_in_at_organizations_and_their_tenant_is_in_the_token() {
    let world = world().await;
    let (other, bea, _) = second_tenant(&world).await;
    let url = authorize_url(&world, "organizations", &[]);
    let answer = control(&world, &other.domain, Method::POST, "/authorize", json!({"url": url, "user": bea})).await;
    let code = told(&answer)["code"].clone();
    let wrong_tenant = redeem(&world, &code, &[]).await;
    assert_eq!(wrong_tenant.body["error_codes"], json!([700_005]));
    let url = format!("{}/organizations/oauth2/v2.0/token", world.server.origin());
    let client = world.tenant.client_id.to_string();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::relying_party::VERIFIER),
        ("client_id", client.as_str()),
        ("client_secret", world.tenant.client_secret.as_str()),
    ];
    let answer = crate::world::answer(world.http.post(url).form(&form)).await;
    let token = claims(&answer.body["id_token"]);
    assert_eq!((&token["tid"], &token["oid"]), (&json!(other.tenant_id), &json!(bea)));
    assert_eq!(token["iss"], format!("{}/{}/v2.0", world.server.origin(), other.tenant_id));
}

#[tokio::test]
async fn a_person_of_another_tenant_is_50020_unless_they_are_a_guest() {
    let world = world().await;
    let (other, bea, _) = second_tenant(&world).await;
    let address = format!("bea@{}", other.domain);
    let url = authorize_url(&world, &world.tenant.domain, &[]);
    let mut browser = Browser::default();
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, &address).await;
    assert!(page.location.is_none() && page.text.contains("AADSTS50020"), "{}", page.text);
    let guest = json!([{"action": "join", "properties": {"displayName": "Bea", "userType": "Guest", "mail": address, "userPrincipalName": "bea_other#EXT#@x.example", "accountEnabled": true}}]);
    let guest = world.act(guest).await[0]["id"].as_str().unwrap().to_owned();
    let page = browser.get(&world, &url).await;
    let page = browser.accept(&world, &page).await;
    let answer = redeem(&world, &page.answer()["code"], &[]).await;
    let token = claims(&answer.body["id_token"]);
    assert_eq!((&token["tid"], &token["oid"]), (&json!(world.tenant.tenant_id), &json!(guest)));
    assert_ne!(guest, bea);
    assert_eq!(token["idp"], format!("https://sts.windows.net/{}/", other.tenant_id));
    assert_eq!(token["email"], address);
}

#[tokio::test]
async fn an_administrator_may_consent_for_everybody_on_the_sign_in_page() {
    let world = world().await;
    let admin = world.join("Ada Admin").await;
    let bob = world.join("Bob Jones").await;
    grant_role(&world, &world.tenant.domain, &admin).await;
    let url = authorize_url(&world, &world.tenant.domain, &[("scope", "openid User.Read.All")]);
    let mut browser = Browser::default();
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, "ada.admin@x.example").await;
    assert!(page.text.contains("name=\"everybody\""), "{}", page.text);
    browser.submit(&world, &page, "consent", &[("accept", "true"), ("everybody", "true")]).await;
    let answer = shortcut(&world, &url, &bob, json!({})).await;
    assert!(told(&answer).contains_key("code"));
}

#[tokio::test]
async fn directory_roles_are_in_the_directory_and_taken_away_again() {
    let world = World::with_roles(&["Directory.Read.All"]).await;
    let ann = world.join("Ann Smith").await;
    grant_role(&world, &world.tenant.domain, &ann).await;
    let path = format!("/users/{ann}/memberOf");
    let roles =
        |answer: &Answer| -> Vec<Value> { answer.rows().iter().map(|row| row["roleTemplateId"].clone()).collect() };
    assert_eq!(roles(&world.get(&path).await), [json!(crate::relying_party::GLOBAL_ADMINISTRATOR)]);
    world.control(Method::PUT, &format!("/users/{ann}/roles"), Some(json!([]))).await;
    assert!(world.get(&path).await.rows().is_empty());
}

#[tokio::test]
async fn what_was_consented_to_may_be_late_in_tokens() {
    let world = world().await;
    let (other, _, admin) = second_tenant(&world).await;
    control(&world, &other.domain, Method::PATCH, "/settings", json!({"consentLagSeconds": 60})).await;
    let url = consent_url(&world, "organizations/v2.0/adminconsent", &[]);
    consent(&world, &other.domain, &url, &admin, true).await;
    assert!(claims(&token_in(&world, &other.domain).await.body["access_token"]).get("roles").is_none());
    world.advance(60);
    assert_eq!(claims(&token_in(&world, &other.domain).await.body["access_token"])["roles"], json!(ROLES));
}

#[tokio::test]
async fn credentials_of_the_home_tenant_hold_in_every_tenant() {
    let world = world().await;
    let (other, _, admin) = second_tenant(&world).await;
    let url = consent_url(&world, "organizations/v2.0/adminconsent", &[]);
    consent(&world, &other.domain, &url, &admin, true).await;
    world.control(Method::POST, "/apps/first/expire-secrets", None).await;
    assert_eq!(token_in(&world, &other.domain).await.body["error_codes"], json!([7_000_222]));
    world.control(Method::DELETE, "/apps/first", None).await;
    assert_eq!(token_in(&world, &other.domain).await.body["error_codes"], json!([700_016]));
}
