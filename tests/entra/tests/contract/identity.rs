//! Tokens, discovery, keys.

use crate::world::{World, answer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn a_token_lives_3599_to_5399_seconds_and_has_no_refresh_token() {
    let world = World::small().await;
    for _ in 0..10 {
        let answer = world.token(&[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["token_type"], "Bearer");
        assert!((3599..=5399).contains(&answer.body["expires_in"].as_i64().unwrap()));
        assert!(answer.body.get("refresh_token").is_none());
    }
}

#[tokio::test]
async fn without_consent_the_token_is_issued_without_roles_and_graph_refuses_with_403() {
    let world = World::with_roles(&[]).await;
    assert!(claims(&world.token).get("roles").is_none());
    let answer = world.get("/users").await;
    assert_eq!((answer.status, answer.code()), (403, "Authorization_RequestDenied"));
}

#[tokio::test]
async fn errors_have_the_shape_of_the_token_endpoint() {
    let world = World::small().await;
    let answer = world.token(&[("client_secret", "wrong")]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["error"], "invalid_client");
    assert_eq!(answer.body["error_codes"], json!([7_000_215]));
    let text = answer.body["error_description"].as_str().unwrap();
    assert!(text.starts_with("AADSTS7000215: ") && text.contains("\r\nCorrelation ID: "));
    for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(answer.body[name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn each_mistake_has_its_own_number() {
    let world = World::small().await;
    let secret_id = world.tenant.client_secret_id.to_string();
    let stranger = "11111111-2222-3333-4444-555555555555";
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Pairs<'_>, u16, u32); 8] = [
        (&[("client_secret", &secret_id)], 401, 7_000_215),
        (&[("client_secret", "")], 401, 7_000_218),
        (&[("client_id", stranger)], 400, 700_016),
        (&[("client_id", "")], 400, 90_014),
        (&[("scope", "User.Read.All")], 400, 70_011),
        (&[("scope", "https://graph.microsoft.com/.default https://other/.default")], 400, 700_022),
        (&[("scope", "https://other.example/.default")], 400, 500_011),
        (&[("grant_type", "password")], 400, 70_003),
    ];
    for (pairs, status, number) in cases {
        let answer = world.token(pairs).await;
        assert_eq!((answer.status, &answer.body["error_codes"]), (status, &json!([number])), "{pairs:?}");
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_90002_and_common_is_refused() {
    let world = World::small().await;
    for (tenant, number) in
        [("99999999-2222-3333-4444-555555555555", 90_002), ("nobody.example", 90_002), ("common", 9_001_023)]
    {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", world.server.origin());
        let answer = answer(world.http.post(url).form(&[("grant_type", "client_credentials")])).await;
        assert_eq!((answer.status, &answer.body["error_codes"]), (400, &json!([number])));
    }
    let url =
        format!("{}/99999999-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration", world.server.origin());
    assert_eq!(answer(world.http.get(url)).await.status, 400);
}

#[tokio::test]
async fn an_expired_secret_is_7000222_and_a_new_one_works() {
    let world = World::small().await;
    world.control(Method::POST, "/apps/first/expire-secrets", None).await;
    assert_eq!(world.token(&[]).await.body["error_codes"], json!([7_000_222]));
    let fresh = world.control(Method::POST, "/apps/first/secrets", None).await;
    let secret = fresh.body["clientSecret"].as_str().unwrap();
    assert_eq!(world.token(&[("client_secret", secret)]).await.status, 200);
}

#[tokio::test]
async fn a_secret_expires_with_the_clock() {
    let world = World::small().await;
    world.advance(731 * 86_400);
    assert_eq!(world.token(&[]).await.body["error_codes"], json!([7_000_222]));
}

#[tokio::test]
async fn a_disabled_app_gets_7000112() {
    let world = World::small().await;
    world.control(Method::POST, "/apps/first/enabled", Some(json!(false))).await;
    assert_eq!(world.token(&[]).await.body["error_codes"], json!([7_000_112]));
}

#[tokio::test]
async fn a_secret_may_come_by_http_basic() {
    let world = World::small().await;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", world.tenant.client_id, encode(&world.tenant.client_secret)));
    let url = format!("{}/{}/oauth2/v2.0/token", world.server.origin(), world.tenant.domain);
    let form = [("grant_type", "client_credentials"), ("scope", "https://graph.microsoft.com/.default")];
    let answer = answer(world.http.post(url).header("authorization", format!("Basic {pair}")).form(&form)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_token_expires_with_the_clock_and_is_refused_with_401() {
    let world = World::small().await;
    assert_eq!(world.get("/users").await.status, 200);
    world.advance(5400);
    let answer = world.get("/users").await;
    assert_eq!((answer.status, answer.code()), (401, "InvalidAuthenticationToken"));
    assert!(answer.message().contains("expired"));
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let world = World::small().await;
    let (head, rest) = world.token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let mut forged = claims(&world.token);
    forged["roles"] = json!(["Directory.ReadWrite.All"]);
    let token = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(forged.to_string()));
    let answer = answer(world.http.get(format!("{}/v1.0/users", world.server.origin())).bearer_auth(token)).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_revoked_permission_is_missing_at_once_and_a_granted_one_needs_a_new_token() {
    let mut world = World::small().await;
    world.control(Method::POST, "/apps/first/revoke", Some(json!(["User.Read.All"]))).await;
    assert_eq!(world.get("/users").await.status, 403);
    world.sign_in().await;
    world.control(Method::POST, "/apps/first/grant", Some(json!(["User.Read.All"]))).await;
    assert_eq!(world.get("/users").await.status, 403);
    world.sign_in().await;
    assert_eq!(world.get("/users").await.status, 200);
}

#[tokio::test]
async fn discovery_of_common_has_a_template_issuer_and_that_of_a_tenant_has_its_id() {
    let world = World::small().await;
    let origin = world.server.origin();
    let read = async |tenant: &str| {
        let url = format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration");
        answer(world.http.get(url)).await.body
    };
    assert_eq!(read("organizations").await["issuer"], format!("{origin}/{{tenantid}}/v2.0"));
    let own = read(&world.tenant.tenant_id.to_string()).await;
    assert_eq!(own["issuer"], format!("{origin}/{}/v2.0", world.tenant.tenant_id));
    let keys = answer(world.http.get(own["jwks_uri"].as_str().unwrap())).await;
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(world.token.split('.').next().unwrap()).unwrap()).unwrap();
    assert!(keys.body["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]));
    assert_eq!(keys.body["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn keys_rotate_and_old_tokens_stay_good_while_the_old_key_is_published() {
    let world = World::small().await;
    let rotate = async |keep: bool| {
        let url = format!("{}/control/keys/rotate", world.server.origin());
        assert_eq!(answer(world.http.post(url).json(&json!({"keepOld": keep}))).await.status, 204);
    };
    rotate(true).await;
    assert_eq!(world.get("/users").await.status, 200);
    rotate(false).await;
    assert_eq!(world.get("/users").await.status, 401);
}

/// DER: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 128 => out.push(short),
        _ => out.extend([0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 255).unwrap()]),
    }
    out.extend_from_slice(content);
    out
}

/// A certificate of a key: nobody checks its own signature.
fn certificate(pair: &RsaKeyPair) -> Vec<u8> {
    let empty = der(0x30, &[]);
    let key = der(0x03, &[&[0], pair.public_key().as_ref()].concat());
    let info = der(0x30, &[empty.clone(), key].concat());
    let version = der(0xa0, &der(0x02, &[2]));
    let serial = der(0x02, &[1]);
    let inner = [version, serial, empty.clone(), empty.clone(), empty.clone(), empty.clone(), info].concat();
    der(0x30, &[der(0x30, &inner), empty, der(0x03, &[0])].concat())
}

fn sign(pair: &RsaKeyPair, header: &Value, claims: &Value) -> String {
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    if header["alg"] == "PS256" {
        pair.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    } else {
        pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_certificate_assertion_is_verified_and_any_flaw_refused() {
    let world = World::small().await;
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let registered = certificate(&pair);
    let answer = world
        .control(Method::POST, "/apps/first/certificates", Some(json!({"certificate": STANDARD.encode(&registered)})))
        .await;
    let thumbprint = answer.body["thumbprint"].clone();
    let client = world.tenant.client_id.to_string();
    let audience = format!("{}/{}/oauth2/v2.0/token", world.server.origin(), world.tenant.tenant_id);
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
    let good = json!({"aud": audience, "iss": client, "sub": client, "jti": "1", "nbf": now() - 5, "exp": now() + 300});
    let present = async |header: &Value, claims: &Value, pair: &RsaKeyPair| {
        let assertion = sign(pair, header, claims);
        world.token(&[("client_secret", ""), ("client_assertion_type", BEARER), ("client_assertion", &assertion)]).await
    };
    let accepted = present(&header, &good, &pair).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    assert_eq!(claims(accepted.body["access_token"].as_str().unwrap())["appidacr"], "2");

    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let other = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    assert_eq!(present(&header, &good, &other).await.body["error_codes"], json!([700_027]));
    assert_eq!(
        present(&json!({"alg": "PS256", "x5t#S256": "x"}), &good, &pair).await.body["error_codes"],
        json!([700_027])
    );
    assert_eq!(
        present(&json!({"alg": "RS256", "x5t#S256": thumbprint}), &good, &pair).await.body["error_codes"],
        json!([700_027])
    );
    assert_eq!(present(&header, &with("exp", json!(now() - 4000)), &pair).await.body["error_codes"], json!([700_024]));
    assert_eq!(
        present(&header, &with("aud", json!("https://elsewhere")), &pair).await.body["error_codes"],
        json!([50_012])
    );
    assert_eq!(present(&header, &with("jti", json!(null)), &pair).await.body["error_codes"], json!([50_012]));
    assert_eq!(present(&header, &with("iss", json!("x")), &pair).await.body["error_codes"], json!([70_021]));
}

#[tokio::test]
async fn a_federated_assertion_must_match_issuer_subject_and_audience_with_case() {
    let world = World::small().await;
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let key = json!({
        "kty": "RSA", "kid": "k",
        "n": URL_SAFE_NO_PAD.encode(pair.public_key().modulus().big_endian_without_leading_zero()),
        "e": URL_SAFE_NO_PAD.encode(pair.public_key().exponent().big_endian_without_leading_zero()),
    });
    let record = json!({"issuer": "https://issuer.example", "subject": "Role/Sync", "keys": [key]});
    assert_eq!(world.control(Method::POST, "/apps/first/federated", Some(record)).await.status, 204);
    let present = async |subject: &str, alg: &str| {
        let claims = json!({"iss": "https://issuer.example", "sub": subject, "aud": "api://AzureADTokenExchange", "exp": now() + 300});
        let assertion = sign(&pair, &json!({"alg": alg, "kid": "k"}), &claims);
        world.token(&[("client_secret", ""), ("client_assertion_type", BEARER), ("client_assertion", &assertion)]).await
    };
    assert_eq!(present("Role/Sync", "RS256").await.status, 200);
    assert_eq!(present("role/sync", "RS256").await.body["error_codes"], json!([70_021]));
    let tampered = present("Role/Sync", "HS256").await;
    assert_eq!(tampered.body["error_codes"], json!([700_027]));
}
