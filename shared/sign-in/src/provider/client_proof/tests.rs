use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{EncodingKey, Header, encode};
use rollcall_store::{ClientSecret, SecretDigest};
use serde_json::{Value, json};

use super::*;

const ID: &str = "00000000-0000-0000-0000-000000000005";
const AUDIENCE: &str = "https://rollcall.example";
const NOW: i64 = 1_795_320_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn client(authentication: ClientAuthentication) -> PlatformClient {
    PlatformClient { id: ID.parse().unwrap(), ..PlatformClient::new("P".to_owned(), authentication, now()) }
}

fn with_secrets(secrets: &[&str]) -> PlatformClient {
    let secret = |text: &&str| ClientSecret {
        digest: SecretDigest::of(text.as_bytes()),
        ends_with: String::new(),
        created_at: now(),
    };
    client(ClientAuthentication::Secret { secrets: secrets.iter().map(secret).collect() })
}

fn form(pairs: &[(&str, &str)]) -> Query {
    Query::read(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()).unwrap()
}

fn header(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

fn proven(authorization: Option<&str>, pairs: &[(&str, &str)], client: &PlatformClient) -> Result<Proven, NotProven> {
    Proof::read(authorization, &form(pairs))?.check(client, &[AUDIENCE.to_owned()], now())
}

#[test]
fn a_secret_is_taken_from_the_header_or_from_the_form() {
    let client = with_secrets(&["new:secret", "old"]);
    assert_eq!(proven(Some(&header(&format!("{ID}:new%3Asecret"))), &[], &client), Ok(Proven::BySecret));
    assert_eq!(proven(Some(&header(&format!("{ID}:old"))), &[("client_id", ID)], &client), Ok(Proven::BySecret));
    assert_eq!(proven(None, &[("client_id", ID), ("client_secret", "old")], &client), Ok(Proven::BySecret));
}

#[test]
fn a_wrong_secret_two_ways_at_once_and_another_client_are_refused() {
    let client = with_secrets(&["secret"]);
    let other = "00000000-0000-0000-0000-000000000006";
    let good = header(&format!("{ID}:secret"));
    for (authorization, pairs) in [
        (None, vec![]),
        (None, vec![("client_id", ID)]),
        (None, vec![("client_id", ID), ("client_secret", "Secret")]),
        (None, vec![("client_id", other), ("client_secret", "secret")]),
        (Some(good.as_str()), vec![("client_secret", "secret")]),
        (Some(good.as_str()), vec![("client_id", other)]),
        (Some("Basic !"), vec![]),
        (Some("Bearer x"), vec![]),
        (Some("Basic"), vec![]),
    ] {
        assert_eq!(proven(authorization, &pairs, &client), Err(NotProven), "{authorization:?} {pairs:?}");
    }
    assert_eq!(proven(Some(&good), &[], &with_secrets(&[])), Err(NotProven));
}

struct Key {
    signs: EncodingKey,
    jwks: String,
}

fn key() -> Key {
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let signs = EncodingKey::from_ec_der(pair.as_ref());
    let mut jwk = Jwk::from_encoding_key(&signs, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("k".to_owned());
    Key { signs, jwks: json!({"keys": [jwk]}).to_string() }
}

fn assertion(key: &Key, changes: &Value) -> String {
    let mut claims = json!({"iss": ID, "sub": ID, "aud": AUDIENCE, "exp": NOW + 60, "iat": NOW, "jti": "one"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("k".to_owned());
    encode(&header, &claims, &key.signs).unwrap()
}

fn asserted(key: &Key, text: &str) -> Result<Proven, NotProven> {
    let client = client(ClientAuthentication::PrivateKey { jwks: key.jwks.clone() });
    proven(None, &[("client_assertion_type", JWT_BEARER), ("client_assertion", text)], &client)
}

#[test]
fn an_assertion_is_good_for_its_client_for_us_and_for_a_while() {
    let key = key();
    let good = asserted(&key, &assertion(&key, &json!({}))).unwrap();
    assert!(matches!(good, Proven::ByAssertion { id, .. } if id == format!("{ID} one")));
    assert!(asserted(&key, &assertion(&key, &json!({"aud": ["x", AUDIENCE]}))).is_ok());
    for bad in [
        json!({"aud": "https://evil.example"}),
        json!({"sub": "00000000-0000-0000-0000-000000000006"}),
        json!({"iss": "00000000-0000-0000-0000-000000000006"}),
        json!({"exp": NOW - 60}),
        json!({"exp": NOW + 3_600}),
        json!({"exp": null}),
        json!({"exp": "1"}),
        json!({"jti": ""}),
        json!({"jti": null}),
    ] {
        assert_eq!(asserted(&key, &assertion(&key, &bad)), Err(NotProven), "{bad}");
    }
    let stranger = super::tests::key();
    assert_eq!(asserted(&key, &assertion(&stranger, &json!({}))), Err(NotProven));
}

#[test]
fn the_header_of_an_assertion_does_not_choose_the_algorithm() {
    let key = key();
    let claims = json!({"iss": ID, "sub": ID, "aud": AUDIENCE, "exp": NOW + 60, "jti": "one"});
    // The public key as a secret of HMAC.
    let hmac = EncodingKey::from_secret(key.jwks.as_bytes());
    let forged = encode(&Header::new(Algorithm::HS256), &claims, &hmac).unwrap();
    assert_eq!(asserted(&key, &forged), Err(NotProven));
    let part = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims));
    assert_eq!(asserted(&key, &unsigned), Err(NotProven));
}

#[test]
fn a_key_set_has_public_keys_and_nothing_else() {
    assert!(is_key_set(&key().jwks));
    let private = key().jwks.replace("\"kty\"", "\"d\":\"AQ\",\"kty\"");
    for bad in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AQ"}]}"#, private.as_str()] {
        assert!(!is_key_set(bad), "{bad}");
    }
}
