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

/// What is shown all the same: what is made here, once, and the ids of the platform's own clients and application.
const SHOWN: &[(&str, &str)] = &[
    ("Client", "client_id"),
    ("ClientWithSecret", "client_secret"),
    ("NewClientSecret", "client_id"),
    ("NewClientSecret", "client_secret"),
    ("SignInRecord", "client_id"),
    ("ApplicationState", "client_id"),
    ("SetupLink", "url"),
    ("DelegationLink", "url"),
];

#[tokio::test]
async fn nothing_that_is_shown_has_a_secret_or_a_tenant_id() {
    let api = description().await;
    let mut open: Vec<(&str, &Value)> = Vec::new();
    for item in api["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            open.extend(operation["responses"].as_object().into_iter().flatten().map(|(_, response)| ("", response)));
        }
    }
    let mut seen = BTreeSet::new();
    while let Some((schema, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                let named = members.get("$ref").and_then(Value::as_str).filter(|name| seen.insert(*name));
                let named = named.and_then(|name| name.rsplit('/').next());
                open.extend(named.map(|name| (name, &api["components"]["schemas"][name])));
                for name in ["client_secret", "private_key_pem", "certificate_pem", "tenant_id", "client_id", "url"] {
                    let is_shown = members.get("properties").is_some_and(|all| all.get(name).is_some());
                    assert!(
                        !is_shown || SHOWN.contains(&(schema.trim_start_matches("Listing_"), name)),
                        "{name} is shown in {schema}"
                    );
                }
                open.extend(members.values().map(|member| (schema, member)));
            }
            Value::Array(items) => open.extend(items.iter().map(|item| (schema, item))),
            _ => {}
        }
    }
    assert!(seen.len() > 10, "the schemas were not followed");
}

/// A description and those of everything below, as one text.
fn told(api: &Value, schema: &Value) -> String {
    let mut text = schema["description"].as_str().unwrap_or_default().to_owned();
    if let Some(name) = schema["$ref"].as_str() {
        text += &told(api, &api["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    for variant in ["oneOf", "allOf"].iter().filter_map(|name| schema[name].as_array()).flatten() {
        text += &told(api, variant);
    }
    text
}

#[tokio::test]
async fn every_option_tells_its_default_and_what_it_destroys() {
    let api = description().await;
    let schemas = &api["components"]["schemas"];
    let rules = schemas["RulesChange"]["properties"].as_object().unwrap();
    assert_eq!(rules.len(), 12);
    let scopes = schemas["Scope"]["oneOf"].as_array().unwrap();
    assert_eq!(scopes.len(), 3);
    let options = scopes.iter().flat_map(|scope| scope["properties"].as_object().unwrap()).chain(rules);
    for (name, option) in options.filter(|(name, _)| *name != "type") {
        let text = told(&api, option);
        let needed = ["groups", "people"].contains(&name.as_str());
        assert!(needed || option.get("default").is_some(), "{name} has no default: {option}");
        let words = ["destroys", "lose", "loses access", "deleted", "replaces", "retired"];
        assert!(words.iter().any(|word| text.contains(word)), "{name} does not tell what it destroys: {text}");
    }
    for name in [
        "RulesChange",
        "AttributeRules",
        "Languages",
        "TeamRules",
        "ManagerTeams",
        "Adoption",
        "PhotoRules",
        "NewPreview",
    ] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name} refuses what it does not know");
        assert!(schemas[name].get("required").is_none(), "{name}");
    }
}
