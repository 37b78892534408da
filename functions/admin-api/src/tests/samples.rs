//! Every sample event is what API Gateway sends, and finds its route.

use std::path::Path;

use lambda_http::request::LambdaRequest;
use lambda_http::{Body as LambdaBody, http};

use super::stage::{Stage, TOKEN};

fn events() -> Vec<(String, http::Request<LambdaBody>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/admin-api");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap().replace("ADMIN-TOKEN", TOKEN);
        let event: LambdaRequest = serde_json::from_str(&text).unwrap();
        found.push((path.file_stem().unwrap().to_string_lossy().into_owned(), event.into()));
    }
    found
}

#[tokio::test]
async fn each_is_answered_as_an_empty_table_must() {
    let stage = Stage::start().await;
    let events = events();
    assert!(events.len() >= 8);
    for (name, event) in events {
        let (parts, body) = event.into_parts();
        let body = axum::body::Body::from(body.to_vec());
        let status = stage.send(http::Request::from_parts(parts, body)).await.status().as_u16();
        let expected = match name.as_str() {
            "health" | "openapi" | "list-connections" | "list-clients" | "read-application" => 200,
            "set-application" => 204,
            "create-connection" | "create-client" => 201,
            "wrong-token" => 401,
            "create-connection-invalid" => 400,
            // There is no such connection, and no such client.
            _ => 404,
        };
        assert_eq!(status, expected, "{name}");
    }
}

#[tokio::test]
async fn an_event_that_makes_no_request_is_refused() {
    let stage = Stage::start().await;
    let sample = include_str!("../../../../events/admin-api/create-connection.json").replace("ADMIN-TOKEN", TOKEN);
    for (pointer, broken) in [
        ("/body", "no base64"),
        ("/body", "e30"),
        ("/rawQueryString", "a=\u{0} <b>"),
        ("/headers/host", "a b"),
        ("/headers/host", "\u{200b}:x"),
    ] {
        let mut event: serde_json::Value = serde_json::from_str(&sample).unwrap();
        event["isBase64Encoded"] = true.into();
        *event.pointer_mut(pointer).unwrap() = broken.into();
        let event: LambdaRequest = serde_json::from_value(event).unwrap();
        let event = lambda_http::LambdaEvent::new(event, lambda_http::Context::default());
        let answer = crate::event::answer(&stage.router(), event).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        assert_eq!(answer["statusCode"], 400, "{pointer} {broken}");
        assert_eq!(answer["headers"]["content-type"], "application/problem+json", "{answer}");
        assert_eq!(answer["headers"]["x-content-type-options"], "nosniff");
    }
}
