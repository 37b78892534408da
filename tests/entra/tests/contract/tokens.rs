//! Codes, ID tokens, refresh tokens.

use crate::relying_party::{CALLBACK, claims, code, is_signed, part, redeem, register, tokens, verifies};
use crate::world::{World, answer};
use reqwest::Method;
use serde_json::{Value, json};

async fn world() -> (World, String) {
    let world = World::empty().await;
    register(&world, json!({})).await;
    let ann = world.join("Ann Smith").await;
    (world, ann)
}

fn numbers(answer: &crate::world::Answer) -> (&str, &Value) {
    (answer.body["error"].as_str().unwrap_or_default(), &answer.body["error_codes"][0])
}

#[tokio::test]
async fn a_code_gives_the_tokens_that_its_scopes_ask_for() {
    let (world, ann) = world().await;
    let all = tokens(&world, &ann, &[], json!({})).await;
    assert_eq!(all["token_type"], "Bearer");
    assert_eq!(all["scope"], "User.Read openid profile");
    assert!(all["refresh_token"].is_string() && all["id_token"].is_string() && all["expires_in"].is_i64());
    let few = tokens(&world, &ann, &[("scope", "User.Read")], json!({})).await;
    assert!(few.get("refresh_token").is_none() && few.get("id_token").is_none());
    let access = claims(&all["access_token"]);
    assert_eq!((&access["scp"], &access["oid"]), (&json!("User.Read openid profile"), &json!(ann)));
    assert!(access.get("roles").is_none());
}

#[tokio::test]
async fn an_id_token_has_the_claims_of_version_2_and_is_signed_by_a_published_key() {
    let (world, ann) = world().await;
    let body = tokens(&world, &ann, &[], json!({})).await;
    let token = claims(&body["id_token"]);
    let tenant = world.tenant.tenant_id.to_string();
    assert_eq!(token["iss"], format!("{}/{tenant}/v2.0", world.server.origin()));
    assert_eq!(token["aud"], world.tenant.client_id.to_string());
    assert_eq!((&token["tid"], &token["oid"]), (&json!(tenant), &json!(ann)));
    assert_eq!((&token["ver"], &token["nonce"]), (&json!("2.0"), &json!("the nonce")));
    assert_eq!((&token["name"], &token["preferred_username"]), (&json!("Ann Smith"), &json!("Ann.Smith@x.example")));
    for name in ["sub", "uti", "rh", "aio"] {
        assert!(token[name].is_string(), "{name}");
    }
    for name in ["iat", "nbf", "exp"] {
        assert!(token[name].is_i64(), "{name}");
    }
    for name in ["email", "idp", "sid", "groups", "wids", "acct", "xms_edov", "roles"] {
        assert!(token.get(name).is_none(), "{name}");
    }
    assert!(is_signed(&world, body["id_token"].as_str().unwrap()).await);
    let bare = claims(&tokens(&world, &ann, &[("scope", "openid"), ("nonce", "")], json!({})).await["id_token"]);
    assert!(bare.get("oid").is_none() && bare.get("name").is_none() && bare.get("nonce").is_none());
}

#[tokio::test]
async fn the_subject_differs_from_app_to_app_and_the_object_id_does_not() {
    let (world, ann) = world().await;
    let first = claims(&tokens(&world, &ann, &[], json!({})).await["id_token"]);
    let other = json!({"redirectUris": [CALLBACK]});
    let other = world.control(Method::POST, "/apps", Some(other)).await.body;
    let (client, secret) = (other["clientId"].as_str().unwrap(), other["clientSecret"].as_str().unwrap());
    let code = code(&world, &ann, &[("client_id", client)], json!({})).await;
    let stolen = redeem(&world, &code, &[]).await;
    assert_eq!(numbers(&stolen), ("invalid_grant", &json!(70_000)));
    let answer = redeem(&world, &code, &[("client_id", client), ("client_secret", secret)]).await;
    let second = claims(&answer.body["id_token"]);
    assert_ne!(first["sub"], second["sub"]);
    assert_eq!(first["oid"], second["oid"]);
}

#[tokio::test]
async fn a_code_is_used_once() {
    let (world, ann) = world().await;
    let code = code(&world, &ann, &[], json!({})).await;
    assert_eq!(redeem(&world, &code, &[]).await.status, 200);
    let again = redeem(&world, &code, &[]).await;
    assert_eq!((again.status, numbers(&again)), (400, ("invalid_grant", &json!(54_005))));
}

#[tokio::test]
async fn a_code_lives_ten_minutes_by_the_clock() {
    let (world, ann) = world().await;
    let code = code(&world, &ann, &[], json!({})).await;
    world.advance(600);
    assert_eq!(numbers(&redeem(&world, &code, &[]).await), ("invalid_grant", &json!(70_008)));
}

#[tokio::test]
async fn a_code_needs_its_verifier_its_redirect_uri_its_tenant_and_its_client() {
    let (world, ann) = world().await;
    let code = code(&world, &ann, &[], json!({})).await;
    for (name, value, error, number) in [
        ("code_verifier", "wrong", "invalid_grant", 501_481),
        ("code_verifier", "", "invalid_grant", 501_481),
        ("redirect_uri", "https://app.example/other", "invalid_client", 500_112),
        ("client_secret", "wrong", "invalid_client", 7_000_215),
        ("client_secret", "", "invalid_client", 7_000_218),
        ("code", "garbage", "invalid_grant", 70_000),
    ] {
        let refused = redeem(&world, &code, &[(name, value)]).await;
        assert_eq!(numbers(&refused), (error, &json!(number)), "{name}={value}");
    }
    assert_eq!(redeem(&world, &code, &[]).await.status, 200);
}

#[tokio::test]
async fn a_verifier_for_a_request_without_challenge_is_refused() {
    let (world, ann) = world().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let first = code(&world, &ann, &without, json!({})).await;
    assert_eq!(numbers(&redeem(&world, &first, &[]).await), ("invalid_grant", &json!(501_481)));
    assert_eq!(redeem(&world, &first, &[("code_verifier", "")]).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_rolls_and_the_old_one_stays_good_until_it_is_revoked() {
    let (world, ann) = world().await;
    let first = tokens(&world, &ann, &[], json!({})).await["refresh_token"].as_str().unwrap().to_owned();
    let refresh = async |token: &str| {
        world.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "")]).await
    };
    let rolled = refresh(&first).await;
    assert_eq!(rolled.status, 200, "{}", rolled.text);
    assert_ne!(rolled.body["refresh_token"], json!(first));
    assert!(claims(&rolled.body["id_token"]).get("nonce").is_none());
    assert_eq!(refresh(&first).await.status, 200);
    world.act(json!([{"action": "disable", "id": ann}])).await;
    assert_eq!(numbers(&refresh(&first).await), ("invalid_grant", &json!(50_057)));
    world.act(json!([{"action": "enable", "id": ann}])).await;
    world.control(Method::POST, &format!("/users/{ann}/revoke-sessions"), None).await;
    assert_eq!(numbers(&refresh(&first).await), ("invalid_grant", &json!(50_173)));
    world.advance(91 * 86_400);
    assert_eq!(numbers(&refresh(&first).await), ("invalid_grant", &json!(700_082)));
}

#[tokio::test]
async fn instructions_for_an_id_token_apply_to_the_exchange_of_that_code() {
    let (world, ann) = world().await;
    let wanted = json!({"token": {"claims": {"tid": "other", "extra": 1}, "remove": ["nonce"], "header": {"kid": "x", "x5t": null}}});
    let body = tokens(&world, &ann, &[], wanted).await;
    let token = claims(&body["id_token"]);
    assert_eq!((&token["tid"], &token["extra"], token.get("nonce")), (&json!("other"), &json!(1), None));
    let header = part(body["id_token"].as_str().unwrap(), 0);
    assert_eq!((&header["kid"], header.get("x5t")), (&json!("x"), None));
    let other = claims(&tokens(&world, &ann, &[], json!({})).await["id_token"]);
    assert_eq!(other["nonce"], "the nonce");
    let body = tokens(&world, &ann, &[], json!({"token": {"useAccessToken": true}})).await;
    assert_eq!(body["id_token"], body["access_token"]);
}

#[tokio::test]
async fn instructions_for_every_id_token_hold_until_they_are_taken_back() {
    let (world, ann) = world().await;
    world.control(Method::PUT, "/id-token", Some(json!({"claims": {"aud": "other"}}))).await;
    for _ in 0..2 {
        assert_eq!(claims(&tokens(&world, &ann, &[], json!({})).await["id_token"])["aud"], "other");
    }
    world.control(Method::DELETE, "/id-token", None).await;
    assert_ne!(claims(&tokens(&world, &ann, &[], json!({})).await["id_token"])["aud"], "other");
}

#[tokio::test]
async fn a_minted_token_is_signed_by_what_it_names() {
    let (world, ann) = world().await;
    let url = format!("{}/control/keys", world.server.origin());
    let rotate = format!("{}/control/keys/rotate", world.server.origin());
    assert_eq!(answer(world.http.post(rotate).json(&json!({"keepOld": false}))).await.status, 204);
    let keys = answer(world.http.get(url)).await.body;
    let mint = async |wanted: Value| {
        let answer = world.control(Method::POST, "/mint", Some(wanted)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["token"].as_str().unwrap().to_owned()
    };
    for name in ["current", "previous", "consumer", "attacker"] {
        let token = mint(json!({"key": name, "user": ann})).await;
        assert!(verifies(&keys[name], &token), "{name}");
        assert_eq!(is_signed(&world, &token).await, matches!(name, "current" | "consumer"), "{name}");
        assert_eq!(part(&token, 1)["oid"], json!(ann));
    }
    let corrupt = mint(json!({"corrupt": true})).await;
    assert!(!verifies(&keys["current"], &corrupt));
    let none = mint(json!({"key": "none"})).await;
    assert!(none.ends_with('.') && part(&none, 0)["alg"] == "none");
    for name in ["hs256-pem", "hs256-der", "hs256-modulus", "hs256-jwk"] {
        let token = mint(json!({"key": name})).await;
        assert_eq!(part(&token, 0)["alg"], "HS256");
        assert_eq!(token.rsplit_once('.').unwrap().1.len(), 43);
    }
    let raw = mint(json!({"payload": "{\"tid\":\"a\",\"tid\":\"b\",\"exp\":1e99}"})).await;
    assert!(raw.contains(".eyJ0aWQiOiJhIiwidGlkIjoiYiIsImV4cCI6MWU5OX0."), "{raw}");
}
