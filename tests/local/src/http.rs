//! A small HTTP client for plain addresses on this machine.

use crate::error::{Error, Result};
use axum::Router;
use axum::serve::ListenerExt;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Nothing that this client asks for takes longer.
const LONGEST: Duration = Duration::from_secs(120);

/// The client. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Http {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build(connector()) }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    request: (String, String),
}

impl Http {
    /// Sends a request with these headers and this body.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn send(&self, method: Method, url: &str, headers: &[(&str, &str)], body: Bytes) -> Result<Answer> {
        let names = (method.to_string(), url.split('?').next().unwrap_or(url).to_owned());
        let failed = |reason: String| Error::Request { method: names.0.clone(), url: names.1.clone(), reason };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|error| failed(error.to_string()))?;
        let answer = tokio::time::timeout(LONGEST, async {
            let answer = self.client.request(request).await.map_err(|error| failed(causes(&error)))?;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(|error| failed(causes(&error)))?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body, request: names.clone() })
        });
        answer.await.unwrap_or_else(|_| Err(failed(format!("no answer within {} s", LONGEST.as_secs()))))
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn json(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut headers = headers.to_vec();
        let body = body.map_or_else(Bytes::new, |body| {
            headers.push(("content-type", "application/json"));
            Bytes::from(body.to_string())
        });
        self.send(method, url, &headers, body).await
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Itself, when the status says success.
    ///
    /// # Errors
    /// Any other status.
    pub fn success(self) -> Result<Self> {
        if self.status.is_success() { Ok(self) } else { Err(self.unexpected()) }
    }

    /// The body of a success as JSON.
    ///
    /// # Errors
    /// Another status, or a body that is not this JSON.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T> {
        let answer = self.success()?;
        serde_json::from_slice(&answer.body).map_err(|_| answer.unexpected())
    }

    /// This answer as an error.
    pub fn unexpected(&self) -> Error {
        Error::Answer {
            method: self.request.0.clone(),
            url: self.request.1.clone(),
            status: self.status.as_u16(),
            body: self.text().chars().take(600).collect(),
        }
    }
}

/// Sends small packets at once. By default the system waits for more to send, which costs 40 ms a request.
pub(crate) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector
}

/// Serves a router until the task is aborted; answers leave at once too.
pub(crate) fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    let listener = listener.tap_io(|connection| {
        // Without it answers come late, and are right all the same.
        let _ = connection.set_nodelay(true);
    });
    tokio::spawn(async move {
        // It only ends when the task does.
        let _ = axum::serve(listener, router).await;
    })
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
