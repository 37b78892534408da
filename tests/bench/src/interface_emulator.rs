//! AWS's own runtime interface emulator, from the AWS SAM CLI package: it runs one environment of a function and says how
//! long its start and each invocation took.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use local::layout::Layout;
use local::process;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::client::Plain;
use crate::{Result, machine};

/// How long the emulator may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// One environment of a function.
pub(crate) struct InterfaceEmulator {
    child: Child,
    url: String,
    log: PathBuf,
    client: Plain,
}

impl InterfaceEmulator {
    /// Starts the emulator. The function itself starts with the first invocation.
    ///
    /// `variables` is the function's whole environment, beside what Lambda gives it; `timeout` is what the template says.
    pub(crate) async fn start(
        layout: &Layout,
        executable: &Path,
        variables: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> Result<Self> {
        let (port, api) = (local::emulator::free_port()?, local::emulator::free_port()?);
        let name = executable.file_name().unwrap_or_default().to_string_lossy();
        let log = layout.log(&format!("interface-emulator-{name}"));
        // Each environment's times are read from its own log.
        let _ = std::fs::remove_file(&log);
        let mut command = Command::new(program(layout)?);
        command
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{api}")])
            .arg(executable)
            .current_dir(layout.run())
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout.as_secs().to_string())
            .env("AWS_REGION", local::emulator::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        let child = process::spawn(&mut command, &log)?;
        let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if begun.elapsed() > PATIENCE {
                return Err(
                    format!("the runtime interface emulator does not listen: {}", process::tail(&log, 5)).into()
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { child, url, log, client: Plain::new() })
    }

    /// Invokes the function and waits for its answer.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<Value> {
        let answer = self.client.post(&self.url, Bytes::from(event.to_string())).await?;
        let body: Value = serde_json::from_slice(answer.body())?;
        if body.get("errorType").is_some() {
            return Err(format!("the function failed: {body}\n{}", process::tail(&self.log, 10)).into());
        }
        Ok(body)
    }

    /// Milliseconds from the start of the process to its first request for an event.
    pub(crate) fn start_millis(&self) -> Result<f64> {
        let found = times(&std::fs::read_to_string(&self.log)?, "INIT REPORT(", "durationMs: ");
        found.first().copied().ok_or_else(|| "the interface emulator told no time of the start".into())
    }

    /// Milliseconds of each invocation, from the event's hand-over to the request for the next one.
    pub(crate) fn invocation_millis(&self) -> Result<Vec<f64>> {
        let log = std::fs::read_to_string(&self.log)?;
        Ok(times(&log, "INVOKE RTDONE(status: success", "duration: "))
    }

    /// The function's peak of resident memory, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        self.function().and_then(machine::peak_mib).ok_or_else(|| "the function's process can't be seen".into())
    }

    /// The function's user and system time so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        self.function().and_then(machine::cpu_seconds).ok_or_else(|| "the function's process can't be seen".into())
    }

    /// The function's process.
    fn function(&self) -> Option<u32> {
        self.child.id().and_then(|process| machine::children(process).first().copied())
    }

    /// Ends the function and the emulator.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(process) = self.child.id() {
            // Unlike being killed, being told lets it end the function too.
            let mut kill = Command::new("kill");
            kill.arg(process.to_string()).stderr(Stdio::null()).status().await?;
        }
        self.child.wait().await?;
        Ok(())
    }
}

/// The emulator for this processor, where `pip` put it.
fn program(layout: &Layout) -> Result<PathBuf> {
    let name = format!("aws-lambda-rie-{}", local::deploy::architecture());
    for version in std::fs::read_dir(layout.tools().join("lib"))? {
        let found = version?.path().join("site-packages/samcli/local/rapid").join(&name);
        if found.is_file() {
            return Ok(found);
        }
    }
    Err(format!("{name} is not among the installed tools").into())
}

/// The numbers right behind a text, in milliseconds, on lines that tell of this; each ends before its unit or bracket.
fn times(log: &str, of: &str, before: &str) -> Vec<f64> {
    let rest = log.lines().filter(|line| line.contains(of)).filter_map(|line| Some(line.split_once(before)?.1));
    rest.filter_map(|rest| rest.split(['m', ')']).next()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "22 Nov 2026 19:57:06,085 [INFO] (rapid) INIT REPORT(durationMs: 472.641000)
22 Nov 2026 19:57:06,136 [INFO] (rapid) INVOKE RTDONE(status: success, produced bytes: 0, duration: 50.726000ms)
22 Nov 2026 19:57:06,200 [INFO] (rapid) INVOKE RTDONE(status: success, produced bytes: 0, duration: 48.722000ms)";

    #[test]
    fn times_are_read_from_the_emulators_log() {
        assert_eq!(times(LOG, "INIT REPORT(", "durationMs: "), [472.641]);
        assert_eq!(times(LOG, "INVOKE RTDONE(status: success", "duration: "), [50.726, 48.722]);
        assert_eq!(times(LOG, "INVOKE RTDONE(status: failure", "duration: "), [0.0; 0]);
    }
}
