//! The way to receivers: HTTP, or a receiver in the same process.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Takes what Graph posts, in the place of an HTTP server.
pub trait Receiver: fmt::Debug + Send + Sync {
    /// One `POST` to `url`, which may carry a `validationToken`. `None` when no connection came about.
    fn post(&self, url: String, body: String) -> Pin<Box<dyn Future<Output = Option<Received>> + Send + '_>>;
}

/// What a receiver answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The HTTP status.
    pub status: u16,
    /// The content type; empty when there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It did not come in time.
    Late,
    /// The connection failed.
    Broken,
}

/// How notifications leave the server.
#[derive(Clone, Debug)]
pub(crate) enum Post {
    /// Over the network.
    Http(reqwest::Client),
    /// To a receiver in this process.
    Here(Arc<dyn Receiver>),
}

impl Post {
    /// Posts once.
    pub(crate) async fn send(
        &self,
        url: &str,
        content_type: &str,
        body: &str,
        timeout: Duration,
    ) -> Result<Received, Unanswered> {
        match self {
            Self::Http(client) => over_http(client, url, content_type, body, timeout).await,
            Self::Here(receiver) => {
                let answer = tokio::time::timeout(timeout, receiver.post(url.to_owned(), body.to_owned())).await;
                answer.map_err(|_| Unanswered::Late)?.ok_or(Unanswered::Broken)
            }
        }
    }
}

async fn over_http(
    client: &reqwest::Client,
    url: &str,
    content_type: &str,
    body: &str,
    timeout: Duration,
) -> Result<Received, Unanswered> {
    let failed = |error: reqwest::Error| if error.is_timeout() { Unanswered::Late } else { Unanswered::Broken };
    let call = client.post(url).header("content-type", content_type).timeout(timeout).body(body.to_owned());
    let answer = call.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let content_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let body = answer.text().await.map_err(failed)?;
    Ok(Received { status, content_type, body })
}
