//! What a sign-in brings: ID tokens, and the queries and cookies of browsers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fuzz::reading::CANARY;
use jiff::Timestamp;
use rollcall_directory::identity::TenantId;
use rollcall_sign_in::cookie::Cookies;
use rollcall_sign_in::entra::answer::{self, Outcome};
use rollcall_sign_in::entra::id_token::{self, Expected, Identity, TokenError};
use rollcall_sign_in::provider::authorization::{Query, domain};
use rollcall_store::VerificationKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::{BLIND, BLIND_EVENTS, target};

const TENANT: &str = "5c0a7c1e-6f1b-4b7e-9a52-0d5f7c3b2a11";
const ISSUER: &str = "https://login.microsoftonline.com/5c0a7c1e-6f1b-4b7e-9a52-0d5f7c3b2a11/v2.0";
const CLIENT: &str = "11112222-3333-4444-5555-666677778888";
const NONCE: &str = "n-0S6_WzA2Mj";
const HEADER: &str = r#"{"alg":"RS256","kid":"key"}"#;
const NOW: i64 = 1_800_000_000;

static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static KEYS: LazyLock<[VerificationKey; 1]> = LazyLock::new(|| {
    let key = PAIR.public_key();
    [VerificationKey {
        kid: "key".to_owned(),
        n: URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
        e: URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
    }]
});

target!(
    /// Claims that the right key has signed.
    claims, BLIND_EVENTS, signed_claims
);
target!(
    /// Tokens that nobody has signed.
    tokens, BLIND, token
);
target!(
    /// Queries of browsers.
    queries, BLIND, query
);
target!(
    /// Addresses that people type.
    addresses, BLIND, address
);
target!(
    /// Cookie headers.
    cookies, BLIND, cookie
);

fn check(token: String) -> Result<Identity, TokenError> {
    let expected = Expected {
        issuer: ISSUER,
        tenant: TenantId(TENANT.parse().unwrap()),
        client_id: CLIENT,
        nonce: NONCE,
        now: Timestamp::from_second(NOW).unwrap(),
    };
    let token = SecretString::from(token);
    let read = id_token::check(&token, KEYS.as_slice(), &expected);
    if let Err(error) = &read {
        assert!(!format!("{error} {error:?}").contains(CANARY), "an error quotes the token");
    } else {
        assert!(id_token::look(&token).is_ok());
    }
    read
}

/// Whoever is let in has just the claims that were waited for, by a reading that is not ours.
fn signed_claims(input: &[u8]) {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(input));
    let read = check(format!("{signed}.{}", signature(&signed)));
    let claims: Option<Value> = serde_json::from_slice(input).ok();
    let is_right = claims.as_ref().is_some_and(|claims| {
        let is = |name: &str, wanted: &str| claims[name] == wanted;
        let seconds = |name: &str| claims[name].as_u64().filter(|seconds| *seconds < 253_402_300_800);
        let now = u64::try_from(NOW).unwrap();
        let audience =
            [&claims["aud"], claims["aud"].as_array().filter(|all| all.len() == 1).map_or(&Value::Null, |all| &all[0])];
        members(claims) == colons(input)
            && is("ver", "2.0")
            && is("iss", ISSUER)
            && is("tid", TENANT)
            && is("nonce", NONCE)
            && audience.iter().any(|audience| **audience == CLIENT)
            && claims["oid"].as_str().is_some_and(|oid| oid.parse::<Uuid>().is_ok_and(|id| id.to_string() == oid))
            && seconds("exp").is_some_and(|exp| exp + 120 > now)
            && ["nbf", "iat"].iter().all(|name| seconds(name).is_some_and(|begins| begins <= now + 120))
    });
    assert_eq!(read.is_ok(), is_right, "{read:?}");
    if let (Ok(identity), Some(claims)) = (read, claims) {
        assert_eq!(claims["oid"], identity.person.0.to_string());
        assert_eq!(claims["sid"].as_str(), identity.session.as_deref());
    }
}

fn signature(signed: &str) -> String {
    let mut signature = vec![0; PAIR.public_modulus_len()];
    PAIR.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    URL_SAFE_NO_PAD.encode(signature)
}

/// Members of all objects.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(all) => all.len() + all.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        _ => 0,
    }
}

/// Colons outside of texts: each is behind the name of a member, so there are more of them when one comes twice.
fn colons(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match (in_text, byte) {
            _ if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b':') => count += 1,
            _ => {}
        }
    }
    count
}

fn token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    assert!(check(text.to_owned()).is_err(), "nobody has signed this");
}

fn query(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut plain: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(input) {
        plain.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let once = |name: &str| match plain.get(name).map(Vec::as_slice) {
        Some([value]) => Some(value.as_str()),
        _ => None,
    };
    if let Some(query) = Query::read(text) {
        assert!(plain.values().all(|values| values.len() == 1), "a member comes twice");
        for name in plain.keys() {
            assert_eq!(query.get(name), once(name).filter(|value| !value.is_empty()));
        }
        assert!(query.members().count() <= plain.len());
    }
    let Some(answer) = answer::read(text) else { return };
    assert_eq!(once("state"), Some(answer.state.expose_secret()));
    assert_eq!(once("iss"), answer.issuer.as_deref());
    match &answer.outcome {
        Outcome::Code(code) => assert!(once("code") == Some(code.expose_secret()) && !plain.contains_key("error")),
        Outcome::Consented => assert!(once("admin_consent").is_some_and(|text| text.eq_ignore_ascii_case("true"))),
        Outcome::Failed(_) => assert!(once("error").is_some()),
    }
    let shown = format!("{answer:?}").contains(CANARY);
    let is_in_issuer = answer.issuer.as_deref().is_some_and(|issuer| issuer.contains(CANARY));
    assert!(!shown || is_in_issuer, "a code or a state is shown");
}

fn address(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(found) = domain(text) else { return };
    assert_eq!(text.matches('@').count(), 1);
    assert!(
        found.contains('.') && found.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
    );
    assert_eq!(domain(&format!("somebody@{found}")), Some(found), "a domain is compared in one form");
}

fn cookie(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let cookies = Cookies::read([text]);
    for session in cookies.sessions() {
        assert!(text.contains(session));
    }
    for header in cookies.make_room() {
        assert!(
            header.contains("Max-Age=0") && !header.contains(['\r', '\n']),
            "a cookie makes a header of its own: {header}"
        );
    }
}

/// Otherwise the targets above would compare refusals with refusals.
#[test]
fn the_samples_of_claims_get_in() {
    let samples = crate::samples("sign_in::claims");
    for sample in samples.all() {
        let text = std::str::from_utf8(sample).unwrap();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(text));
        assert!(check(format!("{signed}.{}", signature(&signed))).is_ok(), "{text}");
    }
}
