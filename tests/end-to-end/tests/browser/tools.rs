//! Node, its packages, and a browser.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::layout::Layout;
use local::process;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Where Debian puts its browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What the tests are run with.
pub(crate) struct Tools {
    folder: PathBuf,
    layout: Layout,
}

impl Tools {
    /// Installs the packages, and says what else is missing.
    pub(crate) async fn install() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        let layout = Layout::new("browser")?;
        let missing =
            "is missing. On Debian: apt-get install --no-install-recommends nodejs npm chromium fonts-dejavu-core";
        if !succeeds("node", &["--eval", "process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)"]).await {
            return Err(format!("Node 20 or later {missing}").into());
        }
        if !Path::new(CHROMIUM).exists() && chromium_elsewhere().is_none() {
            return Err(format!("Chromium {missing}, or say where it is in CHROMIUM").into());
        }
        let mut command = Command::new("npm");
        command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        process::run(&mut command, &layout.log("npm")).await?;
        Ok(Self { folder, layout })
    }

    /// Runs tests; a folder stands for all of its tests. What they print goes on to standard output.
    pub(crate) async fn run(&self, tests: &[&str], stack: Option<&Value>) -> Result<()> {
        let mut command = Command::new("node");
        command.current_dir(&self.folder).args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
        for test in tests {
            command.args(self.files(test)?);
        }
        if let Some(stack) = stack {
            command.env("STACK", stack.to_string());
        }
        let screenshots = self.layout.run().join("screenshots");
        std::fs::create_dir_all(&screenshots)?;
        command.env("SCREENSHOTS", &screenshots).stdin(Stdio::null()).kill_on_drop(true);
        let status = command.status().await?;
        if status.success() { Ok(()) } else { Err(format!("a browser test failed, see above: {status}").into()) }
    }

    fn files(&self, test: &str) -> Result<Vec<PathBuf>> {
        if !test.ends_with('/') {
            return Ok(vec![self.folder.join(test)]);
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(self.folder.join(test))? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".test.mjs") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Starts one of the servers, and gives what it says of itself once it listens.
    pub(crate) async fn serve(&self, script: &str, arguments: &[(&str, &str)]) -> Result<(Child, Value)> {
        let mut command = Command::new("node");
        command.current_dir(&self.folder).arg(script).stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
        for (name, value) in arguments {
            command.arg(format!("--{name}")).arg(value);
        }
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("a server without output")?;
        let line = BufReader::new(output).lines().next_line().await?.ok_or("the server ended at once")?;
        Ok((child, serde_json::from_str(&line)?))
    }
}

async fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    quiet.is_ok_and(|status| status.success())
}

/// The browser that somebody names.
#[expect(clippy::disallowed_methods, reason = "the test program's own rim")]
fn chromium_elsewhere() -> Option<std::ffi::OsString> {
    std::env::var_os("CHROMIUM")
}
