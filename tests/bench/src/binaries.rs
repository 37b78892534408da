//! The functions as they are shipped: built with the release profile of the workspace.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::layout::Layout;
use local::process;
use serde_json::Value;
use tokio::process::Command;

use crate::Result;

/// Builds a function and answers where its executable is. Cargo tells its progress on standard error.
pub(crate) async fn function(layout: &Layout, name: &str) -> Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(layout.root())
        .args(["build", "--locked", "--release", "--package", name, "--bin", name])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let output = command.spawn()?.wait_with_output().await?;
    if !output.status.success() {
        return Err(format!("{name} does not compile; cargo says above why").into());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().find_map(|line| executable(line, name)).ok_or_else(|| format!("cargo built no {name}").into())
}

/// The executable of that name, when this line of cargo's output tells of it.
fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    (message.pointer("/target/name")?.as_str()? == name).then(|| PathBuf::from(path))
}

/// Packs an executable as `sam deploy` does: one file named `bootstrap`, deflated. Answers the archive's size in bytes.
pub(crate) async fn zipped_size(layout: &Layout, executable: &Path) -> Result<u64> {
    let folder = layout.run().join("zip");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(executable, folder.join("bootstrap"))?;
    let archive = folder.join("function.zip");
    let mut command = Command::new(layout.tool("python"));
    command.current_dir(&folder).args(["-m", "zipfile", "-c"]).arg(&archive).arg("bootstrap");
    process::run(&mut command, &layout.log("zip")).await?;
    Ok(std::fs::metadata(&archive)?.len())
}
