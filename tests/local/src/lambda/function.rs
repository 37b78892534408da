//! One deployed function: its code, its settings, its environments.

use super::environment::{Environment, Outcome};
use super::{Folders, Invocation, Usage};
use crate::emulator::{Aws, REGION};
use crate::error::{Error, Result};
use crate::json::{number, text};
use crate::process;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::Semaphore;

/// Environments of one function at the same time. More than the machine has cores, because they mostly wait.
const CONCURRENCY: usize = 8;

/// A deployed function.
#[derive(Debug)]
pub(super) struct Function {
    name: String,
    settings: Settings,
    bootstrap: PathBuf,
    log: PathBuf,
    reports: PathBuf,
    free: Semaphore,
    state: Mutex<Pool>,
}

/// What the deployment says about it.
#[derive(Debug)]
struct Settings {
    timeout: Duration,
    memory: u64,
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Environment>,
    /// Environments that were started before the last retirement serve nobody any more.
    generation: u64,
    /// Process ids of all environments, the busy ones too.
    processes: BTreeMap<u32, tokio::sync::watch::Sender<bool>>,
    usage: Usage,
}

impl Function {
    /// Fetches code and settings from the emulator.
    pub(super) async fn load(name: &str, aws: &Aws, folders: &Folders) -> Result<Self> {
        let path = format!("/2015-03-31/functions/{name}");
        let found = aws.rest("lambda", Method::GET, &path, None).await?;
        let archive = aws.file(text(&found, "/Code/Location")).await?;
        let bootstrap = unpack(name, &archive, folders).await?;
        Ok(Self {
            name: name.to_owned(),
            settings: Settings::of(&found),
            bootstrap,
            log: folders.run.join(format!("{name}.log")),
            reports: folders.run.join("invocations.log"),
            free: Semaphore::new(CONCURRENCY),
            state: Mutex::default(),
        })
    }

    /// Runs one event to its end: the answer, or the error as the runtime or we word it.
    pub(super) async fn invoke(&self, invocation: Invocation) -> std::result::Result<Bytes, Bytes> {
        let Ok(_permit) = self.free.acquire().await else { return Err(error_body("Sandbox.Closed", "closed")) };
        let begun = Instant::now();
        let (idle, generation) = self.pool(|pool| {
            // One that died while it was idle is nobody's error.
            pool.idle.retain_mut(Environment::is_alive);
            (pool.idle.pop(), pool.generation)
        });
        let cold = idle.is_none();
        let mut environment = match idle {
            Some(environment) => environment,
            None => match self.start().await {
                Ok(environment) => environment,
                Err(error) => return Err(error_body("Runtime.InvalidEntrypoint", &error.to_string())),
            },
        };
        let id = invocation.id.clone();
        let outcome = environment.run(invocation, self.settings.timeout).await;
        let peak = environment.peak_kib();
        self.report(&id, cold, begun.elapsed(), peak, &outcome);
        self.pool(|pool| {
            if outcome.leaves_environment() && pool.generation == generation {
                pool.idle.push(environment);
            } else {
                pool.processes.remove(&environment.process());
            }
        });
        match outcome {
            Outcome::Answered(body) => Ok(body),
            Outcome::Failed(body) => Err(body),
            Outcome::Exited(text) => Err(error_body("Runtime.ExitError", &text)),
            Outcome::TimedOut => Err(error_body(
                "Sandbox.Timedout",
                &format!("Task timed out after {} seconds", self.settings.timeout.as_secs()),
            )),
        }
    }

    /// Kills every environment.
    pub(super) fn kill(&self) -> usize {
        self.pool(|pool| {
            let idle = std::mem::take(&mut pool.idle).len();
            // The idle ones are gone with this; whoever is busy is told to die.
            let all = std::mem::take(&mut pool.processes);
            idle + all.values().filter(|stop| stop.send(true).is_ok()).count()
        })
    }

    /// Lets the idle environments go, and the busy ones once they are done.
    pub(super) fn retire(&self) {
        self.pool(|pool| {
            pool.generation += 1;
            for environment in std::mem::take(&mut pool.idle) {
                pool.processes.remove(&environment.process());
            }
        });
    }

    pub(super) fn usage(&self) -> Usage {
        self.pool(|pool| pool.usage)
    }

    async fn start(&self) -> Result<Environment> {
        let mut command = Command::new(&self.bootstrap);
        let folder = self.bootstrap.parent().unwrap_or(Path::new("/"));
        command
            .current_dir(folder)
            .env_clear()
            .envs(&self.settings.variables)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            // Its name, so that the emulator's record of calls tells whose they were.
            .env("AWS_ACCESS_KEY_ID", &self.name)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.settings.memory.to_string())
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", uuid::Uuid::new_v4().to_string())
            .env("LAMBDA_TASK_ROOT", folder)
            .env("TZ", ":UTC")
            .env("_HANDLER", "bootstrap");
        let (environment, stop) = Environment::start(command, &self.log).await?;
        self.pool(|pool| {
            pool.processes.insert(environment.process(), stop);
            pool.usage.cold_starts += 1;
        });
        Ok(environment)
    }

    /// One line for each invocation, as Lambda's own REPORT line.
    fn report(&self, id: &str, cold: bool, took: Duration, peak_kib: u64, outcome: &Outcome) {
        self.pool(|pool| {
            pool.usage.invocations += 1;
            pool.usage.errors += u64::from(!matches!(outcome, Outcome::Answered(_)));
            pool.usage.peak_kib = pool.usage.peak_kib.max(peak_kib);
        });
        let mut line = json!({
            "function": self.name, "request_id": id, "cold": cold, "duration_ms": took.as_millis(),
            "peak_kib": peak_kib, "outcome": outcome.word(),
        })
        .to_string();
        line.push('\n');
        let file = File::options().create(true).append(true).open(&self.reports);
        // A lost line of this file changes nothing.
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }

    fn pool<T>(&self, act: impl FnOnce(&mut Pool) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Settings {
    fn of(found: &Value) -> Self {
        let variables =
            found.pointer("/Configuration/Environment/Variables").and_then(Value::as_object).into_iter().flatten();
        Self {
            timeout: Duration::from_secs(number(found, "/Configuration/Timeout").unwrap_or(3)),
            memory: number(found, "/Configuration/MemorySize").unwrap_or(128),
            variables: variables.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        }
    }
}

async fn unpack(name: &str, archive: &Bytes, folders: &Folders) -> Result<PathBuf> {
    let folder = folders.run.join("code").join(name);
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let file = folder.with_extension("zip");
    std::fs::write(&file, archive).map_err(Error::file(&file))?;
    let mut command = Command::new(&folders.python);
    command.args(["-m", "zipfile", "-e"]).arg(&file).arg(&folder);
    process::run(&mut command, &folders.run.join("unpack.log")).await?;
    let bootstrap = folder.join("bootstrap");
    std::fs::set_permissions(&bootstrap, PermissionsExt::from_mode(0o755)).map_err(Error::file(&bootstrap))?;
    Ok(bootstrap)
}

/// An error as Lambda words it.
fn error_body(kind: &str, text: &str) -> Bytes {
    json!({"errorType": kind, "errorMessage": text}).to_string().into()
}
