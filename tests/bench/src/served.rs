//! Something that is served over HTTP while it is measured.

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;

/// A server. It stops with this value.
pub(crate) struct Served {
    url: String,
    server: JoinHandle<()>,
}

impl Served {
    /// Listens on a free port.
    pub(crate) async fn start(router: Router) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
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

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}
