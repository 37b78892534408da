//! The AWS emulator: one process, everything in memory, on a free loopback port.
//!
//! It takes any credentials and checks no signature, so its APIs are called with plain HTTP.

use crate::error::{Error, Result};
use crate::http::{Answer, Http};
use crate::json::text;
use crate::layout::Layout;
use crate::process;
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The region that everything is deployed to.
pub const REGION: &str = "eu-west-1";

/// Runs the emulator until our end of its standard input is closed: also when we are killed.
const LAUNCHER: &str = "\
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
runpy.run_module('ministack', run_name='__main__', alter_sys=True)
";

/// How long the emulator may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running emulator. It ends with this value.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    aws: Aws,
}

impl Emulator {
    /// Starts it, and waits until it answers. It hands each invocation of a function in `functions` to the address
    /// beside its name, instead of running it.
    ///
    /// # Errors
    /// It did not start.
    pub async fn start(layout: &Layout, functions: &BTreeMap<String, String>) -> Result<Self> {
        Self::launch(layout, functions, false).await
    }

    /// Starts one that keeps each call of an API in its `CloudTrail`, which takes memory.
    ///
    /// # Errors
    /// It did not start.
    pub async fn start_recording(layout: &Layout, functions: &BTreeMap<String, String>) -> Result<Self> {
        Self::launch(layout, functions, true).await
    }

    async fn launch(layout: &Layout, functions: &BTreeMap<String, String>, record_calls: bool) -> Result<Self> {
        let log = layout.log("emulator");
        let port = free_port()?;
        let temporary = layout.run().join("emulator");
        std::fs::create_dir_all(&temporary).map_err(Error::file(&temporary))?;
        let mut command = Command::new(layout.tool("python"));
        command
            .args(["-c", LAUNCHER])
            // Functions inherit what the emulator has, so it is given as little as it needs.
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &temporary)
            .env("TMPDIR", &temporary)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("MINISTACK_REGION", REGION)
            .env("CLOUDTRAIL_RECORDING", if record_calls { "1" } else { "0" })
            .env("CLOUDTRAIL_MAX_EVENTS", "50000")
            .env("LOG_LEVEL", "WARNING");
        for (function, address) in functions {
            command.env(format!("MINISTACK_LAMBDA_PROXY_{function}"), address);
        }
        let mut child = process::spawn(&mut command, &log)?;
        let aws = Aws::at(&format!("http://127.0.0.1:{port}"));
        let begun = Instant::now();
        while aws.health().await.is_err() {
            let ended = child.try_wait().ok().flatten().is_some();
            if ended || begun.elapsed() > PATIENCE {
                return Err(Error::NotReady { what: "the AWS emulator", seconds: begun.elapsed().as_secs(), log });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { child, aws })
    }

    /// Its APIs.
    pub const fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Its process.
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }
}

/// The emulator's APIs.
#[derive(Clone, Debug)]
pub struct Aws {
    url: String,
    http: Http,
}

impl Aws {
    /// The APIs of an emulator that runs already.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), http: Http::default() }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn health(&self) -> Result<Answer> {
        self.http.send(Method::GET, &format!("{}/_ministack/health", self.url), &[], Bytes::new()).await?.success()
    }

    /// Calls an API with a JSON protocol, such as `secretsmanager.GetSecretValue` or `DynamoDB_20120810.Scan`.
    ///
    /// # Errors
    /// It refused.
    pub async fn call(&self, target: &str, body: &Value) -> Result<Value> {
        let (service, version) = match target.rsplit_once('.').map_or(target, |(service, _)| service) {
            "DynamoDB_20120810" => ("dynamodb", "1.0"),
            "AmazonSQS" => ("sqs", "1.0"),
            "secretsmanager" => ("secretsmanager", "1.1"),
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" => ("cloudtrail", "1.1"),
            other => (other, "1.1"),
        };
        let authorization = authorization(service);
        let content = format!("application/x-amz-json-{version}");
        let headers = [("authorization", authorization.as_str()), ("content-type", &content), ("x-amz-target", target)];
        self.http.send(Method::POST, &format!("{}/", self.url), &headers, body.to_string().into()).await?.parse()
    }

    /// Calls an API with a REST protocol, such as Lambda's or Scheduler's.
    ///
    /// # Errors
    /// It refused.
    pub async fn rest(&self, service: &str, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let authorization = authorization(service);
        let headers = [("authorization", authorization.as_str())];
        let answer = self.http.json(method, &format!("{}{path}", self.url), &headers, body).await?.success()?;
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.parse() }
    }

    /// Fetches a file that the emulator serves, such as a function's code.
    ///
    /// # Errors
    /// It refused.
    pub async fn file(&self, url: &str) -> Result<Bytes> {
        Ok(self.http.send(Method::GET, url, &[], Bytes::new()).await?.success()?.body)
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// There is no such secret.
    pub async fn secret(&self, name: &str) -> Result<String> {
        let answer = self.call("secretsmanager.GetSecretValue", &serde_json::json!({"SecretId": name})).await?;
        Ok(text(&answer, "/SecretString").to_owned())
    }

    /// The mails that were sent, in their order.
    ///
    /// # Errors
    /// The emulator did not answer.
    pub async fn mails(&self) -> Result<Vec<Value>> {
        let url = format!("{}/_ministack/ses/messages", self.url);
        let answer: Value = self.http.send(Method::GET, &url, &[], Bytes::new()).await?.parse()?;
        // By account, and there is one.
        let accounts = answer.get("messages").and_then(Value::as_object);
        let mails = accounts.into_iter().flat_map(|accounts| accounts.values()).filter_map(Value::as_array);
        Ok(mails.flatten().cloned().collect())
    }
}

/// A port that nobody uses now.
///
/// # Errors
/// The machine has none.
pub fn free_port() -> Result<u16> {
    let failed = Error::file("127.0.0.1:0");
    let address = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(failed)
}

/// The emulator reads service and region from here, and nothing else.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20250101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
