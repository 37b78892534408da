use proptest::prelude::*;
use rollcall_store::ClientAuthentication;

use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> PlatformClient {
    let authentication = ClientAuthentication::Secret { secrets: Vec::new() };
    let client = PlatformClient::new("Platform".to_owned(), authentication, jiff::Timestamp::UNIX_EPOCH);
    PlatformClient { redirect_uris: vec!["https://platform.example/callback".to_owned()], ..client }
}

/// A good request, with some members replaced or (by an empty text) left out.
fn query(changes: &[(&str, &str)]) -> Query {
    let good = [
        ("redirect_uri", "https://platform.example/callback"),
        ("response_type", "code"),
        ("scope", "openid profile unknown"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let text: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(changes)).finish();
    Query::read(&text).unwrap()
}

fn wish(changes: &[(&str, &str)]) -> Result<Wish, &'static str> {
    let client = client();
    let query = query(changes);
    let redirect_uri = query.redirect_uri(&client).ok_or("redirect_uri")?;
    query.wish(&client, redirect_uri).map_err(|wrong| wrong.error)
}

#[test]
fn a_good_request_is_taken_as_it_is_and_unknown_scopes_are_left_out() {
    let wish = wish(&[]).unwrap();
    assert_eq!((wish.request.scope.as_str(), wish.request.challenge.as_str()), ("openid profile", CHALLENGE));
    assert_eq!((wish.request.state.as_deref(), wish.request.nonce.as_deref()), (Some("s"), Some("n")));
    assert!(!wish.request.silent && wish.connection.is_none() && wish.prompt.is_none());
}

#[test]
fn nothing_weaker_than_the_code_flow_with_pkce_is_offered() {
    for (changes, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_type", ""), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("scope", ""), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("request", "x.y.z"), "request_not_supported"),
        (("request_uri", "https://evil"), "request_uri_not_supported"),
        (("prompt", "none login"), "invalid_request"),
        (("connection", "no id"), "invalid_request"),
        (("login_hint", "connection:no id"), "invalid_request"),
    ] {
        assert_eq!(wish(&[changes]).unwrap_err(), error, "{changes:?}");
    }
}

#[test]
fn only_a_registered_address_is_answered() {
    for bad in [
        "",
        "https://platform.example/callback/",
        "https://platform.example/callback?x",
        "https://platform.example/CALLBACK",
        "https://platform.example.evil/callback",
        "https://evil@platform.example/callback",
        "http://platform.example/callback",
    ] {
        assert_eq!(wish(&[("redirect_uri", bad)]).unwrap_err(), "redirect_uri", "{bad}");
    }
}

#[test]
fn a_link_of_a_connection_comes_back_as_a_hint() {
    let id = "00000000-0000-0000-0000-000000000007";
    let by_hint = wish(&[("login_hint", &format!("connection:{id}"))]).unwrap();
    assert_eq!((by_hint.connection.unwrap().to_string().as_str(), by_hint.login_hint), (id, None));
    let by_name = wish(&[("connection", id), ("login_hint", "ann@example.com")]).unwrap();
    assert_eq!(by_name.connection.unwrap().to_string(), id);
    assert_eq!(by_name.login_hint.as_deref(), Some("ann@example.com"));
}

#[test]
fn of_several_prompts_the_strictest_is_asked_for() {
    assert_eq!(wish(&[("prompt", "consent login")]).unwrap().prompt, Some(Prompt::Login));
    assert_eq!(wish(&[("prompt", "none")]).unwrap().prompt, Some(Prompt::None));
    assert_eq!(wish(&[("max_age", "0")]).unwrap().prompt, Some(Prompt::Login));
    assert_eq!(wish(&[("prompt", "create")]).unwrap().prompt, None);
}

#[test]
fn a_member_that_comes_twice_makes_the_request_unreadable() {
    assert!(Query::read("state=a&state=a").is_none());
    assert!(Query::read("client_id=a&client%5Fid=b").is_none());
    assert!(Query::read(&"a".repeat(LONGEST + 1)).is_none());
}

#[test]
fn the_answer_keeps_what_the_address_had_and_tells_the_issuer() {
    let back = answer("https://p.example/c?a=1", "https://rollcall.example", Some("s&t"), &[("code", "x")]).unwrap();
    assert_eq!(back.as_str(), "https://p.example/c?a=1&code=x&state=s%26t&iss=https%3A%2F%2Frollcall.example");
}

#[test]
fn a_domain_is_what_follows_the_only_at_sign() {
    for (address, expected) in [
        ("ann@corp.com", Some("corp.com")),
        (" Ann@CORP.com ", Some("corp.com")),
        ("ann@bücher.example", Some("xn--bcher-kva.example")),
        ("ann@xn--bcher-kva.example", Some("xn--bcher-kva.example")),
        ("a@evil.com@corp.com", None),
        ("a@corp.com.evil", Some("corp.com.evil")),
        ("a@CORP\u{3002}com", None),
        ("\"a@corp.com\"@evil", None),
        ("@corp.com", None),
        ("corp.com", None),
        ("a@corp", None),
        ("a@corp.com.", None),
        ("a@127.0.0.1", None),
        ("a@[::1]", None),
        ("a@corp.com#x", None),
        ("a@corp.com/x", None),
        ("a@corp.com:443", None),
        ("a@corp%2ecom", None),
        ("a b@corp.com", None),
        ("a\r\nb@corp.com", None),
        ("a\tb@corp.com", None),
        ("a\u{2028}b@corp.com", None),
    ] {
        assert_eq!(domain(address).as_deref(), expected, "{address}");
    }
}

proptest! {
    #[test]
    fn whatever_a_client_asks_for_is_read_or_refused(text in ".{0,300}") {
        if let Some(query) = Query::read(&text) {
            let client = client();
            let _ = (query.client(), query.state(), query.redirect_uri(&client), query.wish(&client, "https://p"));
        }
    }

    #[test]
    fn a_domain_has_nothing_that_could_be_another_key(address in "[a-z]{1,3}@.{0,20}") {
        if let Some(domain) = domain(&address) {
            prop_assert!(domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'));
            prop_assert_eq!(canonical_domain(&domain), Some(domain));
        }
    }
}
