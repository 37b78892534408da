//! Running other programs: to their end, or in the background.

use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Runs a program to its end; its output goes to the log.
///
/// # Errors
/// It cannot be started, or ends with something else than success.
pub async fn run(command: &mut Command, log: &Path) -> Result<()> {
    let program = name(command);
    let status = spawn(command, log)?.wait().await.map_err(Error::file(&program))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { program, status: status.to_string(), log: log.to_path_buf() })
}

/// Starts a program whose output goes to the log. It ends with the handle.
///
/// # Errors
/// It cannot be started.
pub fn spawn(command: &mut Command, log: &Path) -> Result<Child> {
    let program = name(command);
    let output = File::options().create(true).append(true).open(log).map_err(Error::file(log))?;
    let errors = output.try_clone().map_err(Error::file(log))?;
    // A program may watch its input to learn that we are gone, however we went.
    command.stdin(Stdio::piped()).stdout(output).stderr(errors).kill_on_drop(true).spawn().map_err(Error::file(program))
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

fn name(command: &Command) -> String {
    command.as_std().get_program().to_string_lossy().into_owned()
}
