//! The authorization endpoint and its pages.

use crate::browser::{Browser, parameters};
use crate::relying_party::{CALLBACK, authorize_url, redeem, register, shortcut};
use crate::world::World;
use reqwest::Method;
use serde_json::json;

async fn world() -> (World, String) {
    let world = World::empty().await;
    register(&world, json!({})).await;
    let ann = world.join("Ann Smith").await;
    (world, ann)
}

fn of_tenant(world: &World, pairs: &[(&str, &str)]) -> String {
    authorize_url(world, &world.tenant.tenant_id.to_string(), pairs)
}

#[tokio::test]
async fn a_person_signs_in_consents_and_the_app_gets_a_code_with_its_state() {
    let (world, _) = world().await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    assert_eq!(page.title(), "Permissions requested");
    assert!(page.text.contains("User.Read") && page.text.contains("The app"), "{}", page.text);
    let page = browser.accept(&world, &page).await;
    assert_eq!(page.status, 302);
    assert!(page.location.as_ref().unwrap().starts_with(CALLBACK));
    let answer = page.answer();
    assert_eq!(answer["state"], "the state");
    assert!(!answer.contains_key("iss"));
    assert_eq!(redeem(&world, &answer["code"], &[]).await.status, 200);
}

#[tokio::test]
async fn the_second_time_a_signed_in_person_sees_no_page() {
    let (world, ann) = world().await;
    let url = of_tenant(&world, &[]);
    let mut browser = Browser::default();
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    browser.accept(&world, &page).await;
    assert!(browser.get(&world, &url).await.answer().contains_key("code"));
    let silent = browser.get(&world, &of_tenant(&world, &[("prompt", "none")])).await;
    assert!(silent.answer().contains_key("code"));
    let again = browser.get(&world, &of_tenant(&world, &[("prompt", "login"), ("login_hint", "ann@x")])).await;
    assert!(again.text.contains("value=\"ann@x\""), "{}", again.text);
    let consent = browser.get(&world, &of_tenant(&world, &[("prompt", "consent")])).await;
    assert_eq!(consent.title(), "Permissions requested");
    world.control(Method::POST, &format!("/users/{ann}/revoke-sessions"), None).await;
    assert_eq!(browser.get(&world, &url).await.title(), "Sign in to your account");
}

#[tokio::test]
async fn an_unregistered_redirect_uri_is_told_on_a_page_and_never_by_a_redirect() {
    let (world, ann) = world().await;
    let url = of_tenant(&world, &[("redirect_uri", "https://app.example/callback/")]);
    let page = Browser::default().get(&world, &url).await;
    assert_eq!((page.status, page.location.is_none()), (400, true));
    assert!(page.text.contains("AADSTS50011"), "{}", page.text);
    let refused = shortcut(&world, &url, &ann, json!({})).await;
    assert!(refused.status == 400 && refused.text.contains("AADSTS50011"));
}

#[tokio::test]
async fn errors_after_the_redirect_uri_is_known_go_to_the_app_with_its_state() {
    let (world, _) = world().await;
    for (name, value, error) in [
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("scope", "", "invalid_request"),
        ("scope", "nonsense", "invalid_scope"),
        ("prompt", "maybe", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "S512", "invalid_request"),
        ("response_mode", "pigeon", "invalid_request"),
        ("prompt", "none", "login_required"),
    ] {
        let page = Browser::default().get(&world, &of_tenant(&world, &[(name, value)])).await;
        let answer = page.answer();
        assert_eq!((answer["error"].as_str(), answer["state"].as_str()), (error, "the state"), "{name}={value}");
        assert!(answer["error_description"].starts_with("AADSTS"));
    }
}

#[tokio::test]
async fn whoever_goes_away_is_access_denied_with_the_subcode_cancel() {
    let (world, ann) = world().await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    let cancelled = browser.submit(&world, &page, "cancel", &[]).await.answer();
    assert_eq!((cancelled["error"].as_str(), cancelled["error_subcode"].as_str()), ("access_denied", "cancel"));
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    let declined = browser.submit(&world, &page, "consent", &[("accept", "false")]).await.answer();
    assert_eq!((declined["error"].as_str(), declined["error_subcode"].as_str()), ("access_denied", "cancel"));
    let answer = shortcut(&world, &of_tenant(&world, &[]), &ann, json!({"consent": false})).await;
    assert_eq!(parameters(answer.body["location"].as_str().unwrap())["error"], "access_denied");
}

#[tokio::test]
async fn without_consent_a_silent_request_is_interaction_required() {
    let (world, _) = world().await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    browser.sign_in(&world, &page, "ann.smith@x.example").await;
    let page = browser.get(&world, &of_tenant(&world, &[("prompt", "none")])).await;
    assert_eq!(page.answer()["error"], "interaction_required");
}

#[tokio::test]
async fn a_disabled_person_and_a_stranger_stay_on_an_error_page() {
    let (world, ann) = world().await;
    world.act(json!([{"action": "disable", "id": ann}])).await;
    for (user, number) in [("ann.smith@x.example", "AADSTS50057"), ("nobody@x.example", "AADSTS50034")] {
        let mut browser = Browser::default();
        let page = browser.get(&world, &of_tenant(&world, &[])).await;
        let page = browser.sign_in(&world, &page, user).await;
        assert!(page.location.is_none() && page.text.contains(number), "{}", page.text);
    }
}

#[tokio::test]
async fn a_password_may_be_set_and_a_wrong_one_brings_the_page_again() {
    let (world, _) = world().await;
    world.settings(json!({"password": "right"})).await;
    let mut browser = Browser::default();
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    assert!(page.text.contains("AADSTS50126"), "{}", page.text);
    let fields = [("loginfmt", "ann.smith@x.example"), ("passwd", "right")];
    assert_eq!(browser.submit(&world, &page, "login", &fields).await.title(), "Permissions requested");
}

#[tokio::test]
async fn two_accounts_of_one_browser_are_picked_from() {
    let (world, _) = world().await;
    world.join("Bob Jones").await;
    let mut browser = Browser::default();
    let login = of_tenant(&world, &[("prompt", "login")]);
    for user in ["ann.smith@x.example", "bob.jones@x.example"] {
        let page = browser.get(&world, &login).await;
        browser.sign_in(&world, &page, user).await;
    }
    let silent = browser.get(&world, &of_tenant(&world, &[("prompt", "none")])).await;
    assert_eq!(silent.answer()["error"], "interaction_required");
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    assert_eq!(page.title(), "Pick an account");
    let bob = page.button("Bob Jones");
    let page = browser.submit(&world, &page, "account", &[("account", &bob)]).await;
    assert_eq!(page.title(), "Permissions requested");
    let page = browser.get(&world, &of_tenant(&world, &[("login_hint", "ann.smith@x.example")])).await;
    assert_eq!(page.title(), "Permissions requested");
}

#[tokio::test]
async fn where_assignment_is_required_others_are_access_denied_with_50105() {
    let (world, ann) = world().await;
    register(&world, json!({"assignmentRequired": true})).await;
    let answer = shortcut(&world, &of_tenant(&world, &[]), &ann, json!({})).await;
    let refused = parameters(answer.body["location"].as_str().unwrap());
    assert_eq!(refused["error"], "access_denied");
    assert!(refused["error_description"].starts_with("AADSTS50105"));
    let group = world.group("Staff", &[&ann]).await;
    register(&world, json!({"assignmentRequired": true, "assignedUsers": [group]})).await;
    let answer = shortcut(&world, &of_tenant(&world, &[]), &ann, json!({})).await;
    assert!(parameters(answer.body["location"].as_str().unwrap()).contains_key("code"));
}

#[tokio::test]
async fn a_permission_that_only_administrators_grant_brings_the_approval_page() {
    let (world, ann) = world().await;
    let url = of_tenant(&world, &[("scope", "openid User.Read.All")]);
    let mut browser = Browser::default();
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    assert_eq!(page.title(), "Need admin approval");
    assert!(page.text.contains("AADSTS90094"));
    let back = browser.submit(&world, &page, "cancel", &[]).await.answer();
    assert_eq!(back["error"], "access_denied");
    let refused = shortcut(&world, &url, &ann, json!({})).await;
    assert!(refused.status == 400 && refused.text.contains("AADSTS90094"));
    world.settings(json!({"userConsent": false})).await;
    let page = browser.get(&world, &of_tenant(&world, &[])).await;
    assert_eq!(page.title(), "Need admin approval");
}

#[tokio::test]
async fn answers_travel_in_query_fragment_or_a_form_that_needs_no_script() {
    let (world, ann) = world().await;
    let answer = shortcut(&world, &of_tenant(&world, &[("response_mode", "fragment")]), &ann, json!({})).await;
    assert!(answer.body["location"].as_str().unwrap().starts_with(&format!("{CALLBACK}#code=")));
    let url = of_tenant(&world, &[("response_mode", "form_post")]);
    let answer = shortcut(&world, &url, &ann, json!({})).await;
    assert_eq!(answer.body["location"], CALLBACK);
    assert!(answer.body["form"]["code"].is_string() && answer.body["form"]["state"] == "the state");
    let mut browser = Browser::default();
    let page = browser.get(&world, &url).await;
    let page = browser.sign_in(&world, &page, "ann.smith@x.example").await;
    assert!(page.text.contains(&format!("action=\"{CALLBACK}\"")) && page.text.contains("<noscript>"), "{}", page.text);
}

#[tokio::test]
async fn the_issuer_is_told_beside_the_code_when_that_is_switched_on() {
    let (world, ann) = world().await;
    world.settings(json!({"issuerParameter": true})).await;
    let answer = shortcut(&world, &of_tenant(&world, &[]), &ann, json!({})).await;
    let told = parameters(answer.body["location"].as_str().unwrap());
    assert_eq!(told["iss"], format!("{}/{}/v2.0", world.server.origin(), world.tenant.tenant_id));
}

#[tokio::test]
async fn an_app_of_one_tenant_is_50194_at_organizations_and_an_unknown_one_700016() {
    let (world, ann) = world().await;
    let refused = shortcut(&world, &authorize_url(&world, "organizations", &[]), &ann, json!({})).await;
    assert!(refused.text.contains("AADSTS50194"), "{}", refused.text);
    let url = of_tenant(&world, &[("client_id", "11111111-2222-3333-4444-555555555555")]);
    assert!(Browser::default().get(&world, &url).await.text.contains("AADSTS700016"));
    assert!(
        Browser::default()
            .get(&world, &authorize_url(&world, "nobody.example", &[]))
            .await
            .text
            .contains("AADSTS90002")
    );
}

#[tokio::test]
async fn what_is_shown_on_a_page_is_escaped() {
    let (world, _) = world().await;
    register(&world, json!({"displayName": "<b>\"app\"</b>"})).await;
    let page = Browser::default().get(&world, &of_tenant(&world, &[("login_hint", "\"><script>x</script>")])).await;
    assert!(!page.text.contains("<b>") && !page.text.contains("<script>"), "{}", page.text);
}
