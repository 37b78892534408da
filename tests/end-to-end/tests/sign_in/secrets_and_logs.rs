//! What must be in no log, no row, no queue. The last tests of all: everything before them left traces.

use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::platform::{Wish, form};
use crate::scene::Scene;
use crate::{Done, Failure};

/// A line of a log, as somebody would forge it.
const FORGED: &str = "canary-forged\n{\"level\":\"ERROR\",\"fields\":{\"message\":\"canary-forged\"}}\r\ncanary-forged";

/// Logs of everything but the simulated Entra, whose secrets these are.
fn logs(scene: &Scene) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(scene.stack.layout().run())? {
        let path = entry?.path();
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        if is_log && path.file_stem().is_some_and(|name| name != "tenant") {
            let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
            found.push((path, text));
        }
    }
    Ok(found)
}

/// Whoever asks who signed in and out, and when, finds it in the logs.
pub(crate) async fn a_sign_in_and_its_end_are_in_the_logs_by_ids_alone(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    let own = [("sec-fetch-site", "same-origin")];
    browser.send(Method::POST, &scene.at("/end-session"), &own, "confirm=yes").await?.success()?;
    let session = tokens.claim("sid");
    scene.platform.logout(session).await?;
    let mut missing = vec!["signed in", "the platform was told of a sign-out"];
    for (_, text) in logs(scene)? {
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(session)).collect();
        missing.retain(|message| !lines.iter().any(|line| line.contains(message) && line.contains(&person.id)));
        if lines.iter().any(|line| line.contains(&person.email)) {
            return Err("a line of a sign-in has an address".into());
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("no log has a line that says: {missing:?}").into()) }
}

pub(crate) async fn e3_what_people_send_makes_no_line_of_its_own_in_a_log(scene: &Scene) -> Done {
    // Wherever a text of somebody else's can get in.
    let person = scene.newcomer().await?;
    scene.act(json!({"action": "rename", "id": person.id, "displayName": FORGED})).await?;
    scene.account(&person.id, |account| account.to_string().contains("canary-forged")).await.map(drop).or_else(
        |_| {
            // The platform may not keep display names.
            Ok::<(), Failure>(())
        },
    )?;
    let mut browser = Browser::new(scene);
    let begun = browser.begin().await?;
    let query = form(&[("error", FORGED), ("error_description", FORGED), ("state", &begun.member("state"))]);
    browser.get(&format!("{}?{query}", scene.at("/login/callback"))).await?;
    let claims =
        json!({"claims": {"name": FORGED, "email": FORGED, "sid": FORGED, "acct": FORGED}, "header": {"kid": FORGED}});
    Browser::new(scene).try_to_sign_in(&person.id, claims).await?;
    let claims = json!({"claims": {"name": FORGED, "email": FORGED, "sid": FORGED, "acct": FORGED}});
    Browser::new(scene).try_to_sign_in(&person.id, claims).await?;
    for name in [
        "state",
        "nonce",
        "login_hint",
        "ui_locales",
        "connection",
        "client_id",
        "redirect_uri",
        "scope",
        "prompt",
        FORGED,
    ] {
        Browser::new(scene).get(&Wish::by(scene, &scene.first).with(name, FORGED).url(scene)).await?;
    }
    for name in ["grant_type", "code", "client_id", "client_secret", "client_assertion", "refresh_token", FORGED] {
        scene.call("/token", &[("grant_type", "refresh_token"), (name, FORGED)]).await?;
    }
    let headers = [
        ("user-agent", "canary-forged {\"level\":\"ERROR\"}"),
        ("x-amzn-trace-id", "canary-forged"),
        ("accept-language", "canary-forged"),
    ];
    Browser::new(scene).send(Method::GET, &scene.at("/login/callback"), &headers, "").await?;
    Browser::new(scene)
        .get(&scene.at(&format!("/sign-in/{}", "canary-forged%0A%7B%22level%22%3A%22ERROR%22%7D")))
        .await?;
    for (path, text) in logs(scene)? {
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rollcall-"));
        if !is_ours {
            continue;
        }
        for line in text.lines().filter(|line| !line.is_empty()) {
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                return Err(format!("{} has a line that is none of ours: {line}", path.display()).into());
            };
            let is_forged = line
                .pointer("/fields/message")
                .or(line.get("message"))
                .is_some_and(|message| message == "canary-forged");
            if is_forged {
                return Err(format!("{} has a forged line", path.display()).into());
            }
        }
    }
    Ok(())
}

pub(crate) async fn e2_no_name_and_no_address_is_in_a_log(scene: &Scene) -> Done {
    let logs = logs(scene)?;
    for person in scene.first.people.iter().chain(&scene.other.people) {
        let attributes = person.all.get("attributes").and_then(Value::as_object).into_iter().flatten();
        let names =
            attributes.filter(|(name, _)| ["displayName", "userPrincipalName", "mail"].contains(&name.as_str()));
        let names = names.filter_map(|(_, value)| value.as_str()).chain([person.email.as_str()]);
        for name in names.filter(|name| name.len() >= 6) {
            if let Some((path, _)) = logs.iter().find(|(_, text)| text.contains(name)) {
                return Err(format!("{name} is in {}", path.display()).into());
            }
        }
    }
    Ok(())
}

pub(crate) async fn e1_no_secret_of_all_these_sign_ins_is_in_a_log_the_table_or_a_queue(scene: &Scene) -> Done {
    for canary in
        ["/rollcall/sign-in-key", "/rollcall/signing-keys", "/rollcall/platform-application", "/rollcall/admin-token"]
    {
        // Those that are JSON are looked for by each of their texts.
        let secret = scene.stack.aws().secret(canary).await?;
        let texts =
            serde_json::from_str::<Value>(&secret).map(|value| strings(&value)).unwrap_or_else(|_| vec![secret]);
        texts.iter().filter(|text| text.len() >= 40).for_each(|text| scene.is_secret(text));
    }
    let mut places: Vec<(String, String)> =
        logs(scene)?.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    // A token of any kind begins so.
    if let Some((place, _)) = places.iter().find(|(_, text)| text.contains("eyJ")) {
        return Err(format!("a token is in {place}").into());
    }
    places.push(("the table".to_owned(), Value::from(scene.items().await?).to_string()));
    let queues = scene.stack.aws().call("AmazonSQS.ListQueues", &json!({})).await?;
    for queue in queues.get("QueueUrls").and_then(Value::as_array).into_iter().flatten() {
        let request = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0});
        let messages = scene.stack.aws().call("AmazonSQS.ReceiveMessage", &request).await?;
        places.push((format!("queue {queue}"), messages.to_string()));
    }
    for client in scene.api.all("/clients").await? {
        places.push(("the clients, as the API shows them".to_owned(), client.to_string()));
    }
    let secrets = scene.secrets();
    println!("{} secrets are looked for in {} places", secrets.len(), places.len());
    if secrets.len() < 1_000 {
        return Err("the tests before this one have left few secrets: run it with all the others".into());
    }
    // Each text of a place that could be a secret, looked up among them: a search for each one would take minutes.
    let lengths: std::collections::BTreeSet<usize> = secrets.iter().map(String::len).collect();
    for (place, text) in &places {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.~".contains(c)));
        for word in words.filter(|word| word.len() >= 16) {
            let is_one = secrets.contains(word)
                || word.split('.').any(|part| lengths.contains(&part.len()) && secrets.contains(part));
            if is_one {
                return Err(format!("a secret of {} characters is in {place}", word.len()).into());
            }
        }
    }
    Ok(())
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(values) => values.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
