use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

use super::*;

const ISSUER: &str = "https://login.example/00000000-0000-0000-0000-000000000001/v2.0";
const TENANT: &str = "00000000-0000-0000-0000-000000000001";
const PERSON: &str = "00000000-0000-0000-0000-000000000002";
const CLIENT: &str = "00000000-0000-0000-0000-000000000003";
const NOW: i64 = 1_795_320_000;

static KEYS: LazyLock<[RsaKeyPair; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

fn public(pair: &RsaKeyPair, kid: &str) -> VerificationKey {
    let key = pair.public_key();
    VerificationKey {
        kid: kid.to_owned(),
        n: URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
        e: URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
    }
}

fn expected() -> Expected<'static> {
    let now = Timestamp::from_second(NOW).unwrap();
    let tenant = TENANT.parse().unwrap();
    Expected { issuer: ISSUER, tenant, client_id: CLIENT, nonce: "nonce", now }
}

fn claims() -> Value {
    json!({
        "ver": "2.0", "iss": ISSUER, "aud": CLIENT, "tid": TENANT, "oid": PERSON, "sub": "pairwise", "nonce": "nonce",
        "iat": NOW, "nbf": NOW, "exp": NOW + 3_600, "sid": "session", "name": "Ann", "preferred_username": "ann@example.com",
    })
}

fn header() -> Value {
    json!({"typ": "JWT", "alg": "RS256", "kid": "k"})
}

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// A token with these texts, signed with the first key as RS256.
fn signed(header: &str, claims: &str) -> SecretString {
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; KEYS[0].public_modulus_len()];
    KEYS[0].sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into()
}

fn checked(token: &SecretString) -> Result<Identity, TokenError> {
    check(token, &[public(&KEYS[0], "k")], &expected())
}

fn with_claim(name: &str, value: Value) -> Result<Identity, TokenError> {
    let mut claims = claims();
    claims[name] = value;
    checked(&signed(&header().to_string(), &claims.to_string()))
}

fn without_claim(name: &str) -> Result<Identity, TokenError> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    checked(&signed(&header().to_string(), &claims.to_string()))
}

fn with_header(name: &str, value: Value) -> Result<Identity, TokenError> {
    let mut header = header();
    header[name] = value;
    checked(&signed(&header.to_string(), &claims().to_string()))
}

#[test]
fn a_good_token_says_who_it_is_and_nothing_of_addresses() {
    let identity = checked(&signed(&header().to_string(), &claims().to_string())).unwrap();
    assert_eq!((identity.tenant.to_string(), identity.person.to_string()), (TENANT.to_owned(), PERSON.to_owned()));
    assert_eq!((identity.session.as_deref(), identity.guest), (Some("session"), false));
    assert_eq!(identity.authenticated_at.as_second(), NOW);
    let shown = format!("{identity:?}");
    assert!(!shown.contains("ann") && !shown.contains("Ann"), "{shown}");
}

#[test]
fn each_claim_is_required_and_has_to_be_what_it_should() {
    for name in ["ver", "iss", "aud", "tid", "oid", "nonce", "iat", "nbf", "exp"] {
        assert_eq!(without_claim(name).unwrap_err(), TokenError::Claim(name), "without {name}");
        for value in [json!(null), json!([]), json!({}), json!(true), json!("")] {
            assert_eq!(with_claim(name, value.clone()).unwrap_err(), TokenError::Claim(name), "{name} as {value}");
        }
    }
    let other = "00000000-0000-0000-0000-000000000009";
    for (name, value) in [
        ("ver", json!("1.0")),
        ("iss", json!(ISSUER.replace(TENANT, other))),
        ("iss", json!(format!("https://sts.windows.net/{TENANT}/"))),
        ("iss", json!(format!("{ISSUER}/"))),
        ("tid", json!(other)),
        ("tid", json!("contoso.com")),
        ("oid", json!("ann@example.com")),
        ("oid", json!(format!("{{{PERSON}}}"))),
        ("oid", json!(PERSON.replace('-', ""))),
        ("aud", json!(other)),
        ("aud", json!([CLIENT, other])),
        ("aud", json!([])),
        ("aud", json!("00000003-0000-0000-c000-000000000000")),
        ("nonce", json!("nonces")),
        ("nonce", json!("Nonce")),
    ] {
        assert_eq!(with_claim(name, value.clone()).unwrap_err(), TokenError::Claim(name), "{name} as {value}");
    }
    assert!(with_claim("aud", json!([CLIENT])).is_ok());
}

#[test]
fn times_are_whole_seconds_and_two_minutes_apart_at_most() {
    for (name, good) in [("exp", NOW - 119), ("nbf", NOW + 120), ("iat", NOW + 120), ("exp", NOW), ("nbf", 0)] {
        assert!(with_claim(name, json!(good)).is_ok(), "{name} {good}");
    }
    for (name, bad) in [
        ("exp", json!(NOW - 120)),
        ("exp", json!(NOW - 121)),
        ("nbf", json!(NOW + 121)),
        ("iat", json!(NOW + 121)),
        ("nbf", json!("99999999999")),
        ("exp", json!((NOW + 3_600).to_string())),
        ("exp", json!(1e18)),
        ("exp", json!(NOW as f64 + 60.5)),
        ("exp", json!(-1)),
        ("iat", json!(-1)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(i64::MAX)),
    ] {
        assert_eq!(with_claim(name, bad.clone()).unwrap_err(), TokenError::Claim(name), "{name} as {bad}");
    }
    let huge = claims().to_string().replace(&format!("\"exp\":{}", NOW + 3_600), "\"exp\":1e99");
    assert_eq!(checked(&signed(&header().to_string(), &huge)).unwrap_err(), TokenError::Claim("exp"));
}

#[test]
fn a_token_of_personal_accounts_is_refused_even_where_it_is_expected() {
    let personal = PERSONAL_ACCOUNTS.to_string();
    let issuer = ISSUER.replace(TENANT, &personal);
    let mut claims = claims();
    claims["tid"] = json!(personal);
    claims["iss"] = json!(issuer);
    let token = signed(&header().to_string(), &claims.to_string());
    let expected = Expected { issuer: &issuer, tenant: personal.parse().unwrap(), ..expected() };
    assert_eq!(check(&token, &[public(&KEYS[0], "k")], &expected).unwrap_err(), TokenError::Claim("tid"));
}

#[test]
fn the_header_decides_nothing() {
    for algorithm in ["none", "nOnE", "None", "HS256", "RS512", "PS256", "ES256", "", "rs256"] {
        assert_eq!(with_header("alg", json!(algorithm)).unwrap_err(), TokenError::Header("alg"), "{algorithm}");
    }
    assert_eq!(with_header("alg", json!(null)).unwrap_err(), TokenError::Header("alg"));
    for kind in ["at+jwt", "logout+jwt", "JWS", ""] {
        assert_eq!(with_header("typ", json!(kind)).unwrap_err(), TokenError::Header("typ"), "{kind}");
    }
    assert_eq!(with_header("crit", json!(["exp"])).unwrap_err(), TokenError::Header("crit"));
    for kid in [json!("../../x"), json!("https://evil"), json!(""), json!("a".repeat(129)), json!(7), json!(null)] {
        assert_eq!(with_header("kid", kid.clone()).unwrap_err(), TokenError::Header("kid"), "{kid}");
    }
    assert_eq!(with_header("kid", json!("other")).unwrap_err(), TokenError::UnknownKey);
    let evil = public(&KEYS[1], "k");
    for (name, value) in [
        ("jwk", json!({"kty": "RSA", "n": evil.n, "e": evil.e})),
        ("jku", json!("https://evil/keys")),
        ("x5u", json!("https://evil/certificate")),
        ("x5c", json!(["AAAA"])),
    ] {
        assert!(with_header(name, value).is_ok(), "{name} is not looked at");
    }
}

#[test]
fn a_signature_of_another_key_or_kind_is_refused() {
    let good = signed(&header().to_string(), &claims().to_string());
    let (text, signature) = good.expose_secret().rsplit_once('.').unwrap();
    let refused = |token: String, keys: &[VerificationKey]| check(&token.into(), keys, &expected()).unwrap_err();
    let key = public(&KEYS[0], "k");
    assert_eq!(refused(good.expose_secret().to_owned(), &[public(&KEYS[1], "k")]), TokenError::Signature);
    assert_eq!(refused(format!("{text}."), std::slice::from_ref(&key)), TokenError::Signature);
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[100] ^= 1;
    assert_eq!(
        refused(format!("{text}.{}", URL_SAFE_NO_PAD.encode(bytes)), std::slice::from_ref(&key)),
        TokenError::Signature
    );
    // The public key as a secret of HMAC, in the forms that it has.
    let mut unsigned = header();
    unsigned["alg"] = json!("HS256");
    let text = format!("{}.{}", part(&unsigned.to_string()), part(&claims().to_string()));
    for secret in [KEYS[0].public_key().as_ref().to_vec(), key.n.as_bytes().to_vec(), b"{}".to_vec()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        assert_eq!(
            refused(format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag)), std::slice::from_ref(&key)),
            TokenError::Header("alg")
        );
    }
}

#[test]
fn a_claim_that_comes_twice_is_refused_though_it_is_signed() {
    let twice = claims().to_string().replacen('{', &format!("{{\"tid\":\"{TENANT}\","), 1);
    assert_eq!(checked(&signed(&header().to_string(), &twice)).unwrap_err(), TokenError::Form);
    let escaped = claims().to_string().replacen('{', &format!("{{\"\\u0074id\":\"{PERSON}\","), 1);
    assert_eq!(checked(&signed(&header().to_string(), &escaped)).unwrap_err(), TokenError::Form);
}

#[test]
fn a_guest_is_known_by_the_provider_that_vouches_for_them() {
    assert!(with_claim("idp", json!("https://sts.windows.net/9/")).unwrap().guest);
    assert!(with_claim("idp", json!("live.com")).unwrap().guest);
    assert!(!with_claim("idp", json!(ISSUER)).unwrap().guest);
    for (acct, guest) in [(json!(1), true), (json!("1"), true), (json!(0), false)] {
        assert_eq!(with_claim("acct", acct).unwrap().guest, guest);
    }
}

#[test]
fn roles_are_read_where_they_are_told() {
    let role = "62e90394-69f5-4237-9190-012177145e10";
    assert_eq!(with_claim("wids", json!([role, 7, "x"])).unwrap().roles, [role.parse::<Uuid>().unwrap()]);
    assert!(with_claim("wids", json!(role)).unwrap().roles.is_empty());
}

#[test]
fn looking_believes_nothing_and_needs_what_keys_are_found_by() {
    let token = signed(&header().to_string(), &claims().to_string());
    let seen = look(&token).unwrap();
    assert_eq!((seen.kid.as_str(), seen.tenant.to_string().as_str()), ("k", TENANT));
    for bad in ["", ".", "..", "a.b.c", "e30.e30.e30", &"a".repeat(LONGEST + 1)] {
        assert!(look(&bad.to_owned().into()).is_err(), "{bad:.20}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in ".{0,200}") {
        prop_assert!(checked(&text.into()).is_err());
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(place in 0usize..2_000, bit in 0u8..7) {
        let token = signed(&header().to_string(), &claims().to_string());
        let mut bytes = token.expose_secret().as_bytes().to_vec();
        // The last character of each part carries bits that mean nothing.
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            let changed = checked(&text.clone().into());
            if changed.is_ok() {
                let decoded = |text: &str| -> Vec<_> { text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part)).collect() };
                prop_assert_eq!(decoded(&text), decoded(token.expose_secret()));
            }
        }
    }
}
