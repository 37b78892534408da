//! A Lambda for the machine: runs the deployed functions in warm environments.
//!
//! The emulator has an executor of its own for `provided.al2023`, but it starts a process for each invocation, gives the same
//! event again to a runtime that asks once more, and lets a function that logs much wait for ever. So it hands
//! invocations to us (its proxy hook), and we do as AWS does: the code comes from the emulator's Lambda API as it was
//! deployed, an environment serves one event at a time and is kept, output goes to a log, a function that takes longer than
//! its timeout is killed.

mod environment;
mod function;
mod runtime_api;

use crate::emulator::Aws;
use crate::error::{Error, Result};
use crate::http::serve;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use function::Function;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The largest event: what SQS and API Gateway can bring, and some air.
const LARGEST_EVENT: usize = 16 << 20;

/// Runs functions. Everything it started ends with it.
#[derive(Debug)]
pub struct FunctionHost {
    address: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    aws: OnceLock<Aws>,
    folders: Folders,
    functions: Mutex<BTreeMap<String, Arc<Function>>>,
}

/// Where the host keeps things.
#[derive(Clone, Debug)]
pub struct Folders {
    /// The stack's folder: code is unpacked and logs are written here.
    pub run: PathBuf,
    /// A Python, to unpack archives with.
    pub python: PathBuf,
}

/// What is known of one function's use.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Usage {
    /// Invocations that came to an end, well or not.
    pub invocations: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Environments that were started.
    pub cold_starts: u64,
    /// Peak resident memory of any environment, in KiB. Linux only; else 0.
    pub peak_kib: u64,
}

impl FunctionHost {
    /// Listens. Invocations wait until [`FunctionHost::connect`] says where the emulator is.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(folders: Folders) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Error::file("127.0.0.1:0"))?;
        let address = listener.local_addr().map_err(Error::file("127.0.0.1:0"))?;
        let shared = Arc::new(Shared { aws: OnceLock::new(), folders, functions: Mutex::default() });
        let router = Router::new()
            .route("/invoke/{function}", post(invoke))
            .layer(DefaultBodyLimit::max(LARGEST_EVENT))
            .with_state(Arc::clone(&shared));
        let server = serve(listener, router);
        Ok(Self { address: format!("http://{address}"), shared, server })
    }

    /// Where the emulator hands the invocations of a function to.
    pub fn address(&self, function: &str) -> String {
        format!("{}/invoke/{function}", self.address)
    }

    /// Says where the functions are deployed.
    pub fn connect(&self, aws: &Aws) {
        // A second call could only say the same.
        let _ = self.shared.aws.set(aws.clone());
    }

    /// Kills every environment of a function, wherever it is in its work. Gives the number of the killed.
    pub async fn kill(&self, function: &str) -> usize {
        let found = self.shared.functions.lock().await.get(function).cloned();
        found.map_or(0, |function| function.kill())
    }

    /// Lets a function's environments go as AWS does now and then: none in the middle of its work.
    pub async fn retire(&self, function: &str) {
        if let Some(function) = self.shared.functions.lock().await.get(function) {
            function.retire();
        }
    }

    /// How a function was used so far.
    pub async fn usage(&self, function: &str) -> Usage {
        let found = self.shared.functions.lock().await.get(function).cloned();
        found.map(|function| function.usage()).unwrap_or_default()
    }
}

impl Drop for FunctionHost {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One invocation, as the emulator hands it over.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    id: String,
    arn: String,
    trace: Option<String>,
    event: Bytes,
}

impl Invocation {
    fn new(headers: &HeaderMap, event: Bytes) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            id: text("x-amzn-lambda-request-id").unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            arn: text("x-amzn-lambda-function-arn").unwrap_or_default(),
            trace: text("x-amzn-trace-id"),
            event,
        }
    }
}

async fn invoke(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    event: Bytes,
) -> Response {
    let answer = match shared.function(&name).await {
        Ok(function) => function.invoke(Invocation::new(&headers, event)).await,
        Err(error) => Err(error.to_string().into()),
    };
    // The emulator takes any other status than 2xx for a function error.
    match answer {
        Ok(body) => (StatusCode::OK, body).into_response(),
        Err(body) => (StatusCode::INTERNAL_SERVER_ERROR, body).into_response(),
    }
}

impl Shared {
    async fn function(&self, name: &str) -> Result<Arc<Function>> {
        let mut functions = self.functions.lock().await;
        if let Some(function) = functions.get(name) {
            return Ok(Arc::clone(function));
        }
        let aws = self.aws.get().ok_or_else(|| Error::Story("the emulator is not known yet".into()))?;
        let function = Arc::new(Function::load(name, aws, &self.folders).await?);
        functions.insert(name.to_owned(), Arc::clone(&function));
        Ok(function)
    }
}
