//! Malformed requests and events: a clear error, never ours, and never a crash.

use http::{Method, StatusCode};
use local::Stack;
use local::http::Http;
use local::platform::AdminApi;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Done;

pub(crate) async fn no_request_to_the_api_without_the_token_gets_in(stack: &Stack) -> Done {
    let token = stack.admin_token();
    let (head, cut) = (format!("Bearer {token}x"), format!("Bearer {}", &token.get(1..).unwrap_or_default()));
    let wrong = ["", "Bearer", "Bearer ", "Basic YTpi", head.as_str(), cut.as_str()];
    let mut bodies = std::collections::BTreeSet::new();
    for value in wrong {
        for path in ["/connections", &format!("/connections/{}", Uuid::nil())] {
            let url = format!("{}{path}", stack.url());
            let answer = Http::default().send(Method::GET, &url, &[("authorization", value)], "".into()).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Err(format!("{value:?} got {} from {path}", answer.status).into());
            }
            bodies.insert(answer.text());
        }
    }
    if bodies.len() == 1 { Ok(()) } else { Err(format!("the refusals differ: {bodies:?}").into()) }
}

fn malformed() -> Vec<Value> {
    let connection = json!({
        "name": "Bad", "tenant_id": Uuid::nil(), "scope": {"type": "everyone"}, "owners": [],
        "credential": {"type": "client_secret", "client_id": Uuid::nil(), "client_secret": "x"},
    });
    let with = |path: &str, value: Value| {
        let mut changed = connection.clone();
        if let Some(object) = changed.as_object_mut() {
            object.insert(path.to_owned(), value);
        }
        changed
    };
    vec![
        json!(null),
        json!([]),
        json!({}),
        with("status", json!("active")),
        with("id", json!(Uuid::nil())),
        with("name", json!("")),
        with("name", json!("x".repeat(100_000))),
        with("tenant_id", json!("../../users")),
        with("tenant_id", json!({"$gt": ""})),
        with("scope", json!({"type": "groups", "groups": []})),
        with("scope", json!({"type": "groups", "groups": ["not an id"]})),
        with("scope", json!({"type": "nobody"})),
        with("owners", json!(["a@b.c\r\nBcc: evil@example.com"])),
        with("owners", json!("a@example.com")),
        with("limits", json!({"people": -1})),
        with("limits", json!({"percent": 1e300})),
        with("sync_every_hours", json!(0)),
        with(
            "credential",
            json!({"type": "certificate", "client_id": "x", "certificate_pem": "no", "private_key_pem": "no"}),
        ),
    ]
}

/// Each is refused with a problem document (RFC 9457) that says what is wrong.
pub(crate) async fn no_malformed_request_to_the_api_is_our_error(stack: &Stack) -> Done {
    let api = AdminApi::new(stack.url(), stack.admin_token());
    for body in malformed() {
        let answer = api.send(Method::POST, "/connections", Some(&body)).await?;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let shown: String = body.to_string().chars().take(200).collect();
        if !answer.status.is_client_error() || problem.get("title").is_none() {
            return Err(format!("{shown} got {} {}", answer.status, answer.text()).into());
        }
    }
    for path in [
        "/connections/not-an-id",
        "/connections?limit=0",
        "/connections?limit=x",
        "/connections?cursor=%00",
        "/connections?unknown=1",
        "/nowhere",
        &format!("/connections/{}", Uuid::nil()),
        &format!("/connections/{}/users/{}", Uuid::nil(), "%2e%2e%2f"),
    ] {
        let answer = api.send(Method::GET, path, None).await?;
        if !answer.status.is_client_error() {
            return Err(format!("{path} got {} {}", answer.status, answer.text()).into());
        }
    }
    Ok(())
}

/// A function answers a malformed event with an error or an outcome of its own, and does not panic; then it still works.
pub(crate) async fn no_malformed_event_brings_a_function_down(stack: &Stack) -> Done {
    let events = [
        json!(null),
        json!([]),
        json!({}),
        json!("x"),
        json!({"job": "erase"}),
        json!({"Records": [{"messageId": "1", "body": "not json"}]}),
        json!({"Records": [{"messageId": "1", "body": "{\"version\":99,\"connection\":\"00000000-0000-0000-0000-000000000000\",\"job\":{\"kind\":\"purge\"}}"}]}),
        json!({"Records": [{}]}),
        json!({"Records": "x"}),
        json!({"version": "2.0", "rawPath": "/webhooks/graph", "requestContext": {"http": {"method": "POST"}}, "body": 7}),
    ];
    for function in ["webhook", "scheduled-sync", "sync-worker", "renew-subscriptions", "admin-api"] {
        let name = format!("rollcall-{function}");
        for event in &events {
            let path = format!("/2015-03-31/functions/{name}/invocations");
            // Refused or answered, both are fine: what counts is the log, and that the function goes on.
            let _ = stack.aws().rest("lambda", Method::POST, &path, Some(event)).await;
        }
    }
    let panicked: Vec<String> =
        logs(stack)?.into_iter().filter(|(_, text)| text.contains("panicked")).map(|(name, _)| name).collect();
    if !panicked.is_empty() {
        return Err(format!("panics in {panicked:?}").into());
    }
    let answer = AdminApi::new(stack.url(), stack.admin_token()).get("/connections").await?;
    if answer.get("items").is_some() { Ok(()) } else { Err("the API does not answer any more".into()) }
}

/// Logs of everything that the stack started, by their file's name.
pub(crate) fn logs(stack: &Stack) -> Result<Vec<(String, String)>, std::io::Error> {
    let mut found = Vec::new();
    let mut folders = vec![stack.layout().run().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                found.push((path.display().to_string(), String::from_utf8_lossy(&std::fs::read(&path)?).into_owned()));
            }
        }
    }
    Ok(found)
}
