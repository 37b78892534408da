//! People who let the application act for them, by a link that is for them alone.

use http::{Method, StatusCode};
use local::http::Answer;
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, location, member};
use crate::platform::form;
use crate::scene::{Scene, text};
use crate::{Done, Failure};

const ASKED: [&str; 2] = ["Calendars.ReadWrite", "Mail.Send"];

/// Asks a person by a link, and gives its token.
async fn link(scene: &Scene, person: &str) -> Result<String, Failure> {
    let path = format!("/connections/{}/users/{person}/delegation-links", scene.first.connection);
    let made = scene.api.call(Method::POST, &path, Some(&json!({"permissions": ASKED}))).await?;
    let token = member(&Url::parse(&text(&made, "/url"))?, "link").ok_or("the link has no token")?;
    scene.is_secret(&token);
    Ok(token)
}

/// From the page of the link to Entra.
async fn go(browser: &mut Browser<'_>, token: &str) -> Result<Url, Failure> {
    let url = browser.scene.at("/delegate");
    let page = browser.get(&format!("{url}?{}", form(&[("link", token)]))).await?.success()?;
    let shown = String::from_utf8_lossy(&page.body).into_owned();
    if !ASKED.iter().all(|permission| shown.contains(permission)) {
        return Err(format!("the page does not say what is asked for: {shown}").into());
    }
    let own = [("sec-fetch-site", "same-origin")];
    let answer = browser.send(Method::POST, &url, &own, &form(&[("link", token)])).await?;
    let entra = location(&answer)?;
    browser.scene.is_secret(&member(&entra, "state").unwrap_or_default());
    Ok(entra)
}

/// The answer of Rollcall after somebody was at Entra.
async fn come_back(browser: &mut Browser<'_>, entra: &Url, person: &str, agrees: bool) -> Result<Answer, Failure> {
    let scene = browser.scene;
    let body = json!({"url": entra, "user": person, "consent": agrees});
    let path = format!("/tenants/{}/authorize", scene.first.tenant);
    let callback = text(&scene.control(Method::POST, &path, body).await?, "/location");
    scene.is_secret(&member(&Url::parse(&callback)?, "code").unwrap_or_default());
    browser.get(&callback).await
}

fn is(answer: &Answer, status: StatusCode, what: &str) -> Done {
    if answer.status == status { Ok(()) } else { Err(format!("{what}: {}", answer.unexpected()).into()) }
}

pub(crate) async fn somebody_lets_the_application_act_for_them_and_nobody_else_does(scene: &Scene) -> Done {
    let [person, other] = [scene.newcomer().await?, scene.newcomer().await?];
    let path = format!("/connections/{}/users/{}/delegation", scene.first.connection, person.id);
    let test = format!("{path}/test");
    let secret = format!("rollcall/connection/{}/delegation/{}", scene.first.connection, person.id);
    let token = link(scene, &person.id).await?;

    // Exactly what the link says is asked for, with what keeps it.
    let mut browser = Browser::new(scene);
    let entra = go(&mut browser, &token).await?;
    let scope = member(&entra, "scope").unwrap_or_default();
    let mut names: Vec<&str> = scope.split(' ').collect();
    names.sort_unstable();
    let prompt = member(&entra, "prompt");
    let wanted = ["Calendars.ReadWrite", "Mail.Send", "offline_access", "openid", "profile"];
    if names != wanted || prompt.as_deref() != Some("consent") {
        return Err(format!("{prompt:?} {names:?}").into());
    }
    // Somebody else signs in by it, or the person declines: nothing is kept, and the link stays good.
    is(&come_back(&mut browser, &entra, &other.id, true).await?, StatusCode::FORBIDDEN, "somebody else")?;
    let entra = go(&mut browser, &token).await?;
    is(&come_back(&mut browser, &entra, &person.id, false).await?, StatusCode::OK, "declined")?;
    for (what, method, path) in [("shown", Method::GET, &path), ("tried", Method::POST, &test)] {
        is(&scene.api.send(method, path, None).await?, StatusCode::NOT_FOUND, what)?;
    }
    if scene.stack.aws().secret(&secret).await.is_ok() {
        return Err("a token is kept that nobody has agreed to".into());
    }
    // Another site begins nothing.
    let forged = [("origin", "https://evil.example")];
    let answer = browser.send(Method::POST, &scene.at("/delegate"), &forged, &form(&[("link", &token)])).await?;
    is(&answer, StatusCode::FORBIDDEN, "another site")?;
    is(&browser.get(&scene.at("/delegate?link=x")).await?, StatusCode::NOT_FOUND, "a link that nobody made")?;

    let entra = go(&mut browser, &token).await?;
    is(&come_back(&mut browser, &entra, &person.id, true).await?, StatusCode::OK, "agreed")?;
    let shown = scene.api.get(&path).await?;
    if shown.get("permissions") != Some(&json!(ASKED)) {
        return Err(format!("what was agreed to is shown as {shown}").into());
    }
    // Each use brings a new refresh token, which is kept in place of the one before.
    let mut kept = vec![scene.stack.aws().secret(&secret).await?];
    for _ in 0..2 {
        let tried = scene.api.call(Method::POST, &test, None).await?;
        if tried != json!({"works": true, "action": null}) {
            return Err(format!("it does not work: {tried}").into());
        }
        kept.push(scene.stack.aws().secret(&secret).await?);
    }
    kept.iter().for_each(|token| scene.is_secret(token));
    kept.dedup();
    if kept.len() != 3 {
        return Err(format!("{} refresh tokens of 3", kept.len()).into());
    }

    // Whoever has left is acted for no more, and asked for nothing.
    scene.act(json!({"action": "disable", "id": person.id})).await?;
    scene.account(&person.id, |account| text(account, "/status") != "active").await?;
    let tried = scene.api.call(Method::POST, &test, None).await?;
    if tried.get("works") != Some(&Value::Bool(false)) {
        return Err(format!("a leaver is acted for: {tried}").into());
    }
    let links = format!("{path}-links");
    let asked = scene.api.send(Method::POST, &links, Some(&json!({"permissions": ASKED}))).await?;
    is(&asked, StatusCode::CONFLICT, "a leaver is asked")?;

    is(&scene.api.send(Method::DELETE, &path, None).await?, StatusCode::NO_CONTENT, "forgotten")?;
    is(&scene.api.send(Method::GET, &path, None).await?, StatusCode::NOT_FOUND, "shown after that")?;
    if scene.stack.aws().secret(&secret).await.is_ok() {
        Err("the refresh token is still there".into())
    } else {
        Ok(())
    }
}
