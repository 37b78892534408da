//! Takes what Graph sends to the address of subscriptions: without a receiver none could be created.

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;

/// The receiver. It stops with this value.
pub(crate) struct Receiver {
    url: String,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(receive);
        let server = tokio::spawn(async move {
            // It serves until the task is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, server })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Graph's handshake wants its token back as plain text (Graph page "Receive change notifications through webhooks").
async fn receive(Query(query): Query<Vec<(String, String)>>) -> Response {
    match query.into_iter().find(|(name, _)| name == "validationToken") {
        Some((_, token)) => token.into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}
