//! The SDK's HTTP client, which leads here and not to the network.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::Value as Json;
use tokio::time::sleep;

use super::{Answer, Aws, NAMESPACE, What, answer, partly};
use crate::dynamodb::Refusal;

/// One client of an account.
#[derive(Clone, Debug)]
struct Client {
    aws: Aws,
    name: String,
}

impl Aws {
    /// A client of `DynamoDB` with this name, with the time limits and retries of the product.
    #[must_use]
    pub fn dynamodb(&self, name: &str) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config(name)).retry_partition(partition(name));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of Secrets Manager with this name, with the time limits and retries of the product.
    #[must_use]
    pub fn secrets_manager(&self, name: &str) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.config(name)).retry_partition(partition(name));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    fn config(&self, name: &str) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(5))
            .build();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .sleep_impl(super::sleep::Virtual)
            .time_source(self.inner.clock.clone())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .http_client(Client { aws: self.clone(), name: name.to_owned() })
            .build()
    }
}

/// Retries that are counted for this client alone: by default all clients of a process share one budget.
fn partition(name: &str) -> RetryPartition {
    RetryPartition::custom(name.to_owned()).token_bucket(TokenBucket::default()).build()
}

impl HttpClient for Client {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let (service, operation) = (service.to_owned(), operation.to_owned());
        let body = request.body().bytes().unwrap_or_default().to_vec();
        HttpConnectorFuture::new(self.clone().exchange(service, operation, body))
    }
}

impl Client {
    async fn exchange(self, service: String, operation: String, body: Vec<u8>) -> Result<HttpResponse, ConnectorError> {
        let fate = self.aws.inner.weather.fate(&self.name, &service, &operation);
        let (there, back, what) = (fate.there, fate.back, fate.what.clone());
        let sent = self.aws.inner.clock.now_millis();
        // What was sent arrives, whatever becomes of the sender.
        let arrival = tokio::spawn(async move {
            sleep(there).await;
            self.arrive((&service, &operation), &body, &what, sent)
        });
        let answer = arrival.await.map_err(|error| ConnectorError::other(error.into(), None))?;
        sleep(back).await;
        match fate.what {
            What::LoseAnswer => std::future::pending().await,
            What::BreakAfter | What::NoConnection => Err(ConnectorError::io("the connection broke".into())),
            _ => respond(answer),
        }
    }

    fn arrive(&self, call: (&str, &str), body: &[u8], what: &What, sent: i64) -> Answer {
        let operation = call.1;
        let serve = || self.aws.perform(&self.name, call, body, sent);
        match what {
            What::Serve | What::LoseAnswer | What::BreakAfter => serve(),
            What::NoConnection => Answer { status: 0, body: String::new() },
            What::Refuse { status, code } => answer(Err(Refusal::new(*status, code, "simulated")), NAMESPACE),
            What::Untouched => match partly::untouched(operation, body) {
                Some(body) => Answer { status: 200, body: body.to_string() },
                None => serve(),
            },
            What::Short => match partly::shortened(body) {
                Some(body) => self.aws.perform(&self.name, call, &body, sent),
                None => serve(),
            },
            What::Partly { code } => match (operation, partly::halved(operation, body)) {
                ("TransactWriteItems", _) => {
                    partly::cancelled(body, code).map_or_else(serve, |refusal| answer(Err(refusal), NAMESPACE))
                }
                (_, Some((half, member, left))) => {
                    let answer = self.aws.perform(&self.name, call, &half, sent);
                    with_member(answer, member, left)
                }
                _ => serve(),
            },
        }
    }
}

fn with_member(answer: Answer, member: &str, left: Json) -> Answer {
    match serde_json::from_str(&answer.body) {
        Ok(Json::Object(mut members)) if answer.status == 200 => {
            members.insert(member.to_owned(), left);
            Answer { body: Json::Object(members).to_string(), ..answer }
        }
        _ => answer,
    }
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
