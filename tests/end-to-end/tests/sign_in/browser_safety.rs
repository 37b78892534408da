//! What a browser can be made to do.

use http::{Method, StatusCode};
use local::http::Answer;
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, PENDING, header, location, member};
use crate::platform::{Wish, form};
use crate::scene::{FUNCTION, Scene, text};
use crate::{Done, Failure};

/// Places that are none of ours, in every form in which somebody has taken one for ours.
const ELSEWHERE: [&str; 30] = [
    "//evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "https:evil.example",
    "https://evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/..//evil.example",
    "https://ok\\.evil.example",
    "\\/evil.example",
    "/%0d%0aLocation:evil.example",
    "/\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "evil.example",
    "/%2f%2fevil.example",
    "/%252f%252fevil.example",
    "/%2f%5cevil.example",
    "/.evil.example",
    "/@evil.example",
    "@evil.example",
    "/a//evil.example",
    "/%2e%2e//evil.example",
    "///evil.example",
    "////evil.example",
    "http://127.0.0.1@evil.example",
    "https://[::1]/",
    "/\u{0}",
    " //evil.example",
];

/// Where an answer leads, if it does, has to be at this origin.
fn leads_to(what: &str, answer: &Answer, origin: &str) -> Result<Option<Url>, Failure> {
    if answer.status.is_server_error() {
        return Err(format!("{what}: {}", answer.unexpected()).into());
    }
    if !answer.headers.contains_key("location") {
        return Ok(None);
    }
    let to = location(answer)?;
    if to.origin() == Url::parse(origin)?.origin() {
        return Ok(Some(to));
    }
    Err(format!("{what}: the browser is sent to {to}").into())
}

pub(crate) async fn a18_people_are_sent_to_registered_places_only(scene: &Scene) -> Done {
    let platform = scene.stack.platform().to_owned();
    let link = scene.at(&format!("/sign-in/{}", scene.first.connection));
    let mut browser = Browser::new(scene);
    let good = browser.get(&format!("{link}?{}", form(&[("return_to", "/courses/7?tab=notes")]))).await?;
    let to = leads_to("a path", &good, &platform)?.ok_or("a link leads nowhere")?;
    let target = member(&to, "target_link_uri");
    let is_right = to.path() == "/initiate"
        && target == Some(format!("{platform}/courses/7?tab=notes"))
        && member(&to, "iss").as_deref() == Some(scene.stack.url())
        && member(&to, "login_hint") == Some(format!("connection:{}", scene.first.connection));
    if !is_right {
        return Err(format!("the link leads to {to}").into());
    }
    for place in ELSEWHERE {
        // As a form writes it, and as somebody writes it by hand.
        let by_hand = place.replace(['\r', '\n', '\t', '\u{0}', '\\', ' ', '#'], "");
        for query in [form(&[("return_to", place)]), format!("return_to={by_hand}")] {
            let answer = browser.get(&format!("{link}?{query}")).await?;
            if let Some(to) = leads_to(place, &answer, &platform)? {
                let target = member(&to, "target_link_uri").unwrap_or_default();
                if Url::parse(&target)?.origin() != Url::parse(&platform)?.origin() {
                    return Err(format!("{query}: the platform is told to go to {target}").into());
                }
            }
        }
        for extra in [place.to_owned(), format!("{platform}/signed-out{place}"), format!("{platform}{place}")] {
            let members = [("client_id", scene.client.id.as_str()), ("post_logout_redirect_uri", &extra)];
            let answer = browser.get(&format!("{}?{}", scene.at("/end-session"), form(&members))).await?;
            if answer.headers.contains_key("location") {
                return Err(format!("after signing out somebody is sent to {extra}").into());
            }
        }
    }
    let back = scene.back();
    let near = [
        format!("{back}/"),
        format!("{back}/../x"),
        format!("{back}?x=1"),
        format!("{back}#x"),
        format!("{back}%00"),
        format!("{back}@evil.example"),
        back.replace("127.0.0.1", "localhost"),
        back.replace("http:", "https:"),
        back.replace("callback", "Callback"),
        "https://evil.example/callback".to_owned(),
        String::new(),
    ];
    let near = near.into_iter().chain(ELSEWHERE.map(str::to_owned));
    for address in near {
        let wish = Wish::by(scene, &scene.first).with("redirect_uri", &address);
        let answer = browser.get(&wish.url(scene)).await?;
        if answer.status != StatusCode::BAD_REQUEST || answer.headers.contains_key("location") {
            return Err(format!("redirect_uri {address}: {}", answer.unexpected()).into());
        }
    }
    Ok(())
}

pub(crate) async fn a19_a_session_that_was_there_before_is_over(scene: &Scene) -> Done {
    let name = format!("__Host-session-{}", scene.client.id.replace('-', ""));
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    browser.jar.put(&name, "known");
    browser.sign_in(&person.id).await?;
    let (known, first) =
        browser.jar.session().map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap_or_default();
    if known != name || first == "known" || !browser.is_signed_in().await? {
        return Err("the session is not a new one".into());
    }
    let mut old = Browser::new(scene);
    old.jar.put(&name, "known");
    if old.is_signed_in().await? {
        return Err("a made-up session is good".into());
    }
    // An attacker's own session, put into the victim's browser, ends with the victim's sign-in.
    let attacker = scene.somebody()?;
    let mut attackers = Browser::new(scene);
    let signed_in = attackers.sign_in(&attacker.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    let mut victim = attackers.clone();
    let person = scene.somebody()?;
    let now = victim.sign_in(&person.id).await?;
    let now = scene.exchange(&now).await?;
    if now.claim("sid") == tokens.claim("sid") || now.claim("sub") != person.account {
        return Err("the session of before goes on".into());
    }
    if attackers.is_signed_in().await? || !victim.is_signed_in().await? {
        return Err("the session of before is good still".into());
    }
    scene.platform.logout(tokens.claim("sid")).await?;
    Ok(())
}

pub(crate) async fn a20_every_cookie_is_bound_to_the_host_and_the_table_does_not_know_it(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let begun = browser.begin().await?;
    let pending: Vec<String> = browser.jar.named(PENDING).iter().map(|(_, value)| (*value).to_owned()).collect();
    let table = Value::from(scene.items().await?).to_string();
    let [under_way] = pending.as_slice() else { return Err(format!("{} cookies", pending.len()).into()) };
    let secret = under_way.rsplit('.').next().unwrap_or_default().to_owned();
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
    let answer = browser.finish(&callback).await?;
    let state = begun.member("state");
    browser.arrived(begun, &answer)?;
    if !browser.jar.named(PENDING).is_empty() {
        return Err("the cookie of the sign-in stays".into());
    }
    let session = browser.jar.session().map(|(_, value)| value.to_owned()).unwrap_or_default();
    let table = table + &Value::from(scene.items().await?).to_string();
    for (what, value) in [("sign-in", &secret), ("session", &session), ("state", &state)] {
        // 22 characters of base64url are 132 bits.
        if value.len() < 22 || table.contains(value.as_str()) {
            return Err(format!("the {what} is too short, or in the table").into());
        }
    }
    // Each route, with cookies and without: the browser looks at every cookie that it is given.
    let routes = [
        "/authorize",
        "/login/callback",
        "/login/wait",
        "/end-session",
        "/signed-out",
        "/session",
        "/sign-out/entra",
        "/sign-in",
        "/jwks",
        "/.well-known/openid-configuration",
        "/userinfo",
        "/connect",
        "/connect/callback",
    ];
    for route in routes {
        for mut visitor in [Browser::new(scene), browser.clone()] {
            visitor.get(&scene.at(route)).await?;
            visitor.send(Method::POST, &scene.at(route), &[], "a=b").await?;
        }
    }
    Ok(())
}

pub(crate) async fn a30_host_and_forwarding_headers_change_no_address(scene: &Scene) -> Done {
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-port", "1"),
        ("x-forwarded-uri", "/evil"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("forwarded", "for=1.1.1.1;host=evil.example;proto=gopher"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    let wish = Wish::by(scene, &scene.first);
    let link = scene.at(&format!("/sign-in/{}", scene.first.connection));
    for header in headers.iter().map(std::slice::from_ref).chain([headers.as_slice()]) {
        let answer = Browser::new(scene).send(Method::GET, &wish.url(scene), header, "").await?;
        let entra = location(&answer)?;
        let is_right = entra.as_str().starts_with(&scene.login())
            && member(&entra, "redirect_uri") == Some(scene.at("/login/callback"))
            && !entra.as_str().contains("evil");
        if !is_right {
            return Err(format!("{header:?} has changed the request: {entra}").into());
        }
        let answer = Browser::new(scene).send(Method::GET, &link, header, "").await?;
        if location(&answer)?.as_str().contains("evil") {
            return Err(format!("{header:?} has changed a link").into());
        }
        let answer =
            Browser::new(scene).send(Method::GET, &scene.at("/.well-known/openid-configuration"), header, "").await?;
        if answer.text().contains("evil") {
            return Err(format!("{header:?} has changed the metadata").into());
        }
    }
    // The gateway of this stack writes its own host; at AWS it is the caller's that the function sees.
    let event = json!({
        "version": "2.0", "routeKey": "GET /authorize", "rawPath": "/authorize", "rawQueryString": wish.query(),
        "headers": headers.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "evil.example", "domainPrefix": "evil", "stage": "$default",
            "requestId": "r", "routeKey": "GET /authorize", "time": "", "timeEpoch": 0,
            "http": {"method": "GET", "path": "/authorize", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x"},
        },
        "isBase64Encoded": false,
    });
    let path = format!("/2015-03-31/functions/{FUNCTION}/invocations");
    let answer = scene.stack.aws().rest("lambda", Method::POST, &path, Some(&event)).await?;
    let to = [text(&answer, "/headers/location"), text(&answer, "/multiValueHeaders/location/0")].concat();
    let is_right = to.starts_with(&scene.login())
        && member(&Url::parse(&to)?, "redirect_uri") == Some(scene.at("/login/callback"))
        && !to.contains("evil");
    if is_right { Ok(()) } else { Err(format!("the function sends the browser to {to}").into()) }
}

pub(crate) async fn a31_what_entra_says_of_an_error_is_never_shown(scene: &Scene) -> Done {
    let evil = "<svg onload=alert(1)>\"'><script>alert(2)</script>";
    let errors = [
        ("access_denied", 400),
        ("login_required", 400),
        ("interaction_required", 400),
        ("consent_required", 403),
        ("temporarily_unavailable", 503),
        ("server_error", 503),
        ("invalid_request", 403),
        (evil, 403),
        ("", 403),
    ];
    for (error, status) in errors {
        for language in ["en", "de"] {
            let mut browser = Browser::new(scene);
            let begun = browser.begin().await?;
            let members = [
                ("error", error),
                ("error_description", evil),
                ("error_uri", "javascript:alert(3)"),
                ("error_codes", evil),
                ("state", &begun.member("state")),
            ];
            let watch = scene.watch().await?;
            let url = format!("{}?{}", scene.at("/login/callback"), form(&members));
            let answer = browser.send(Method::GET, &url, &[("accept-language", language)], "").await?;
            let page = answer.text();
            let is_right = answer.status.as_u16() == status
                && !["svg", "alert", "javascript", "<script"].into_iter().any(|part| page.contains(part))
                && page.contains(&format!("lang=\"{language}\""))
                && header(&answer, "content-security-policy").starts_with("default-src 'none'");
            if !is_right {
                return Err(format!("error={error}: {}", answer.unexpected()).into());
            }
            watch.nothing_came_of_it(error).await?;
            if watch.codes_sent().await? != 0 || watch.lines()?.contains("svg") {
                return Err(format!("error={error}: Entra was asked, or its words are in the log").into());
            }
        }
    }
    // Nothing that a client sends is shown as it is either.
    let wishes = [
        Wish::anywhere(scene).with("state", evil),
        Wish::anywhere(scene).with("ui_locales", evil),
        Wish::anywhere(scene).with(evil, evil),
        Wish::by(scene, &scene.first).with("connection", evil),
        Wish::by(scene, &scene.first).with("client_id", evil),
        Wish::by(scene, &scene.first).with("redirect_uri", evil),
    ];
    for wish in wishes {
        let answer = Browser::new(scene).get(&wish.url(scene)).await?;
        if answer.text().contains("<svg") || answer.text().contains("<script") || answer.status.is_server_error() {
            return Err(format!("{}: {}", wish.query(), answer.unexpected()).into());
        }
    }
    Ok(())
}

pub(crate) async fn a32_no_page_can_be_framed(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    browser.sign_in(&person.id).await?;
    let pages = [
        Wish::anywhere(scene).url(scene),
        scene.at("/authorize"),
        scene.at("/login/callback"),
        scene.at("/login/wait"),
        scene.at("/session"),
        scene.at("/end-session"),
        scene.at("/signed-out"),
        scene.at("/sign-in/nobody"),
        scene.at("/connect"),
        scene.at("/connect/callback"),
        scene.at("/userinfo"),
        scene.at("/jwks"),
    ];
    for page in pages {
        for mut visitor in [browser.clone(), Browser::new(scene)] {
            let answer = visitor.get(&page).await?;
            let policy = header(&answer, "content-security-policy");
            // A route that there is not is answered by the gateway.
            let is_ours = answer.status != StatusCode::NOT_FOUND || !answer.text().contains("\"message\"");
            let is_closed = policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && policy.contains("base-uri 'none'")
                && !policy.contains("unsafe")
                && header(&answer, "x-frame-options") == "DENY"
                && header(&answer, "x-content-type-options") == "nosniff";
            if is_ours && !is_closed {
                return Err(format!("{page}: {:?}", answer.headers).into());
            }
        }
    }
    // Entra alone puts one page into a frame, and there is nothing in it.
    let answer = browser.get(&scene.at("/sign-out/entra?iss=x&sid=y")).await?;
    let policy = header(&answer, "content-security-policy");
    if policy != format!("default-src 'none'; frame-ancestors {}", scene.login()) || !answer.body.is_empty() {
        return Err(format!("the frame for Entra: {policy}").into());
    }
    Ok(())
}

pub(crate) async fn b5_another_site_signs_nobody_out(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    browser.sign_in(&person.id).await?;
    let url = scene.at("/end-session");
    let ours = scene.stack.url().to_owned();
    let strangers: [&[(&str, &str)]; 7] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site"), ("origin", ours.as_str())],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("referer", ours.as_str())],
    ];
    for headers in strangers {
        for (method, body) in [(Method::GET, ""), (Method::POST, "confirm=yes"), (Method::POST, "{\"confirm\":true}")] {
            // The cookies stay as they are, whatever the answer says.
            let answer = browser.clone().send(method, &url, headers, body).await?;
            if answer.status != StatusCode::OK || answer.headers.contains_key("set-cookie") {
                return Err(format!("{headers:?}: {}", answer.unexpected()).into());
            }
            if !browser.is_signed_in().await? {
                return Err(format!("{headers:?} has signed somebody out").into());
            }
        }
    }
    let answer = browser.clone().send(Method::POST, &url, &[("sec-fetch-site", "same-origin")], "confirm=yes").await?;
    if answer.status != StatusCode::OK || browser.is_signed_in().await? {
        return Err("our own form signs nobody out".into());
    }
    Ok(())
}
