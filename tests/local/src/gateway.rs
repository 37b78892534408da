//! The API at a plain `http://127.0.0.1:PORT`.
//!
//! The emulator serves an HTTP API below a host name that does not resolve everywhere. This forwards each request to
//! it as it is, bodies as streams, and is also the address that the tenant sends notifications to.

use crate::emulator::Aws;
use crate::error::{Error, Result};
use crate::http::{connector, serve};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, HOST, HeaderMap, TRANSFER_ENCODING, UPGRADE};
use http::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The gateway. It stops with this value.
#[derive(Debug)]
pub struct Gateway {
    url: String,
    target: Arc<OnceLock<String>>,
    server: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Forwarder {
    client: Client<HttpConnector, Body>,
    target: Arc<OnceLock<String>>,
}

impl Gateway {
    /// Listens on this port of the loopback interface; 0 takes a free one. It answers 503 until it knows its target.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|_| Error::PortTaken(port))?;
        let address = listener.local_addr().map_err(|_| Error::PortTaken(port))?;
        let target = Arc::new(OnceLock::new());
        let client = Client::builder(TokioExecutor::new()).build(connector());
        let router = Router::new().fallback(forward).with_state(Forwarder { client, target: Arc::clone(&target) });
        let server = serve(listener, router);
        Ok(Self { url: format!("http://{address}"), target, server })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Forwards to this HTTP API from now on.
    pub fn connect(&self, aws: &Aws, api: &str) {
        // A second call could only say the same.
        let _ = self.target.set(format!("{}/_aws/execute-api/{api}/$default", aws.url()));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(forwarder): State<Forwarder>, mut request: Request<Body>) -> Response {
    let Some(target) = forwarder.target.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the stack is not deployed yet\n").into_response();
    };
    let path = routable(request.uri().path());
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("{target}{path}{query}").parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = uri;
    // The client writes its own host; the rest of these speak of one connection only.
    request.headers_mut().remove(HOST);
    remove_hop_headers(request.headers_mut());
    match forwarder.client.request(request).await {
        Ok(mut answer) => {
            remove_hop_headers(answer.headers_mut());
            answer.map(Body::new)
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

/// The emulator's `{proxy+}` stops at a line feed, so that a path with one matches no route; API Gateway's does not. Such a
/// line feed goes on as the text `%0A`, which is as little an id.
fn routable(path: &str) -> String {
    path.replace("%0A", "%250A").replace("%0a", "%250A")
}

fn remove_hop_headers(headers: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

#[cfg(test)]
mod tests {
    use super::routable;

    #[test]
    fn a_line_feed_in_a_path_stays_routable_and_all_else_stays_as_it_is() {
        assert_eq!(routable("/connections/a%0Ab%0ac"), "/connections/a%250Ab%250Ac");
        assert_eq!(routable("/connections/%C3%A9%20%2F"), "/connections/%C3%A9%20%2F");
    }
}
