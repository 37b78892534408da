//! What is refused, and how.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use wiremock::{Mock, ResponseTemplate, matchers};

use super::stage::{Stage, TOKEN, json_of};

const ID: &str = "0192f0c4-7a31-7c52-9d1b-6a3f0e5b8d20";

const NEW: &str = r#"{"name":"Contoso","tenant_id":"84bd8158-6d4d-4958-8b9f-9d6445542f95",
 "credential":{"type":"client_secret","client_id":"84bd8158-6d4d-4958-8b9f-9d6445542f95","client_secret":"canary-secret"},
 "scope":{"type":"everyone"},"owners":["it@contoso.com"]}"#;

fn get(path: &str, authorization: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn without_the_token_every_route_gives_the_same_answer() {
    let stage = Stage::start().await;
    let wrong = format!("Bearer {TOKEN}x");
    let mut answers = Vec::new();
    for path in
        ["/connections", &format!("/connections/{ID}"), &format!("/connections/{ID}/runs/{ID}"), "/connections/x"]
    {
        for authorization in [None, Some("Bearer"), Some("Bearer "), Some(wrong.as_str()), Some("Basic Y2FuYXJ5")] {
            let response = stage.send(get(path, authorization)).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
            answers.push(json_of(response).await);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let in_query = stage.send(get(&format!("/connections?access_token={TOKEN}"), None)).await;
    assert_eq!(in_query.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn health_and_description_are_open() {
    let stage = Stage::start().await;
    for path in ["/health", "/openapi.json"] {
        let response = stage.send(get(path, None)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let stage = Stage::start().await;
    let connection = format!("/connections/{ID}");
    let huge = format!(r#"{{"name":"{}"}}"#, "x".repeat(300 * 1024));
    for (method, path, body, status) in [
        (Method::GET, "/nowhere", None, 404),
        (Method::GET, "/connections/no-id", None, 404),
        (Method::GET, connection.as_str(), None, 404),
        (Method::GET, "/connections?limit=0", None, 400),
        (Method::GET, "/connections?limit=201", None, 400),
        (Method::GET, "/connections?limit=x", None, 400),
        (Method::GET, "/connections?limit=1&limit=2", None, 400),
        (Method::GET, "/connections?cursor=AAAA", None, 400),
        (Method::GET, "/connections?more=1", None, 400),
        (Method::PUT, "/connections", None, 405),
        (Method::POST, "/health", None, 405),
        (Method::POST, "/connections", Some("{"), 400),
        (Method::POST, "/connections", Some("{}"), 400),
        (Method::POST, "/connections", Some(""), 400),
        (Method::POST, "/connections", Some("[]"), 400),
        (Method::POST, "/connections", Some(huge.as_str()), 413),
        (Method::PATCH, connection.as_str(), Some(r#"{"tenant_id":"x"}"#), 400),
        (Method::PATCH, connection.as_str(), Some(r#"{"name":"x"}"#), 404),
    ] {
        let (found, problem) = stage.call(method.clone(), path, body).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {problem}");
        assert_eq!(problem["status"], status, "{method} {path}");
        let kind = problem["type"].as_str().unwrap();
        assert!(kind.starts_with("urn:rollcall:problem:"), "{method} {path}");
        assert!(problem["title"].is_string() && problem["detail"].is_string());
    }
}

#[tokio::test]
async fn a_problem_has_its_media_type_and_a_wrong_method_is_told_the_right_ones() {
    let stage = Stage::start().await;
    let response = stage.send(get("/nowhere", None)).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let mut request = get("/connections", Some(&format!("Bearer {TOKEN}")));
    *request.method_mut() = Method::PUT;
    let response = stage.send(request).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "GET,HEAD,POST");
}

#[tokio::test]
async fn json_that_is_not_called_json_is_refused() {
    let stage = Stage::start().await;
    for media_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")] {
        let mut request = Request::post("/connections").header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let response = stage.send(request.body(Body::from(NEW)).unwrap()).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media_type:?}");
    }
}

#[tokio::test]
async fn a_wrong_part_is_named_and_no_secret_comes_back() {
    let stage = Stage::start().await;
    for (from, to, field) in [
        (r#""name":"Contoso""#, r#""name":"""#, "name"),
        (r#""tenant_id":"84bd8158-6d4d-4958-8b9f-9d6445542f95""#, r#""tenant_id":"canary""#, "tenant_id"),
        (r#"["it@contoso.com"]"#, r#"["canary"]"#, "owners[0]"),
        (r#""client_secret":"canary-secret""#, r#""client_secret":{"canary":1}"#, "credential"),
        (r#""type":"client_secret""#, r#""type":"canary""#, "credential.type"),
        (r#"{"type":"everyone"}"#, r#"{"type":"groups","groups":[]}"#, "scope"),
        (r#""name":"Contoso""#, r#""name":"Contoso","status":"active""#, "status"),
    ] {
        let (status, problem) = stage.call(Method::POST, "/connections", Some(&NEW.replace(from, to))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{to}");
        let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field.split('.').next().unwrap()), "{to}: {problem}");
        assert!(!problem.to_string().contains("canary"), "{problem}");
    }
}

#[tokio::test]
async fn trouble_behind_the_api_is_told_without_its_inside() {
    let stage = Stage::start().await;
    stage.aws.reset().await;
    let answer = ResponseTemplate::new(400).set_body_json(serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "canary"
    }));
    Mock::given(matchers::any()).respond_with(answer).mount(&stage.aws).await;
    let (status, problem) = stage.call(Method::GET, "/connections", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!problem.to_string().contains("canary"), "{problem}");
    assert_eq!(problem["detail"], Value::from("Something behind this API does not answer. Try again in some seconds."));
}
