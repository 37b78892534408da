use rollcall_store::{AccountStamp, SecretDigest};
use serde_json::json;

use super::super::signing_keys::test_ring;
use super::*;

const ISSUER: &str = "https://rollcall.example";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn session() -> Session {
    let id = |number: u128| Uuid::from_u128(number);
    let key = SessionKey {
        connection: ConnectionId(id(1)),
        user: UserId(id(2)),
        person: PersonId(id(3)),
        session: SessionId(id(4)),
    };
    Session {
        key,
        client: ClientId(id(5)),
        cookie: SecretDigest::of(b"cookie"),
        refresh: None,
        scope: "openid".to_owned(),
        upstream: None,
        account: AccountStamp { created_at: at(0), sign_outs: 0 },
        authenticated_at: at(90),
        ends_at: at(9_000),
    }
}

fn claims_of(token: &SecretString) -> (Value, Value) {
    let header = serde_json::to_value(decode_header(token.expose_secret()).unwrap()).unwrap();
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(token.expose_secret()).unwrap().claims;
    (header, claims)
}

#[test]
fn an_id_token_says_who_signed_in_when_and_for_whom() {
    let claims =
        json!({"sub": "00000000-0000-0000-0000-000000000002", "iss": "evil", "aud": "evil", "email": "a@b.example"});
    let claims = claims.as_object().cloned().unwrap();
    let token = id_token(&test_ring(), ISSUER, &session(), Some("n"), claims, at(100)).unwrap();
    let (header, claims) = claims_of(&token);
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("ES256"), Some("JWT")));
    assert_eq!((claims["iss"].as_str(), claims["nonce"].as_str()), (Some(ISSUER), Some("n")));
    assert_eq!(claims["aud"], json!(session().client));
    assert_eq!(
        (claims["iat"].as_i64(), claims["exp"].as_i64(), claims["auth_time"].as_i64()),
        (Some(100), Some(700), Some(90))
    );
    assert_eq!((claims["sid"].clone(), claims["email"].as_str()), (json!(session().key.session), Some("a@b.example")));
}

#[test]
fn a_logout_token_has_what_the_standard_wants_and_no_nonce() {
    let session = session();
    let token = logout_token(&test_ring(), ISSUER, session.client, &session.key, at(100)).unwrap();
    let (header, claims) = claims_of(&token);
    assert_eq!(header["typ"], "logout+jwt");
    assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert_eq!((claims["sub"].clone(), claims["sid"].clone()), (json!(session.key.user), json!(session.key.session)));
    assert!(claims.get("nonce").is_none() && claims["jti"].is_string());
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 120);
}

#[test]
fn an_access_token_opens_until_its_time_is_over_and_no_other_token_does() {
    let (ring, session) = (test_ring(), session());
    let token = access_token(&ring, ISSUER, &session, "openid", at(100)).unwrap();
    let read = |token: &SecretString, now| read_access_token(&ring, ISSUER, token.expose_secret(), at(now));
    assert_eq!(read(&token, 399).unwrap().session, session.key);
    assert!(read(&token, 400).is_none());
    let sub = json!({"sub": session.key.user}).as_object().cloned().unwrap();
    let id = id_token(&ring, ISSUER, &session, None, sub, at(100)).unwrap();
    let logout = logout_token(&ring, ISSUER, session.client, &session.key, at(100)).unwrap();
    assert!(read(&id, 100).is_none() && read(&logout, 100).is_none());
    let other = access_token(&test_ring(), ISSUER, &session, "openid", at(100)).unwrap();
    assert!(read(&other, 100).is_none(), "signed with another key");
    assert!(read_access_token(&ring, "https://other.example", token.expose_secret(), at(100)).is_none());
    assert!(read(&"x".to_owned().into(), 100).is_none());
}

#[test]
fn an_id_token_is_a_hint_also_when_its_time_is_over_and_no_other_token_is() {
    let (ring, session) = (test_ring(), session());
    let sub = json!({"sub": session.key.user}).as_object().cloned().unwrap();
    let id = id_token(&ring, ISSUER, &session, None, sub, at(100)).unwrap();
    let hint = read_hint(&ring, ISSUER, id.expose_secret()).unwrap();
    assert_eq!((hint.client, hint.key), (session.client, session.key));
    let access = access_token(&ring, ISSUER, &session, "openid", at(100)).unwrap();
    assert!(read_hint(&ring, ISSUER, access.expose_secret()).is_none());
    assert!(read_hint(&test_ring(), ISSUER, id.expose_secret()).is_none());
    assert!(read_hint(&ring, ISSUER, "a.b.c").is_none());
}

#[test]
fn a_verifier_belongs_to_its_challenge_alone() {
    let grant = CodeGrant {
        session: session().key,
        client: session().client,
        redirect_uri: String::new(),
        nonce: None,
        challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        scope: String::new(),
        ends_at: at(0),
    };
    assert!(is_verifier(&grant, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    for bad in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"] {
        assert!(!is_verifier(&grant, bad), "{bad}");
    }
}
