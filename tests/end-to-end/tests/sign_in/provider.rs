//! Rollcall as the provider of the platform.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use local::http::Answer;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::{Browser, header, location, member};
use crate::platform::{Tokens, Wish, error, form};
use crate::scene::{Scene, text};
use crate::{Done, Failure};

/// Holds that the token endpoint refuses, with this error.
fn refuses(what: &str, answer: &Answer, status: u16, wanted: &str) -> Done {
    let is_so = answer.status.as_u16() == status
        && error(answer) == wanted
        && header(answer, "cache-control") == "no-store"
        && !answer.text().contains("access_token");
    if is_so { Ok(()) } else { Err(format!("{what}: {}", answer.unexpected()).into()) }
}

/// The claims of a token of ours, verified by the keys that we show.
async fn verified(scene: &Scene, token: &str, audience: &str) -> Result<Value, Failure> {
    let keys: JwkSet = scene.http.send(Method::GET, &scene.at("/jwks"), &[], "".into()).await?.parse()?;
    let head = decode_header(token)?;
    let key = keys.find(head.kid.as_deref().unwrap_or_default()).ok_or("the token's key is not shown")?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[scene.stack.url()]);
    Ok(decode::<Value>(token, &DecodingKey::from_jwk(key)?, &validation)?.claims)
}

async fn somebody_signed_in(scene: &Scene) -> Result<(Browser<'_>, Tokens), Failure> {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    Ok((browser, tokens))
}

pub(crate) async fn the_provider_says_of_itself_what_is_true(scene: &Scene) -> Done {
    let read = async |path: &str| scene.http.send(Method::GET, &scene.at(path), &[], "".into()).await?.parse::<Value>();
    let document = read("/.well-known/openid-configuration").await?;
    let issuer = scene.stack.url();
    let addresses = document
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let addresses: Vec<String> = addresses.filter_map(|(_, value)| Some(value.as_str()?.to_owned())).collect();
    if text(&document, "/issuer") != issuer || addresses.len() < 6 || addresses.iter().any(|at| !at.starts_with(issuer))
    {
        return Err(format!("the metadata: {document}").into());
    }
    let keys = read("/jwks").await?;
    let private = keys.get("keys").and_then(Value::as_array).into_iter().flatten().any(|key| key.get("d").is_some());
    if private || keys.pointer("/keys/0").is_none() {
        return Err("the keys are private, or there are none".into());
    }
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let answer = scene.try_to_exchange(&signed_in).await?.success()?;
    if header(&answer, "cache-control") != "no-store" {
        return Err("tokens may be kept by caches".into());
    }
    let tokens = scene.tokens(&answer)?;
    let claims = verified(scene, &tokens.id_token, &scene.client.id).await?;
    let is_right = text(&claims, "/sub") == person.account
        && text(&claims, "/nonce") == signed_in.wish.get("nonce")
        && ["sid", "iat", "exp", "auth_time"].into_iter().all(|name| claims.get(name).is_some());
    if !is_right {
        return Err(format!("the ID token: {claims}").into());
    }
    // An access token is for us, and no ID token of a client.
    let access = verified(scene, &tokens.access_token, issuer).await?;
    if verified(scene, &tokens.access_token, &scene.client.id).await.is_ok() || text(&access, "/aud") == scene.client.id
    {
        return Err("an access token passes as an ID token".into());
    }
    match scene.userinfo(&tokens.id_token).await?.status {
        StatusCode::UNAUTHORIZED => Ok(()),
        status => Err(format!("an ID token at userinfo got {status}").into()),
    }
}

pub(crate) async fn a_code_works_once_and_its_second_use_ends_the_session(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let answers = futures::future::join_all((0..10).map(|_| scene.try_to_exchange(&signed_in))).await;
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let good: Vec<&Answer> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    if good.len() > 1 {
        return Err(format!("a code was good {} times", good.len()).into());
    }
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        refuses("a code at the same moment", answer, 400, "invalid_grant")?;
    }
    let (mut browser, person) = (Browser::new(scene), scene.somebody()?);
    let signed_in = browser.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    scene.userinfo(&tokens.access_token).await?.success()?;
    refuses("a code again", &scene.try_to_exchange(&signed_in).await?, 400, "invalid_grant")?;
    // One of the two who used it has stolen it: nobody keeps what it led to.
    refuses("the refresh token of a stolen code", &scene.refresh(&tokens.refresh_token).await?, 400, "invalid_grant")?;
    if scene.userinfo(&tokens.access_token).await?.status != StatusCode::UNAUTHORIZED || browser.is_signed_in().await? {
        return Err("the session of a stolen code goes on".into());
    }
    scene.platform.logout(tokens.claim("sid")).await.map(drop)
}

pub(crate) async fn a_code_needs_its_verifier_its_address_and_its_client(scene: &Scene) -> Done {
    let other_verifier = "x".repeat(64);
    let departures: [(&str, Option<&str>); 7] = [
        ("code_verifier", Some(&other_verifier)),
        ("code_verifier", None),
        ("code_verifier", Some("short")),
        ("redirect_uri", Some("https://evil.example/callback")),
        ("redirect_uri", None),
        ("code", Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("client", None),
    ];
    for (name, value) in departures {
        let person = scene.somebody()?;
        let mut browser = Browser::new(scene);
        let signed_in = browser.sign_in(&person.id).await?;
        let client = if name == "client" { &scene.second_client } else { &scene.client };
        let back = signed_in.wish.get("redirect_uri");
        let mut members = vec![
            ("grant_type", "authorization_code"),
            ("code", signed_in.code.as_str()),
            ("redirect_uri", back.as_str()),
            ("code_verifier", signed_in.wish.verifier.as_str()),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        if name != "client" {
            members.retain(|(known, _)| *known != name);
            members.extend(value.map(|value| (name, value)));
        }
        let answer = scene.call("/token", &members).await?;
        refuses(&format!("{name}={value:?}"), &answer, 400, "invalid_grant")?;
        // A code of another client is none of that one's business: it is not spoiled for its own.
        let mine = scene.try_to_exchange(&signed_in).await?;
        match name {
            "client" | "code" => drop(mine.success()?),
            _ => refuses("a code that was shown with something wrong", &mine, 400, "invalid_grant")?,
        }
    }
    // A code that is older than a minute is worth nothing. Of a member that comes twice neither counts.
    let person = scene.somebody()?;
    let signed_in = Browser::new(scene).sign_in(&person.id).await?;
    let twice = [
        ("grant_type", "authorization_code"),
        ("code", signed_in.code.as_str()),
        ("code", signed_in.code.as_str()),
        ("client_id", scene.client.id.as_str()),
        ("client_secret", scene.client.secret.as_str()),
    ];
    refuses("a code twice in a form", &scene.call("/token", &twice).await?, 400, "invalid_request")?;
    let grant = [("grant_type", "password"), ("client_id", &scene.client.id), ("client_secret", &scene.client.secret)];
    refuses("another grant", &scene.call("/token", &grant).await?, 400, "unsupported_grant_type")
}

/// A key pair of a client, and its public part.
fn key_pair() -> Result<(EncodingKey, Value), Failure> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let point = pair.public_key().as_ref();
    let coordinate = |from: usize, to: usize| URL_SAFE_NO_PAD.encode(point.get(from..to).unwrap_or_default());
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": coordinate(1, 33), "y": coordinate(33, 65)});
    Ok((EncodingKey::from_ec_der(document.as_ref()), jwk))
}

/// What is wrong, the `Authorization` header, and members of the form.
type Wrong<'text> = (&'static str, Option<String>, Vec<(&'text str, &'text str)>);

pub(crate) async fn b4_a_client_proves_who_it_is_and_an_assertion_works_once(scene: &Scene) -> Done {
    let (client, second) = (&scene.client, &scene.second_client);
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let grant = ("grant_type", "refresh_token");
    let token = ("refresh_token", "x");
    let unknown = Uuid::new_v4().to_string();
    let cut = client.secret.get(..client.secret.len() - 1).unwrap_or_default();
    let longer = format!("{}x", client.secret);
    let id = ("client_id", client.id.as_str());
    let wrong: [Wrong<'_>; 13] = [
        ("nothing", None, vec![]),
        ("no secret", None, vec![id]),
        ("an empty secret", None, vec![id, ("client_secret", "")]),
        ("a cut secret", None, vec![id, ("client_secret", cut)]),
        ("a longer secret", None, vec![id, ("client_secret", &longer)]),
        ("the secret of another", None, vec![id, ("client_secret", &second.secret)]),
        ("an unknown client", None, vec![("client_id", &unknown), ("client_secret", &client.secret)]),
        ("no id", None, vec![("client_id", "x"), ("client_secret", &client.secret)]),
        ("a wrong header", Some(basic(&client.id, "x")), vec![]),
        ("two proofs", Some(basic(&client.id, &client.secret)), vec![id, ("client_secret", &client.secret)]),
        ("two clients", Some(basic(&client.id, &client.secret)), vec![("client_id", &second.id)]),
        ("a bearer", Some(format!("Bearer {}", client.secret)), vec![id]),
        ("an odd header", Some("Basic !!!".to_owned()), vec![id]),
    ];
    let mut bodies = std::collections::BTreeSet::new();
    for (what, header, proof) in &wrong {
        for path in ["/token", "/revoke"] {
            let members: Vec<(&str, &str)> =
                [grant, token, ("token", "x")].into_iter().chain(proof.iter().copied()).collect();
            let answer = scene.call_as(path, header.as_deref(), &members).await?;
            refuses(&format!("{what} at {path}"), &answer, 401, "invalid_client")?;
            bodies.insert(answer.text());
        }
    }
    if bodies.len() != 1 {
        return Err(format!("the answers tell what is wrong: {bodies:?}").into());
    }
    // A secret in an address is no proof: addresses are in logs.
    let query = form(&[grant, token, id, ("client_secret", &client.secret)]);
    let answer = scene.call(&format!("/token?{query}"), &[grant, token]).await?;
    refuses("a secret in the address", &answer, 401, "invalid_client")?;

    // A header is as good as the form.
    let (_, tokens) = somebody_signed_in(scene).await?;
    let members = [grant, ("refresh_token", tokens.refresh_token.as_str())];
    scene.call_as("/token", Some(&basic(&client.id, &client.secret)), &members).await?.success()?;

    // A key of its own: each assertion once.
    let (key, jwk) = key_pair()?;
    let (others, _) = key_pair()?;
    let body = json!({
        "name": "By key", "redirect_uris": [scene.back()],
        "authentication": {"method": "private_key", "jwks": {"keys": [jwk]}},
    });
    let made = scene.api.call(Method::POST, "/clients", Some(&body)).await?;
    let id = text(&made, "/client_id");
    let now = scene.now().await?.div_euclid(1_000);
    let assertion = |key: &EncodingKey, claims: &Value| {
        let mut right = json!({
            "iss": id, "sub": id, "aud": scene.stack.url(), "iat": now, "exp": now + 60, "jti": Uuid::new_v4().to_string(),
        });
        if let (Some(right), Some(claims)) = (right.as_object_mut(), claims.as_object()) {
            right.extend(claims.clone());
            right.retain(|_, value| !value.is_null());
        }
        let header = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, &right, key)
    };
    let ask = async |assertion: &str| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let members = [grant, token, ("client_assertion_type", kind), ("client_assertion", assertion)];
        scene.call("/token", &members).await
    };
    let good = assertion(&key, &json!({}))?;
    refuses("a proven client with a refresh token of nobody", &ask(&good).await?, 400, "invalid_grant")?;
    refuses("an assertion again", &ask(&good).await?, 401, "invalid_client")?;
    let wrong = [
        json!({"aud": "https://evil.example"}),
        json!({"aud": null}),
        json!({"iss": client.id}),
        json!({"sub": client.id}),
        json!({"exp": now - 120}),
        json!({"exp": now + 3_600}),
        json!({"exp": null}),
        json!({"jti": null}),
        json!({"jti": ""}),
    ];
    for claims in wrong {
        let answer = ask(&assertion(&key, &claims)?).await?;
        refuses(&claims.to_string(), &answer, 401, "invalid_client")?;
    }
    refuses("another key", &ask(&assertion(&others, &json!({}))?).await?, 401, "invalid_client")?;
    let shared = EncodingKey::from_secret(text(&jwk, "/x").as_bytes());
    let claims = json!({"iss": id, "sub": id, "aud": scene.stack.url(), "exp": now + 60, "jti": "j"});
    let header = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::HS256) };
    refuses("a public key as a secret", &ask(&encode(&header, &claims, &shared)?).await?, 401, "invalid_client")
}

pub(crate) async fn a_request_that_names_an_unknown_address_leads_nowhere(scene: &Scene) -> Done {
    let wrong = [
        ("client_id", Uuid::new_v4().to_string()),
        ("client_id", "x".to_owned()),
        ("client_id", String::new()),
        ("redirect_uri", "https://evil.example".to_owned()),
        ("redirect_uri", String::new()),
    ];
    for (name, value) in wrong {
        let watch = scene.watch().await?;
        let answer = Browser::new(scene).get(&Wish::by(scene, &scene.first).with(name, &value).url(scene)).await?;
        watch.refused(&format!("{name}={value}"), &answer, 400, "client", 0).await?;
    }
    let twice = format!("{}&client_id={}", Wish::by(scene, &scene.first).url(scene), scene.second_client.id);
    let watch = scene.watch().await?;
    let answer = Browser::new(scene).get(&twice).await?;
    watch.refused("two clients", &answer, 400, "malformed", 0).await?;
    // What is wrong otherwise, the client is told where it is registered.
    let told = [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("request", "x", "request_not_supported"),
        ("request_uri", "https://evil.example", "request_uri_not_supported"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("connection", "x", "invalid_request"),
    ];
    for (name, value, wanted) in told {
        let wish = Wish::by(scene, &scene.first).with(name, value);
        let answer = Browser::new(scene).get(&wish.url(scene)).await?;
        let back = location(&answer)?;
        let is_told = back.as_str().starts_with(&scene.back())
            && member(&back, "error").as_deref() == Some(wanted)
            && member(&back, "state") == Some(wish.get("state"))
            && member(&back, "iss").as_deref() == Some(scene.stack.url());
        if !is_told {
            return Err(format!("{name}={value} leads to {back}").into());
        }
    }
    // A connection that there is not is told to nobody.
    let nobody = Wish::by(scene, &scene.first).with("connection", &Uuid::new_v4().to_string());
    let watch = scene.watch().await?;
    let answer = Browser::new(scene).get(&nobody.url(scene)).await?;
    watch.refused("no connection", &answer, 403, "organisation", 0).await
}

pub(crate) async fn a_refresh_token_is_good_for_its_client_until_it_is_revoked(scene: &Scene) -> Done {
    let (mut browser, tokens) = somebody_signed_in(scene).await?;
    let token = tokens.refresh_token.as_str();
    let renewed = scene.refresh(token).await?.success()?;
    let renewed = scene.tokens(&renewed)?;
    if (renewed.claim("sub"), renewed.claim("sid")) != (tokens.claim("sub"), tokens.claim("sid")) {
        return Err("new tokens are about somebody else".into());
    }
    let second = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", scene.second_client.id.as_str()),
        ("client_secret", scene.second_client.secret.as_str()),
    ];
    refuses("a refresh token of another client", &scene.call("/token", &second).await?, 400, "invalid_grant")?;
    let flipped: String = token
        .char_indices()
        .map(|(at, c)| if at == token.len() - 2 { if c == 'A' { 'B' } else { 'A' } } else { c })
        .collect();
    refuses("a refresh token with another letter", &scene.refresh(&flipped).await?, 400, "invalid_grant")?;
    let cookie = browser.jar.session().map(|(_, value)| value.to_owned()).unwrap_or_default();
    refuses("a cookie as a refresh token", &scene.refresh(&cookie).await?, 400, "invalid_grant")?;
    // Another client revokes nothing, and whoever revokes nonsense is told nothing.
    let revoke = async |client: &crate::platform::Client, token: &str| {
        scene.call("/revoke", &[("token", token), ("client_id", &client.id), ("client_secret", &client.secret)]).await
    };
    for (client, token) in
        [(&scene.second_client, token), (&scene.client, "nonsense"), (&scene.client, flipped.as_str())]
    {
        revoke(client, token).await?.success()?;
        scene.refresh(&tokens.refresh_token).await?.success()?;
    }
    revoke(&scene.client, token).await?.success()?;
    refuses("a revoked refresh token", &scene.refresh(token).await?, 400, "invalid_grant")?;
    if scene.userinfo(&tokens.access_token).await?.status != StatusCode::UNAUTHORIZED || browser.is_signed_in().await? {
        return Err("the session of a revoked token goes on".into());
    }
    scene.platform.logout(tokens.claim("sid")).await.map(drop)
}

pub(crate) async fn userinfo_tells_nothing_after_a_sign_out(scene: &Scene) -> Done {
    let (mut browser, tokens) = somebody_signed_in(scene).await?;
    let told: Value = scene.userinfo(&tokens.access_token).await?.parse()?;
    if text(&told, "/sub") != tokens.claim("sub") {
        return Err(format!("userinfo tells {told}").into());
    }
    // In an address a token would be in logs.
    let address = format!("{}?access_token={}", scene.at("/userinfo"), tokens.access_token);
    let answer = scene.http.send(Method::GET, &address, &[], "".into()).await?;
    if answer.status != StatusCode::UNAUTHORIZED {
        return Err(format!("a token in the address got {}", answer.status).into());
    }
    let own = [("sec-fetch-site", "same-origin")];
    browser.send(Method::POST, &scene.at("/end-session"), &own, "confirm=yes").await?.success()?;
    for token in [tokens.access_token.as_str(), "", "x.y.z", &tokens.refresh_token] {
        let answer = scene.userinfo(token).await?;
        if answer.status != StatusCode::UNAUTHORIZED || header(&answer, "www-authenticate").is_empty() {
            return Err(format!("after the sign-out userinfo answers {}", answer.unexpected()).into());
        }
    }
    let (_, logout) = scene.platform.logout(tokens.claim("sid")).await?;
    let claims = verified(scene, &logout, &scene.client.id).await?;
    let is_right = decode_header(&logout)?.typ.as_deref() == Some("logout+jwt")
        && text(&claims, "/sub") == tokens.claim("sub")
        && claims.pointer("/events/http:~1~1schemas.openid.net~1event~1backchannel-logout").is_some()
        && claims.get("nonce").is_none()
        && claims.get("jti").is_some();
    if is_right { Ok(()) } else { Err(format!("the logout token: {claims}").into()) }
}

pub(crate) async fn the_end_of_a_session_leads_back_to_a_registered_address(scene: &Scene) -> Done {
    let back = format!("{}/signed-out", scene.stack.platform());
    let (mut browser, tokens) = somebody_signed_in(scene).await?;
    let url = scene.at("/end-session");
    let members = [("id_token_hint", tokens.id_token.as_str()), ("post_logout_redirect_uri", &back), ("state", "s t")];
    // A hint that is not ours, or of another client, leads nowhere.
    let forged = format!("{}x", tokens.id_token);
    for hint in [forged.as_str(), "x", &tokens.access_token, &tokens.refresh_token] {
        let query = form(&[("id_token_hint", hint), ("post_logout_redirect_uri", &back)]);
        let answer = browser.clone().get(&format!("{url}?{query}")).await?;
        if answer.headers.contains_key("location") || !answer.status.is_client_error() {
            return Err(format!("a wrong hint: {}", answer.unexpected()).into());
        }
    }
    let query = form(&[("id_token_hint", &tokens.id_token), ("client_id", &scene.second_client.id)]);
    let answer = browser.clone().get(&format!("{url}?{query}")).await?;
    if answer.status != StatusCode::BAD_REQUEST || !browser.is_signed_in().await? {
        return Err(format!("a hint of another client: {}", answer.unexpected()).into());
    }
    let answer = browser.get(&format!("{url}?{}", form(&members))).await?;
    let to = location(&answer)?;
    if !to.as_str().starts_with(&back)
        || member(&to, "state").as_deref() != Some("s t")
        || browser.jar.session().is_some()
    {
        return Err(format!("after signing out somebody is sent to {to}").into());
    }
    refuses("a refresh token after signing out", &scene.refresh(&tokens.refresh_token).await?, 400, "invalid_grant")?;
    scene.platform.logout(tokens.claim("sid")).await?;
    // Entra tells by the id of its own session, which nobody can guess.
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let session = Uuid::new_v4().to_string();
    let (begun, answer) = browser.try_to_sign_in(&person.id, json!({"claims": {"sid": session}})).await?;
    browser.arrived(begun, &answer)?;
    let issuer = format!("{}/{}/v2.0", scene.login(), scene.first.tenant);
    let others = format!("{}/{}/v2.0", scene.login(), scene.other.tenant);
    let guess = Uuid::new_v4().to_string();
    for (issuer, sid, ends) in [(&issuer, &guess, false), (&others, &session, false), (&issuer, &session, true)] {
        let query = form(&[("iss", issuer), ("sid", sid)]);
        Browser::new(scene).get(&format!("{}?{query}", scene.at("/sign-out/entra"))).await?.success()?;
        if browser.is_signed_in().await? == ends {
            return Err(format!("a sign-out of Entra (it ends the session: {ends}) did something else").into());
        }
    }
    Ok(())
}

pub(crate) async fn a_silent_sign_in_shows_no_page(scene: &Scene) -> Done {
    let silent = || Wish::by(scene, &scene.first).with("prompt", "none");
    let told = |answer: &Answer, wish: &Wish, wanted: &str| -> Done {
        let back = location(answer)?;
        let is_told = back.as_str().starts_with(&scene.back())
            && member(&back, "error").as_deref() == Some(wanted)
            && member(&back, "code").is_none()
            && member(&back, "state") == Some(wish.get("state"));
        if is_told { Ok(()) } else { Err(format!("the platform is told {back}, not {wanted}").into()) }
    };
    // Somebody who has a session at Entra.
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let begun = browser.begin_with(silent()).await?;
    if begun.member("prompt") != "none" {
        return Err("Entra is not told to show nothing".into());
    }
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
    let answer = browser.finish(&callback).await?;
    browser.arrived(begun, &answer)?;
    // Somebody who has none, and other errors of Entra.
    let errors = [
        ("login_required", "interaction_required"),
        ("interaction_required", "interaction_required"),
        ("account_selection_required", "interaction_required"),
        ("consent_required", "interaction_required"),
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("unauthorized_client", "server_error"),
    ];
    for (error, wanted) in errors {
        let mut browser = Browser::new(scene);
        let begun = browser.begin_with(silent()).await?;
        let query = form(&[("error", error), ("error_description", "x"), ("state", &begun.member("state"))]);
        let answer = browser.get(&format!("{}?{query}", scene.at("/login/callback"))).await?;
        told(&answer, &begun.wish, wanted)?;
    }
    // A token that is refused, and somebody who does not get in.
    for (token, wanted) in
        [(json!({"key": "attacker"}), "server_error"), (json!({"claims": {"acct": 1}}), "access_denied")]
    {
        let mut browser = Browser::new(scene);
        let begun = browser.begin_with(silent()).await?;
        let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, token).await?;
        let answer = browser.finish(&callback).await?;
        told(&answer, &begun.wish, wanted)?;
    }
    // Nobody has said which organisation, or one that there is not.
    let anywhere = Wish::anywhere(scene).with("prompt", "none");
    told(&Browser::new(scene).get(&anywhere.url(scene)).await?, &anywhere, "interaction_required")?;
    let nowhere = silent().with("connection", &Uuid::new_v4().to_string());
    told(&Browser::new(scene).get(&nowhere.url(scene)).await?, &nowhere, "access_denied")
}
