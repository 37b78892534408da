//! The router, in front of stand-ins for AWS: the admin token, no application of the platform, and an empty table.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::future::BoxFuture;
use rollcall_graph::{Cloud, HttpClient};
use rollcall_runtime::channel::TeamsChannel;
use rollcall_sign_in::seal::SealKey;
use rollcall_store::{Secrets, Table};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::job::Message;
use rollcall_sync::notice::Channels;
use rollcall_sync::notice::channel::ChannelHosts;
use rollcall_sync::ports::{Queue, QueueError};
use rollcall_sync::subscription::address::Addresses;
use serde_json::{Value, json};
use tower::ServiceExt;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::app::{App, router};

pub(super) const TOKEN: &str = "canary-admin-token";
const APPLICATION: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:platform-application";

pub(super) struct Stage {
    app: App,
    pub(super) aws: MockServer,
}

/// Nothing that these tests do may queue anything.
struct NoQueue;

impl Queue for NoQueue {
    fn send<'a>(&'a self, message: &'a Message, _: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        panic!("{message:?} was queued");
    }
}

/// Real channels, at these hosts.
pub(super) fn channels(secrets: &Secrets, hosts: ChannelHosts) -> Channels {
    let channel = Arc::new(TeamsChannel::new(hosts.clone()).unwrap());
    Channels { secrets: secrets.clone(), hosts, channel }
}

/// Answers an AWS JSON call.
async fn answers(aws: &MockServer, target: &str, answer: Value) {
    Mock::given(matchers::header("x-amz-target", target))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(aws)
        .await;
}

impl Stage {
    pub(super) async fn start() -> Self {
        let aws = MockServer::start().await;
        Mock::given(matchers::header("x-amz-target", "secretsmanager.GetSecretValue"))
            .and(matchers::body_partial_json(json!({ "SecretId": APPLICATION })))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "{}" })))
            .mount(&aws)
            .await;
        answers(&aws, "secretsmanager.GetSecretValue", json!({ "SecretString": TOKEN })).await;
        answers(&aws, "DynamoDB_20120810.GetItem", json!({})).await;
        answers(&aws, "DynamoDB_20120810.Query", json!({ "Items": [], "Count": 0, "ScannedCount": 0 })).await;
        answers(&aws, "secretsmanager.CreateSecret", json!({})).await;
        answers(&aws, "secretsmanager.PutSecretValue", json!({})).await;
        answers(&aws, "DynamoDB_20120810.PutItem", json!({})).await;
        let config = config(&aws.uri());
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), "rollcall/connection/")
            .with_application(APPLICATION);
        let app = App {
            channels: channels(&secrets, ChannelHosts::default()),
            table: Table::new(aws_sdk_dynamodb::Client::new(&config), "rollcall").with_cursor_key(b"key"),
            access: GraphAccess::new(HttpClient::new().unwrap(), Cloud::Global.origins(), secrets.clone()),
            secrets,
            queue: Arc::new(NoQueue),
            addresses: Addresses::new("https://api.example.com".parse().unwrap()),
            token: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-token".into(),
            application: APPLICATION.into(),
            seal: SealKey::new(&"key".into()),
            issuer: "https://login.example.com".into(),
        };
        Self { app, aws }
    }

    /// The routes.
    pub(super) fn router(&self) -> axum::Router {
        router(self.app.clone())
    }

    /// Sends a request as it stands.
    pub(super) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router().oneshot(request).await.unwrap()
    }

    /// Sends a request with the token, and JSON if there is a body.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<&str>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_owned()));
        let response = self.send(request.body(body).unwrap()).await;
        let status = response.status();
        (status, json_of(response).await)
    }
}

pub(super) async fn json_of(response: Response<Body>) -> Value {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() }
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
