//! A plain HTTP client without time limits: an invocation takes as long as it takes.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::Result;

/// The client. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Plain(Client<HttpConnector, Full<Bytes>>);

impl Plain {
    /// A client.
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
        let (head, body) = self.0.request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    /// Posts a body of JSON.
    pub(crate) async fn post(&self, url: &str, body: Bytes) -> Result<Response<Bytes>> {
        let request = Request::builder().method(Method::POST).uri(url).header("content-type", "application/json");
        self.send(request.body(Full::new(body))?).await
    }
}
