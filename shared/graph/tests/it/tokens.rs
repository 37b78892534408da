//! Access tokens: few questions, and clear answers.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::{BoxFuture, FutureExt, join_all};
use jiff::SignedDuration;
use rcgen::{CertifiedKey, KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use rollcall_graph::{
    AssertionError, AssertionSource, Credential, CredentialHint, Error, Request, Tuning, User, users, users::Expand,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::advance;

use crate::support::{Reply, Scripted, Sent, answer, error, id, ok, secret, start_of_time, wall_clock, with};

fn user(_: &Sent, _: usize) -> Reply {
    ok(&json!({"id": id(5)}))
}

fn one_user() -> Request<User> {
    users::get(id(5), &[], Expand::Nothing)
}

fn granted(life: &Value, number: usize) -> Reply {
    ok(
        &json!({"token_type": "bearer", "expires_in": life, "ext_expires_in": life, "access_token": format!("token-{number}")}),
    )
}

fn refused(status: u16, error: &str, aadsts: u32) -> Reply {
    answer(
        status,
        &json!({"error": error, "error_description": "CANARY-description\r\nTrace ID: x", "error_codes": [aadsts],
            "trace_id": "0b3e0d4c-9d3c-4a47-9a8f-000000000001", "timestamp": "2026-11-22 10:00:00Z"}),
    )
}

#[tokio::test(start_paused = true)]
async fn the_question_is_a_client_credentials_grant_for_graph() {
    let world = Scripted::graph(user);
    world.client().send(&one_user()).await.unwrap();
    let sent = &world.token_log()[0];
    assert_eq!(sent.url, format!("https://login.test/{}/oauth2/v2.0/token", id(1)));
    assert_eq!(
        sent.body,
        "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=CANARY-secret"
    );
    assert_eq!(world.graph_log()[0].header("authorization"), Some("Bearer token-0"));
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_question() {
    let world = Scripted::graph(user);
    let client = world.client();
    let one_user = one_user();
    let found = join_all((0..50).map(|_| client.send(&one_user))).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(world.token_log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let world = Scripted::graph(user);
    let client = world.client();
    client.send(&one_user()).await.unwrap();
    advance(Duration::from_secs(3599 - 302)).await;
    client.send(&one_user()).await.unwrap();
    assert_eq!(world.token_log().len(), 1);
    advance(Duration::from_secs(3)).await;
    client.send(&one_user()).await.unwrap();
    assert_eq!(world.token_log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_thawed_machine_asks_anew_even_if_its_monotonic_clock_stood_still() {
    let shift = Arc::new(AtomicI64::new(0));
    let wall = Tuning {
        wall_clock: Arc::new({
            let shift = shift.clone();
            move || start_of_time() + SignedDuration::from_secs(shift.load(Ordering::Relaxed))
        }),
        ..Tuning::default()
    };
    let world = Scripted::graph(user);
    let client = world.client_tuned(secret(), wall);
    client.send(&one_user()).await.unwrap();
    shift.store(7200, Ordering::Relaxed);
    client.send(&one_user()).await.unwrap();
    assert_eq!(world.token_log().len(), 2, "the wall clock went on");
    shift.store(-7200, Ordering::Relaxed);
    advance(Duration::from_secs(4000)).await;
    client.send(&one_user()).await.unwrap();
    assert_eq!(world.token_log().len(), 3, "the wall clock was set back, the monotonic one went on");
}

#[tokio::test(start_paused = true)]
async fn any_life_time_is_survived_without_asking_at_every_call() {
    for (life, kept, gone) in [
        (json!(3599), 3000, 3400),
        (json!("3599"), 3000, 3400),
        (json!(3599.7), 3000, 3400),
        (json!(0), 50, 70),
        (json!(-5), 50, 70),
        (json!(null), 290, 310),
        (json!("soon"), 290, 310),
        (json!({"a": 1}), 290, 310),
        (json!(1e99), 86_000, 86_400),
    ] {
        let now = life.clone();
        let world = Scripted::new(user, move |_, number| granted(&now, number));
        let client = world.client();
        client.send(&one_user()).await.unwrap();
        advance(Duration::from_secs(kept)).await;
        client.send(&one_user()).await.unwrap();
        assert_eq!(world.token_log().len(), 1, "{life}");
        advance(Duration::from_secs(gone - kept)).await;
        client.send(&one_user()).await.unwrap();
        assert_eq!(world.token_log().len(), 2, "{life}");
    }
    let world = Scripted::new(user, |_, _| ok(&json!({"token_type": "Bearer", "access_token": "t"})));
    world.client().send(&one_user()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_401_leads_to_one_new_token_and_the_same_request() {
    let world = Scripted::graph(|sent, _| match sent.header("authorization") {
        Some("Bearer token-0") => error(401, "InvalidAuthenticationToken"),
        _ => ok(&json!({"id": id(5)})),
    });
    let client = world.client();
    let one_user = one_user();
    let found = join_all((0..10).map(|_| client.send(&one_user))).await;
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(world.token_log().len(), 2, "single flight here too");
}

#[tokio::test(start_paused = true)]
async fn a_401_that_lasts_is_a_credential_error_without_hammering() {
    let world = Scripted::graph(|_, _| error(401, "InvalidAuthenticationToken"));
    let client = world.client();
    for _ in 0..10 {
        let found = client.send(&one_user()).await.unwrap_err();
        let Error::Credential { code, hint, .. } = &found else { panic!("{found:?}") };
        assert_eq!((code.as_str(), *hint), ("InvalidAuthenticationToken", CredentialHint::TokenRefused));
        advance(Duration::from_secs(5)).await;
    }
    assert_eq!(world.token_log().len(), 2, "at most one further question a minute");
}

#[tokio::test(start_paused = true)]
async fn a_claims_challenge_is_a_matter_of_consent() {
    let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJ9""#;
    let world =
        Scripted::graph(move |_, _| with(error(401, "InvalidAuthenticationToken"), "www-authenticate", challenge));
    let found = world.client().send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Consent { .. }), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_says_what_is_wrong() {
    use CredentialHint as Hint;
    for (status, code, aadsts, hint) in [
        (401, "invalid_client", 7_000_215, Hint::SecretWrong),
        (401, "invalid_client", 7_000_222, Hint::SecretExpired),
        (401, "invalid_client", 700_027, Hint::CertificateRefused),
        (400, "invalid_request", 70_021, Hint::FederationUnmatched),
        (400, "invalid_request", 90_002, Hint::TenantUnknown),
        (400, "invalid_tenant", 0, Hint::TenantUnknown),
        (400, "unauthorized_client", 700_016, Hint::ApplicationUnknown),
        (400, "unauthorized_client", 7_000_112, Hint::ApplicationDisabled),
        (400, "unauthorized_client", 1, Hint::ApplicationUnknown),
        (400, "invalid_scope", 70_011, Hint::Unknown),
    ] {
        let world = Scripted::new(user, move |_, _| refused(status, code, aadsts));
        let client = world.client();
        for _ in 0..3 {
            let found = client.send(&one_user()).await.unwrap_err();
            let Error::Credential { code: got, aadsts: codes, hint: told, call } = &found else { panic!("{found:?}") };
            assert_eq!((got.as_str(), codes.as_slice(), *told), (code, &[aadsts][..], hint));
            assert_eq!(call.request_id.unwrap().to_string(), "0b3e0d4c-9d3c-4a47-9a8f-000000000001");
            assert!(found.needs_a_person());
        }
        assert_eq!(world.token_log().len(), 1, "not asked again within the minute");
        assert!(world.graph_log().is_empty());
        advance(Duration::from_secs(61)).await;
        client.send(&one_user()).await.unwrap_err();
        assert_eq!(world.token_log().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_secret_pasted_for_its_value_is_recognised() {
    let world = Scripted::new(user, |_, _| refused(401, "invalid_client", 7_000_215));
    let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: id(77).to_string().into() };
    let found = world.client_with(credential).send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Credential { hint: CredentialHint::SecretIdPasted, .. }), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn missing_consent_and_conditional_access_are_told_apart_from_a_bad_credential() {
    for (code, aadsts) in [("invalid_grant", 65_001), ("consent_required", 0), ("invalid_grant", 53_003)] {
        let world = Scripted::new(user, move |_, _| refused(400, code, aadsts));
        let found = world.client().send(&one_user()).await.unwrap_err();
        assert!(matches!(found, Error::Consent { .. }), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn passing_trouble_of_the_identity_platform_is_waited_for() {
    let troubles: Vec<fn() -> Reply> = vec![
        || error(500, "x"),
        || with(answer(429, &json!({})), "retry-after", "3"),
        || refused(400, "temporarily_unavailable", 0),
        || refused(400, "invalid_request", 90_033),
        || answer(200, &json!({"access_token": "", "token_type": "Bearer"})),
        || answer(200, &json!({"error": "x"})),
        || crate::support::raw(400, "text/html", "<html>proxy</html>"),
        || Err(rollcall_graph::TransportError::Broken),
    ];
    for trouble in troubles {
        let world =
            Scripted::new(user, move |_, number| if number == 0 { trouble() } else { granted(&json!(3599), 1) });
        world.client().send(&one_user()).await.unwrap();
        assert_eq!(world.token_log().len(), 2);
    }
    let world = Scripted::new(user, |_, _| error(503, "x"));
    let found = world.client().send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Transient { .. }), "{found:?}");
    let world = Scripted::new(user, |_, _| with(answer(302, &json!({})), "location", "https://evil.test/"));
    let found = world.client().send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::ForeignLink { .. }), "{found:?}");
}

/// The parts of the assertion in a token request.
fn assertion(sent: &Sent) -> (Value, Value, Vec<u8>, String) {
    let form: std::collections::HashMap<String, String> =
        url::form_urlencoded::parse(sent.body.as_bytes()).into_owned().collect();
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"));
    let (signed, signature) = form["client_assertion"].rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(header), part(claims), URL_SAFE_NO_PAD.decode(signature).unwrap(), signed.to_owned())
}

fn rsa() -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate, key)
}

#[tokio::test(start_paused = true)]
async fn a_certificate_signs_ps256_and_is_named_by_its_sha256() {
    let (certificate, key) = rsa();
    let credential = Credential::Certificate {
        client_id: "app".to_owned(),
        certificate_pem: certificate.pem(),
        private_key_pem: key.serialize_pem().into(),
    };
    let world = Scripted::graph(user);
    world.client_with(credential).send(&one_user()).await.unwrap();

    let (header, claims, signature, signed) = assertion(&world.token_log()[0]);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    assert_eq!(header, json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(digest)}));
    assert_eq!(claims["aud"], format!("https://login.test/{}/oauth2/v2.0/token", id(1)));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app"), &json!("app")));
    let now = start_of_time().as_second();
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(now), &json!(now - 60), &json!(now + 300)));
    assert!(uuid::Uuid::try_parse(claims["jti"].as_str().unwrap()).is_ok());
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.der_bytes()).verify(signed.as_bytes(), &signature).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_unusable_certificate_is_found_without_asking() {
    let (certificate, key) = rsa();
    let (_, other) = rsa();
    let CertifiedKey { cert: elliptic, signing_key } =
        rcgen::generate_simple_self_signed(vec!["app".to_owned()]).unwrap();
    for (certificate_pem, private_key_pem) in [
        (certificate.pem(), other.serialize_pem()),
        (certificate.pem(), certificate.pem()),
        (key.serialize_pem(), key.serialize_pem()),
        (String::new(), key.serialize_pem()),
        (elliptic.pem(), signing_key.serialize_pem()),
    ] {
        let private_key_pem = private_key_pem.into();
        let credential = Credential::Certificate { client_id: "app".to_owned(), certificate_pem, private_key_pem };
        let world = Scripted::graph(user);
        let found = world.client_with(credential).send(&one_user()).await.unwrap_err();
        assert!(matches!(found, Error::Credential { hint: CredentialHint::CertificateUnusable, .. }), "{found:?}");
        assert!(world.log().is_empty());
    }
}

/// A source whose answers are given beforehand.
struct Source {
    answers: Mutex<Vec<Result<SecretString, AssertionError>>>,
    asked: AtomicUsize,
}

impl AssertionSource for Source {
    fn assertion(&self) -> BoxFuture<'_, Result<SecretString, AssertionError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.lock().unwrap().remove(0);
        async move { answer }.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_federated_assertion_is_passed_on_as_it_is() {
    let answers = Mutex::new(vec![Err(AssertionError::Unavailable), Ok("outside.jwt.text".into())]);
    let source = Arc::new(Source { answers, asked: AtomicUsize::new(0) });
    let world = Scripted::graph(user);
    let client =
        world.client_with(Credential::FederatedAssertion { client_id: "app".to_owned(), source: source.clone() });
    client.send(&one_user()).await.unwrap();
    assert!(world.token_log()[0].body.ends_with("client_assertion=outside.jwt.text"));
    assert_eq!(source.asked.load(Ordering::Relaxed), 2, "passing trouble was waited for");

    let answers = Mutex::new(vec![Err(AssertionError::Refused)]);
    let source = Arc::new(Source { answers, asked: AtomicUsize::new(0) });
    let client = world.client_with(Credential::FederatedAssertion { client_id: "app".to_owned(), source });
    let found = client.send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Credential { hint: CredentialHint::AssertionUnavailable, .. }), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn the_wall_clock_of_the_tests_runs_with_the_paused_one() {
    let clock = wall_clock();
    advance(Duration::from_secs(60)).await;
    assert_eq!(clock(), start_of_time() + SignedDuration::from_secs(60));
}
