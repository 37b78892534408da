//! The frame of every function's `main`.

use std::error::Error;
use std::process::ExitCode;

use crate::config::LogConfig;
use crate::telemetry;

/// Why a function could not start, or why its event loop ended.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Runs a function: starts logging, then `function` until it ends.
///
/// One thread is enough: an environment of Lambda has one invocation at a time, and the work is
/// waiting for others. If `function` fails, one line says why, and the process ends with code 1.
pub fn main<F: Future<Output = Result<(), StartError>>>(function: F) -> ExitCode {
    match run(function) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %error, "the function stops");
            ExitCode::FAILURE
        }
    }
}

fn run<F: Future<Output = Result<(), StartError>>>(function: F) -> Result<(), StartError> {
    let config = LogConfig::from_env();
    // A malformed level must not be the reason why nobody reads about it.
    telemetry::init(config.clone().unwrap_or(LogConfig { level: tracing::level_filters::LevelFilter::INFO }));
    config?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(function)
}
