//! Access tokens: few questions, and clear answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use rollcall_graph::{Credential, CredentialHint, Error, Request, Tuning, User, users, users::Expand};
use serde_json::{Value, json};
use tokio::time::advance;

use crate::support::{Reply, Scripted, Sent, answer, error, id, ok, secret, start_of_time, wall_clock, with};

pub(crate) fn user(_: &Sent, _: usize) -> Reply {
    ok(&json!({"id": id(5)}))
}

pub(crate) fn one_user() -> Request<User> {
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
        "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id=app&client_secret=CANARY-secret"
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

#[tokio::test(start_paused = true)]
async fn the_wall_clock_of_the_tests_runs_with_the_paused_one() {
    let clock = wall_clock();
    advance(Duration::from_secs(60)).await;
    assert_eq!(clock(), start_of_time() + SignedDuration::from_secs(60));
}
