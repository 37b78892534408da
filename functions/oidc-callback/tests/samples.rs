//! Every sample event is what API Gateway sends, and has a route of this function in the template.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not see as such")]

use std::collections::BTreeSet;
use std::path::Path;

use lambda_http::request::LambdaRequest;
use lambda_http::{Request, http::Method};
use serde_json::Value;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The route keys that lead to this function.
fn routes() -> BTreeSet<String> {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let blocks = template.split("Type: AWS::ApiGatewayV2::Route");
    let ours = blocks.filter(|block| block.split("\n\n").next().unwrap().contains("${OidcCallbackIntegration}"));
    let key = |block: &str| block.split("RouteKey: ").nth(1)?.lines().next().map(str::to_owned);
    ours.filter_map(key).collect()
}

#[test]
fn each_sample_is_a_request_to_a_route_of_the_template() {
    let routes = routes();
    assert!(routes.len() >= 15, "{routes:?}");
    let mut used = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("events/oidc-callback")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let event: LambdaRequest = serde_json::from_str(&text).unwrap();
        let request = Request::from(event);
        let key = value["routeKey"].as_str().unwrap().to_owned();
        assert!(routes.contains(&key), "{} is for {key}", path.display());
        assert_eq!(request.uri().path(), value["rawPath"].as_str().unwrap());
        assert!([Method::GET, Method::POST].contains(request.method()));
        used.insert(key);
    }
    assert_eq!(used, routes, "a route without a sample");
}
