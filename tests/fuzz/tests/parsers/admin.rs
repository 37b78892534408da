//! Events of API Gateway, as the admin API gets them: path, query, headers, body, page cursors.

use std::sync::LazyLock;

use admin_api::event::Event;
use fuzz::aws::TOKEN;
use fuzz::memory::bounded;
use fuzz::reading::{CANARY, has_name};
use serde_json::Value;

use crate::admin_stage::Stage;
use crate::{BLIND_EVENTS, target};

target!(
    /// A request, and its answer.
    events, BLIND_EVENTS, event
);

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

fn event(input: &[u8]) {
    let stage = &*STAGE;
    let Ok(event) = serde_json::from_slice::<Event>(input) else { return };
    // A panic that is caught loads the names of functions, which is most of this.
    let answer = bounded(input, 64 << 20, 400, || stage.answer(event));
    let request = serde_json::from_slice::<Value>(input).unwrap_or_default();
    let status = answer["statusCode"].as_u64().unwrap();
    let header = |name: &str| answer["headers"][name].as_str().unwrap_or_default();
    assert!((200..500).contains(&status) || status == 503, "{status} {answer}");
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff", "no-store"));
    let body = answer["body"].as_str().unwrap_or_default();
    if status >= 400 {
        check_problem(&request, status, body);
    }
    let open = ["/health", "/openapi.json"].iter().any(|path| request["rawPath"] == *path);
    if !open && !has_token(&request) {
        assert!(matches!(status, 400 | 401 | 404 | 405), "{status}");
    }
    assert!(!body.contains(TOKEN) && !body.contains("not a real secret"), "no secret comes back");
}

/// Whether the token stands anywhere in the headers. Their names are of any case.
fn has_token(request: &Value) -> bool {
    request["headers"].to_string().contains(TOKEN)
        || request["multiValueHeaders"].to_string().contains(TOKEN)
        || request["requestContext"].to_string().contains(TOKEN)
}

fn check_problem(request: &Value, status: u64, body: &str) {
    if body.is_empty() {
        // The answer to a HEAD.
        return;
    }
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().starts_with("urn:rollcall:problem:"));
    let sent: Value = request["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    // The path of a wrong member is told, so its name is; and so is the name of a parameter.
    let named = has_name(&sent, CANARY) || request["rawQueryString"].to_string().contains(CANARY);
    assert!(named || !body.contains(CANARY), "a value is not repeated: {body}");
}

/// Without this the target would never get beyond the token.
#[test]
fn the_samples_reach_what_is_behind_the_token() {
    let samples = crate::samples("admin::events");
    let mut found: Vec<u64> = samples
        .all()
        .filter_map(|sample| serde_json::from_slice::<Event>(sample).ok())
        .map(|event| STAGE.answer(event)["statusCode"].as_u64().unwrap())
        .collect();
    found.sort_unstable();
    assert!(found.iter().filter(|status| **status < 300).count() >= 8, "{found:?}");
}
