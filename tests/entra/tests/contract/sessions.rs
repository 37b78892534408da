//! Sign-out, My Apps, `/me`, counts and faults of the login plane.

use crate::browser::Browser;
use crate::relying_party::{CALLBACK, authorize_url, claims, code, grant_role, redeem, register, tokens};
use crate::world::{World, answer};
use reqwest::Method;
use serde_json::{Value, json};

async fn world(more: Value) -> (World, String) {
    let world = World::empty().await;
    register(&world, more).await;
    let ann = world.join("Ann Smith").await;
    (world, ann)
}

/// Ann, signed in to the app.
async fn signed_in(world: &World) -> (Browser, Value) {
    let mut browser = Browser::default();
    let page = browser.get(world, &authorize_url(world, &world.tenant.domain, &[])).await;
    let page = browser.sign_in(world, &page, "ann.smith@x.example").await;
    let page = browser.accept(world, &page).await;
    let answer = redeem(world, &page.answer()["code"], &[]).await;
    (browser, claims(&answer.body["id_token"]))
}

fn logout(world: &World, query: &str) -> String {
    format!("{}/{}/oauth2/v2.0/logout?{query}", world.server.origin(), world.tenant.tenant_id)
}

#[tokio::test]
async fn sign_out_tells_every_app_of_the_session_in_a_frame_and_then_leads_back() {
    let more = json!({"frontChannelLogoutUrl": "https://app.example/signed-out", "optionalClaims": {"sid": true}});
    let (world, _) = world(more).await;
    let (mut browser, token) = signed_in(&world).await;
    let page = browser.get(&world, &logout(&world, &format!("post_logout_redirect_uri={CALLBACK}&state=s"))).await;
    let sid = token["sid"].as_str().unwrap();
    assert!(page.text.contains("<iframe src=\"https://app.example/signed-out?iss="), "{}", page.text);
    assert!(page.text.contains(&format!("sid={sid}")), "{}", page.text);
    assert!(page.text.contains(&format!("url={CALLBACK}?state=s")), "{}", page.text);
    let page = browser.get(&world, &authorize_url(&world, &world.tenant.domain, &[])).await;
    assert_eq!(page.title(), "Sign in to your account");
}

#[tokio::test]
async fn sign_out_leads_to_no_address_that_nobody_registered() {
    let (world, _) = world(json!({})).await;
    let (mut browser, _) = signed_in(&world).await;
    let page = browser.get(&world, &logout(&world, "post_logout_redirect_uri=https://evil.example")).await;
    assert!(page.location.is_none() && !page.text.contains("evil"), "{}", page.text);
    let page = browser.get(&world, &logout(&world, &format!("post_logout_redirect_uri={CALLBACK}"))).await;
    assert_eq!(page.location.as_deref(), Some(CALLBACK));
}

#[tokio::test]
async fn my_apps_links_to_the_homepages_of_the_apps_that_a_person_may_use() {
    let (world, ann) = world(json!({"homepageUrl": "https://app.example/start"})).await;
    let hidden = json!({"homepageUrl": "https://hidden.example", "assignmentRequired": true});
    world.control(Method::POST, "/apps", Some(hidden)).await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &format!("{}/myapps", world.server.origin())).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    assert!(page.text.contains("<a href=\"https://app.example/start\">The app</a>"), "{}", page.text);
    assert!(!page.text.contains("hidden.example"), "{ann}");
}

#[tokio::test]
async fn a_delegated_token_reads_its_own_person_and_nobody_else() {
    let (mut world, ann) = world(json!({})).await;
    assert_eq!(world.get("/me").await.code(), "BadRequest");
    world.token = tokens(&world, &ann, &[], json!({})).await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get("/me").await.body["id"], json!(ann));
    assert_eq!(world.get("/users").await.status, 403);
    grant_role(&world, &world.tenant.domain, &ann).await;
    let path = "/me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true";
    assert_eq!(world.get_eventual(path).await.rows().len(), 1);
    let scopes = "openid User.Read Directory.Read.All";
    world.token =
        tokens(&world, &ann, &[("scope", scopes)], json!({})).await["access_token"].as_str().unwrap().to_owned();
    let roles = world.get_eventual(path).await;
    assert_eq!(roles.rows()[0]["roleTemplateId"], crate::relying_party::GLOBAL_ADMINISTRATOR);
}

#[tokio::test]
async fn requests_are_counted_by_endpoint_and_grant_type() {
    let (world, ann) = world(json!({})).await;
    world.server.reset_metrics();
    let refresh = tokens(&world, &ann, &[], json!({})).await["refresh_token"].as_str().unwrap().to_owned();
    world.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", "")]).await;
    world.token(&[]).await;
    Browser::default().get(&world, &authorize_url(&world, &world.tenant.domain, &[])).await;
    for path in ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"] {
        answer(world.http.get(format!("{}/common/{path}", world.server.origin()))).await;
    }
    let counts = answer(world.http.get(format!("{}/control/metrics", world.server.origin()))).await.body;
    let expected = json!({
        "authorize": 1, "discovery": 1, "keys": 1,
        "token authorization_code": 1, "token client_credentials": 1, "token refresh_token": 1,
    });
    assert_eq!(counts["login"], expected);
}

#[tokio::test]
async fn discovery_and_keys_may_be_spoiled() {
    let (world, _) = world(json!({})).await;
    let rule =
        |path: &str, fault: Value| json!({"match": {"plane": "login", "path": path}, "times": 1, "fault": fault});
    let discovery = format!("{}/common/v2.0/.well-known/openid-configuration", world.server.origin());
    let keys = format!("{}/common/discovery/v2.0/keys", world.server.origin());
    let read = async |url: &str| answer(world.http.get(url)).await;
    for (name, value) in [("issuer", "https://evil.example/v2.0"), ("token_endpoint", "https://evil.example/token")] {
        world
            .faults(json!([rule("openid-configuration", json!({"kind": "setProperty", "name": name, "value": value}))]))
            .await;
        assert_eq!(read(&discovery).await.body[name], value);
        assert_ne!(read(&discovery).await.body[name], value);
    }
    world.faults(json!([rule("/keys", json!({"kind": "setProperty", "name": "keys", "value": []}))])).await;
    assert_eq!(read(&keys).await.body, json!({"keys": []}));
    world.faults(json!([rule("/keys", json!({"kind": "status", "status": 500}))])).await;
    assert_eq!(read(&keys).await.status, 500);
    world.faults(json!([rule("/keys", json!({"kind": "html", "status": 200}))])).await;
    assert!(read(&keys).await.text.starts_with("<!DOCTYPE html>"));
    world.faults(json!([rule("/authorize", json!({"kind": "aadsts", "number": 90_033}))])).await;
    let page = Browser::default().get(&world, &authorize_url(&world, "common", &[])).await;
    assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.contains("AADSTS90033"));
}

#[tokio::test]
async fn a_code_whose_exchange_timed_out_is_used_all_the_same() {
    let (world, ann) = world(json!({})).await;
    let code = code(&world, &ann, &[], json!({})).await;
    world
        .faults(json!([{"match": {"plane": "login", "path": "/token$", "body": "grant_type=authorization_code"}, "times": 1, "fault": {"kind": "loseAnswer"}}]))
        .await;
    assert_eq!(world.token(&[]).await.status, 200);
    let url = format!("{}/{}/oauth2/v2.0/token", world.server.origin(), world.tenant.tenant_id);
    let client = world.tenant.client_id.to_string();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::relying_party::VERIFIER),
        ("client_id", client.as_str()),
        ("client_secret", world.tenant.client_secret.as_str()),
    ];
    assert!(world.http.post(url).form(&form).send().await.is_err());
    assert_eq!(redeem(&world, &code, &[]).await.body["error_codes"], json!([54_005]));
}
