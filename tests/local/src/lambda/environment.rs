//! One execution environment: a process of the function, and the Runtime API that it asks for work.

use super::Invocation;
use super::runtime_api::{self, RuntimeApi};
use crate::error::{Error, Result};
use crate::http::serve;
use crate::process;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A process that serves one event at a time. It ends with this value.
#[derive(Debug)]
pub(super) struct Environment {
    child: Child,
    process: u32,
    api: Arc<RuntimeApi>,
    server: JoinHandle<()>,
    stop: watch::Receiver<bool>,
}

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The function answered.
    Answered(Bytes),
    /// The function reported an error.
    Failed(Bytes),
    /// The process ended or was killed.
    Exited(String),
    /// It took longer than it may.
    TimedOut,
}

impl Outcome {
    /// Whether the environment can serve another event.
    pub(super) const fn leaves_environment(&self) -> bool {
        matches!(self, Self::Answered(_) | Self::Failed(_))
    }

    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::Failed(_) => "failed",
            Self::Exited(_) => "exited",
            Self::TimedOut => "timed-out",
        }
    }
}

impl Environment {
    /// Starts a process with a Runtime API of its own. The sender kills it.
    pub(super) async fn start(mut command: Command, log: &Path) -> Result<(Self, watch::Sender<bool>)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Error::file("127.0.0.1:0"))?;
        let address = listener.local_addr().map_err(Error::file("127.0.0.1:0"))?;
        let api = Arc::new(RuntimeApi::default());
        let router = runtime_api::router(Arc::clone(&api));
        let server = serve(listener, router);
        let child = process::spawn(command.env("AWS_LAMBDA_RUNTIME_API", address.to_string()), log)?;
        let (stopper, stop) = watch::channel(false);
        let process = child.id().unwrap_or_default();
        Ok((Self { child, process, api, server, stop }, stopper))
    }

    pub(super) const fn process(&self) -> u32 {
        self.process
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Gives the process one event and waits for what becomes of it.
    pub(super) async fn run(&mut self, invocation: Invocation, timeout: Duration) -> Outcome {
        let outcome = self.api.offer(invocation, timeout);
        tokio::select! {
            // What the function managed to say counts, even when it ends right after.
            biased;
            outcome = outcome => match outcome {
                Ok(outcome) => outcome,
                Err(_) => Outcome::Exited("the runtime interface was closed".into()),
            },
            status = self.child.wait() => {
                Outcome::Exited(status.map_or_else(|error| error.to_string(), |status| format!("Runtime exited: {status}")))
            }
            () = told(&mut self.stop) => {
                let _ = self.child.kill().await;
                Outcome::Exited("killed".into())
            }
            () = tokio::time::sleep(timeout) => {
                let _ = self.child.kill().await;
                Outcome::TimedOut
            }
        }
    }

    /// The most memory that the process ever had resident, in KiB. Known on Linux.
    pub(super) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }
}

/// Waits until the environment is told to end.
async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could tell.
        std::future::pending::<()>().await;
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.server.abort();
    }
}
