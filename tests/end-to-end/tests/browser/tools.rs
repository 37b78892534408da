//! Node, its packages, and a browser.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::layout::Layout;
use local::node::Node;
use serde_json::Value;
use tokio::process::{Child, Command};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Where Debian puts its browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What the tests are run with.
pub(crate) struct Tools {
    node: Node,
    layout: Layout,
}

impl Tools {
    /// Installs the packages, and says what else is missing.
    pub(crate) async fn install() -> Result<Self> {
        let layout = Layout::new("browser")?;
        if !Path::new(CHROMIUM).exists() && chromium_elsewhere().is_none() {
            let how = "on Debian: apt-get install --no-install-recommends chromium fonts-dejavu-core";
            return Err(format!("Chromium is missing ({how}; or say where it is in CHROMIUM)").into());
        }
        let node = Node::install(&layout).await?;
        Ok(Self { node, layout })
    }

    /// Runs tests; a folder stands for all of its tests. What they print goes on to standard output.
    pub(crate) async fn run(&self, tests: &[&str], stack: Option<&Value>) -> Result<()> {
        let mut command = Command::new("node");
        command.current_dir(self.node.folder()).args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
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
            return Ok(vec![self.node.folder().join(test)]);
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(self.node.folder().join(test))? {
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
        Ok(self.node.serve(script, arguments, &[]).await?)
    }
}

/// The browser that somebody names.
#[expect(clippy::disallowed_methods, reason = "the test program's own rim")]
fn chromium_elsewhere() -> Option<std::ffi::OsString> {
    std::env::var_os("CHROMIUM")
}
