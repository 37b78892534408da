//! Signed assertions: of a certificate, and of another identity provider.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::{BoxFuture, FutureExt};
use rcgen::{CertifiedKey, KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use rollcall_graph::{AssertionError, AssertionSource, Credential, CredentialHint, Error};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Scripted, Sent, id, start_of_time};
use crate::tokens::{one_user, user};

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
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(now), &json!(now - 600), &json!(now + 600)));
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
