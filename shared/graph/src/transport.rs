//! The way to the network, as narrow as this crate needs it.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::time::Instant;

/// Carries one HTTP exchange. [`HttpClient`](crate::HttpClient) is the real one; a simulation can bring its own.
pub trait Transport: Send + Sync {
    /// Sends `request` once and reads the whole answer, within this transport's limits and never past `until`.
    /// No redirect is followed, and nothing is retried.
    fn send(
        &self,
        request: http::Request<Bytes>,
        until: Option<Instant>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;
}

/// Why there is no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection came about, so the request was not sent.
    #[error("no connection")]
    Connect,
    /// The connection broke after the request was sent, or the answer was cut short.
    #[error("the connection broke")]
    Broken,
    /// A limit of time ran out.
    #[error("no answer in time")]
    Timeout,
    /// The body is larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
}

/// The limits of one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the start to an open connection.
    pub connect: Duration,
    /// From the start to the last header of the answer.
    pub headers: Duration,
    /// From the start to the last byte of the body.
    pub total: Duration,
    /// The largest body, in bytes after decompression.
    pub body: usize,
}

impl Default for Limits {
    /// Connection 5 s, headers 15 s, all 60 s, 16 MiB: a page of 999 people has about 1 MiB, the largest that was
    /// ever seen 5 MB.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            headers: Duration::from_secs(15),
            total: Duration::from_secs(60),
            body: 16 * 1024 * 1024,
        }
    }
}
