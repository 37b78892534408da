//! The state that binds an answer of Entra to a browser, and the code that comes with it.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::Done;
use crate::browser::{Begun, Browser, PENDING, header, location};
use crate::platform::{Wish, digest};
use crate::scene::{Scene, TABLE};

/// The callback with other members.
fn with(callback: &str, name: &str, value: &str) -> Result<String, url::ParseError> {
    let url = Url::parse(callback)?;
    let members: Vec<(String, String)> =
        url.query_pairs().filter(|(known, _)| known != name).map(|(name, value)| (name.into(), value.into())).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(members).append_pair(name, value);
    Ok(changed.into())
}

async fn at_entra(browser: &mut Browser<'_>) -> Result<(Begun, String), crate::Failure> {
    let begun = browser.begin().await?;
    let scene = browser.scene;
    let person = scene.somebody()?;
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
    Ok((begun, callback))
}

pub(crate) async fn a1_an_answer_without_a_state_of_this_browser_is_refused_before_entra_is_asked(
    scene: &Scene,
) -> Done {
    let (mut victim, mut other) = (Browser::new(scene), Browser::new(scene));
    let (begun, callback) = at_entra(&mut victim).await?;
    let (others, others_callback) = at_entra(&mut other).await?;
    let made_up = "A".repeat(43);
    let mut thief = Browser::new(scene);
    if let ([(name, _)], [(_, value)]) = (victim.jar.named(PENDING).as_slice(), other.jar.named(PENDING).as_slice()) {
        // The name of the victim's cookie follows from the state, but its secret does not.
        thief.jar.put(name, value);
    }
    let base = scene.at("/login/callback");
    let cases = [
        ("no state", Browser::new(scene), format!("{base}?code=good")),
        ("a state of another form", Browser::new(scene), with(&callback, "state", "AAAA")?),
        ("an unknown state", victim.clone(), with(&callback, "state", &made_up)?),
        ("two states", victim.clone(), format!("{callback}&state={made_up}")),
        ("no cookie", Browser::new(scene), callback.clone()),
        ("another browser", other.clone(), callback.clone()),
        ("a cookie of another sign-in under this one's name", thief, callback.clone()),
        ("the state of another browser", victim.clone(), with(&callback, "state", &others.member("state"))?),
    ];
    for (what, mut browser, address) in cases {
        let watch = scene.watch().await?;
        let answer = browser.finish(&address).await?;
        watch.refused(what, &answer, 400, "not_begun", 0).await?;
    }
    // None of it has spoiled the sign-ins of those who began them.
    let answer = victim.finish(&callback).await?;
    victim.arrived(begun, &answer)?;
    let answer = other.finish(&others_callback).await?;
    other.arrived(others, &answer)?;

    let mut late = Browser::new(scene);
    let (begun, callback) = at_entra(&mut late).await?;
    let key = format!("PENDING#{}", digest(&begun.member("state")));
    let body = json!({
        "TableName": TABLE, "Key": {"pk": {"S": key}, "sk": {"S": "PENDING"}},
        "ConditionExpression": "attribute_exists(pk)",
        "UpdateExpression": "SET ends_at = :past", "ExpressionAttributeValues": {":past": {"S": "2020-01-01T00:00:00Z"}},
    });
    scene.stack.aws().call("DynamoDB_20120810.UpdateItem", &body).await?;
    let watch = scene.watch().await?;
    let answer = late.finish(&callback).await?;
    watch.refused("a state that is too old", &answer, 400, "not_begun", 0).await
}

pub(crate) async fn a2_a_callback_works_once_also_when_twenty_come_at_the_same_moment(scene: &Scene) -> Done {
    let mut browser = Browser::new(scene);
    let (begun, callback) = at_entra(&mut browser).await?;
    let before = browser.clone();
    let watch = scene.watch().await?;
    let answer = browser.finish(&callback).await?;
    let signed_in = browser.arrived(begun, &answer)?;
    for (what, mut again) in [("the back button", browser.clone()), ("the cookies of before", before)] {
        let answer = again.finish(&callback).await?;
        if answer.status != StatusCode::BAD_REQUEST || answer.headers.contains_key("location") {
            return Err(format!("{what}: a second use got {}", answer.unexpected()).into());
        }
    }
    let (codes, sessions) = (watch.codes_sent().await?, watch.sessions().await?);
    if (codes, sessions) != (1, 1) {
        return Err(format!("one after the other: {codes} codes were sent and {sessions} sessions began").into());
    }
    watch.logged("a second use", "not_begun")?;
    if !browser.is_signed_in().await? {
        return Err("the second use has ended the first session".into());
    }
    scene.exchange(&signed_in).await?;

    let mut browser = Browser::new(scene);
    let (_, callback) = at_entra(&mut browser).await?;
    let watch = scene.watch().await?;
    let callback = callback.as_str();
    let answers = join_all((0..20).map(|_| {
        let mut same = browser.clone();
        async move { same.finish(callback).await.map(|answer| answer.status) }
    }));
    let statuses = answers.await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let let_in = statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count();
    let refused = statuses.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count();
    let (codes, sessions) = (watch.codes_sent().await?, watch.sessions().await?);
    match (let_in, refused, codes, sessions) {
        (1, 19, 1, 1) => Ok(()),
        _ => Err(format!(
            "of twenty {let_in} were let in, {codes} codes were sent, {sessions} sessions began: {statuses:?}"
        )
        .into()),
    }
}

pub(crate) async fn a4_every_sign_in_has_a_challenge_of_its_own_and_a_code_of_another_is_worth_nothing(
    scene: &Scene,
) -> Done {
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        let begun = Browser::new(scene).begin().await?;
        let is_right = begun.member("code_challenge_method") == "S256"
            && begun.member("response_type") == "code"
            && begun.member("response_mode") == "query"
            && begun.member("redirect_uri") == scene.at("/login/callback");
        let long = ["state", "nonce", "code_challenge"].map(|name| begun.member(name));
        if !is_right || long.iter().any(|text| text.len() < 43) {
            return Err(format!("the request to Entra is not as it has to be: {}", begun.entra).into());
        }
        seen.extend(long);
    }
    if seen.len() != 30 {
        return Err("a state, nonce or challenge was used twice".into());
    }
    // A request without a challenge of the platform's own begins nothing either.
    for (name, value) in [("code_challenge_method", "plain"), ("code_challenge_method", ""), ("code_challenge", "")] {
        let wish = Wish::by(scene, &scene.first).with(name, value);
        let answer = Browser::new(scene).get(&wish.url(scene)).await?;
        let back = location(&answer)?;
        if !back.as_str().starts_with(&scene.back()) || !back.as_str().contains("error=invalid_request") {
            return Err(format!("{name}={value}: the platform was not told: {back}").into());
        }
    }
    // The victim's code in the answer to the attacker: Entra sees by the verifier that it is of another request.
    let (mut victim, mut attacker) = (Browser::new(scene), Browser::new(scene));
    let (_, victims) = at_entra(&mut victim).await?;
    let (_, attackers) = at_entra(&mut attacker).await?;
    let code = |callback: &str| Url::parse(callback).ok().and_then(|url| crate::browser::member(&url, "code"));
    let swapped = with(&attackers, "code", &code(&victims).unwrap_or_default())?;
    let watch = scene.watch().await?;
    let answer = attacker.finish(&swapped).await?;
    watch.refused("a code of another", &answer, 400, "code", 1).await
}

pub(crate) async fn a17_a_code_is_not_sent_again_after_an_answer_was_lost(scene: &Scene) -> Done {
    for fault in [
        json!({"kind": "loseAnswer"}),
        json!({"kind": "resetInBody", "after": 20}),
        json!({"kind": "html", "status": 502}),
    ] {
        let what = fault.to_string();
        let mut browser = Browser::new(scene);
        let (begun, callback) = at_entra(&mut browser).await?;
        let rule = json!([{"match": {"plane": "login", "path": "/oauth2/v2.0/token", "body": "grant_type=authorization_code"}, "times": 1, "fault": fault}]);
        scene.faults(rule).await?;
        let watch = scene.watch().await?;
        let answer = browser.finish(&callback).await;
        scene.faults(Value::Null).await?;
        let answer = answer?;
        // A page that says to begin again, and leads back to the platform.
        watch.refused(&what, &answer, 400, "lost", 1).await?;
        if !answer.text().contains(&scene.back()) {
            return Err(format!("{what}: the page does not lead back to the platform").into());
        }
        // Whoever reloads that page does not have the code sent again.
        let answer = browser.finish(&callback).await?;
        watch.refused(&what, &answer, 400, "not_begun", 1).await?;
        // And a new start leads on.
        let person = scene.somebody()?;
        browser.sign_in(&person.id).await?;
        drop(begun);
    }
    Ok(())
}

pub(crate) async fn a21_fifty_sign_ins_in_one_browser_leave_five_cookies_and_the_last_one_works(scene: &Scene) -> Done {
    let mut browser = Browser::new(scene);
    let mut largest = 0;
    for _ in 0..49 {
        browser.begin().await?;
        largest = largest.max(browser.jar.header().len());
    }
    let (begun, callback) = at_entra(&mut browser).await?;
    let under_way = browser.jar.named(PENDING).len();
    if under_way > 5 {
        return Err(format!("{under_way} sign-ins are under way").into());
    }
    // API Gateway takes 10,240 bytes of request line and headers; codes of Entra have up to 2,000.
    let sent = callback.len() + largest;
    if sent > 8_000 {
        return Err(format!("the callback has {sent} bytes").into());
    }
    let answer = browser.finish(&callback).await?;
    browser.arrived(begun, &answer).map(drop)
}

pub(crate) async fn a22_nothing_of_a_callback_leaks_by_headers_pages_or_the_access_log(scene: &Scene) -> Done {
    let mut browser = Browser::new(scene);
    let (begun, callback) = at_entra(&mut browser).await?;
    let good = browser.finish(&callback).await?;
    let (code, state) = (begun.member("state"), callback.clone());
    browser.arrived(begun, &good)?;
    let bad = browser.finish(&callback).await?;
    for answer in [&good, &bad] {
        let is_closed = header(answer, "referrer-policy") == "no-referrer"
            && header(answer, "cache-control") == "no-store"
            && header(answer, "x-content-type-options") == "nosniff";
        if !is_closed {
            return Err(format!("a header is missing: {:?}", answer.headers).into());
        }
    }
    if good.status != StatusCode::SEE_OTHER || !good.body.is_empty() {
        return Err(format!("the browser was not sent on without a page: {}", good.unexpected()).into());
    }
    let page = bad.text();
    for loads in ["src=", "<script", "<link", "<img", "url(", "@import", "<iframe", code.as_str(), state.as_str()] {
        if page.contains(loads) {
            return Err(format!("the page has {loads}").into());
        }
    }
    let template = std::fs::read_to_string(scene.stack.layout().template())?;
    let format =
        template.lines().skip_while(|line| !line.contains("AccessLogSettings")).find(|line| line.contains("Format:"));
    let format = format.ok_or("the template has no access log")?;
    for leaks in ["context.path", "querystring", "rawQuery", "header", "context.identity"] {
        if format.to_lowercase().contains(&leaks.to_lowercase()) {
            return Err(format!("the access log has {leaks}").into());
        }
    }
    Ok(())
}
