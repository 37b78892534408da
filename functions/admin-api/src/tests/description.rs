//! The description is what the code says, and complete.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use super::stage::Stage;

/// The golden file: whoever changes the API sees it there, and so does the reviewer. `UPDATE=1 cargo test -p admin-api` writes it.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

async fn description() -> Value {
    let stage = Stage::start().await;
    stage.call(Method::GET, "/openapi.json", None).await.1
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "asks whether the golden file shall be written")]
async fn it_is_the_golden_file() {
    let text = serde_json::to_string_pretty(&description().await).unwrap() + "\n";
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == text, "openapi.json is not what the code says: run with UPDATE=1 and review the difference");
}

#[tokio::test]
async fn it_is_of_version_3_1_and_every_operation_tells_of_its_problems() {
    let api = description().await;
    assert_eq!(api["openapi"], "3.1.0");
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            let responses = &operation["responses"];
            let problem = &responses["default"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
            assert_eq!(responses.get("401").is_some(), path != "/health", "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn nothing_that_is_shown_has_a_secret_or_a_tenant_id() {
    let api = description().await;
    let mut open: Vec<&Value> = Vec::new();
    for item in api["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            open.extend(operation["responses"].as_object().into_iter().flat_map(|all| all.values()));
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let named = members.get("$ref").and_then(Value::as_str).filter(|name| seen.insert(*name));
                open.extend(named.map(|name| &api["components"]["schemas"][name.rsplit('/').next().unwrap()]));
                for name in ["client_secret", "private_key_pem", "certificate_pem", "tenant_id", "client_id", "url"] {
                    assert!(members.get("properties").is_none_or(|all| all.get(name).is_none()), "{name} is shown");
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(seen.len() > 10, "the schemas were not followed");
}
