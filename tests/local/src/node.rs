//! Programs for Node: a sample platform that people sign in to, and what tests with a browser need.

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::process;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Node, with the packages of these programs.
#[derive(Clone, Debug)]
pub struct Node {
    folder: PathBuf,
}

impl Node {
    /// Installs the packages.
    ///
    /// # Errors
    /// [`Error::Prerequisite`] where there is no Node, or one that is too old; packages that can't be had.
    pub async fn install(layout: &Layout) -> Result<Self> {
        let is_new = ["--eval", "process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)"];
        if !succeeds("node", &is_new).await || !succeeds("npm", &["--version"]).await {
            return Err(Error::Prerequisite(
                "Node 20 or later is missing, with npm (Debian: packages nodejs and npm)".into(),
            ));
        }
        let folder = layout.root().join("tests/end-to-end/browser");
        let mut command = Command::new("npm");
        command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        process::run(&mut command, &layout.log("npm")).await?;
        Ok(Self { folder })
    }

    /// Where the programs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a server, and gives what it says of itself once it listens. `environment` has what nobody else should read.
    ///
    /// # Errors
    /// It ends at once, or says nothing that can be read.
    pub async fn serve(
        &self,
        script: &str,
        arguments: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Result<(Child, Value)> {
        let mut command = Command::new("node");
        command.current_dir(&self.folder).arg(script).envs(environment.iter().copied());
        for (name, value) in arguments {
            command.arg(format!("--{name}")).arg(value);
        }
        command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::file("node"))?;
        let ended = || Error::Story(format!("{script} ended at once"));
        let output = child.stdout.take().ok_or_else(ended)?;
        let line = BufReader::new(output).lines().next_line().await.map_err(Error::file(script))?.ok_or_else(ended)?;
        let said = serde_json::from_str(&line).map_err(|error| Error::Story(format!("{script}: {error}")))?;
        Ok((child, said))
    }
}

async fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    quiet.is_ok_and(|status| status.success())
}
