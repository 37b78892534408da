//! The real AWS clients over a connection that leads nowhere: a table without conditions, and a few secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use serde_json::{Value, json};

/// The admin token.
pub const TOKEN: &str = "ADMIN-TOKEN";

/// How many calls get the answer that is told.
const ANSWERS: u32 = 40;

/// What is kept. Clones are the same.
#[derive(Clone, Default)]
pub struct Aws(Arc<Mutex<Kept>>);

#[derive(Clone, Default)]
struct Kept {
    items: BTreeMap<String, Value>,
    secrets: BTreeMap<String, Value>,
    /// What reading calls answer, where that is told, and how many of them.
    answer: Option<(Vec<u8>, u32)>,
    calls: u64,
}

/// What was kept at some time.
#[derive(Clone)]
pub struct Saved(Kept);

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aws")
    }
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Saved")
    }
}

impl Aws {
    /// The configuration of clients that talk to it.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "fuzz");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.client())
            .build()
    }

    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// What is kept now.
    #[must_use]
    pub fn save(&self) -> Saved {
        Saved(self.kept(|kept| kept.clone()))
    }

    /// Goes back to what was kept.
    pub fn restore(&self, saved: &Saved) {
        self.kept(|kept| *kept = saved.0.clone());
    }

    /// Puts one id in the place of another, wherever it stands.
    pub fn rename(&self, from: &str, to: &str) {
        let renamed = |kept: &BTreeMap<String, Value>| {
            let text = serde_json::to_string(kept).unwrap_or_default().replace(from, to);
            serde_json::from_str(&text).unwrap_or_default()
        };
        self.kept(|kept| {
            kept.items = renamed(&kept.items);
            kept.secrets = renamed(&kept.secrets);
        });
    }

    /// The next reading calls answer this, the rest that there is nothing: a table that always has more has no end.
    pub fn answer_with(&self, body: &[u8]) {
        self.kept(|kept| kept.answer = Some((body.to_vec(), ANSWERS)));
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.kept(|kept| kept.calls)
    }

    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let call = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        let (status, answer) = self.kept(|kept| kept.answer(&call, &body));
        let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None));
        HttpConnectorFuture::ready(status.map(|status| HttpResponse::new(status, answer.into())))
    }
}

impl Kept {
    fn answer(&mut self, call: &str, body: &Value) -> (u16, Vec<u8>) {
        self.calls += 1;
        if let (Some((answer, left @ 1..)), "GetItem" | "Query" | "BatchGetItem") = (&mut self.answer, call) {
            *left -= 1;
            return (200, answer.clone());
        }
        let answer = match call {
            "GetItem" => match self.items.get(&key(&body["Key"])) {
                Some(item) => json!({"Item": item}),
                None => json!({}),
            },
            "Query" => {
                let partition = &body["ExpressionAttributeValues"][":pk"];
                let items: Vec<&Value> = self.items.values().filter(|item| item["pk"] == *partition).collect();
                json!({"Items": items, "Count": items.len(), "ScannedCount": items.len()})
            }
            "PutItem" => {
                self.items.insert(key(&body["Item"]), body["Item"].clone());
                json!({})
            }
            "BatchGetItem" => json!({"Responses": {}, "UnprocessedKeys": {}}),
            "GetSecretValue" => match self.secret(body) {
                Some(secret) => json!({"SecretString": secret}),
                None => return (400, br#"{"__type":"ResourceNotFoundException"}"#.to_vec()),
            },
            "CreateSecret" => {
                self.secrets.insert(text(&body["Name"]), body["SecretString"].clone());
                json!({})
            }
            _ => json!({}),
        };
        (200, answer.to_string().into_bytes())
    }

    fn secret(&self, body: &Value) -> Option<Value> {
        let name = text(&body["SecretId"]);
        if name.contains("admin-token") { Some(TOKEN.into()) } else { self.secrets.get(&name).cloned() }
    }
}

fn key(item: &Value) -> String {
    format!("{} {}", item["pk"]["S"], item["sk"]["S"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
