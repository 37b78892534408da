//! One file for each command.

pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod down;
pub(crate) mod lint;
pub(crate) mod test;
pub(crate) mod up;

use crate::Settings;
use local::Options;
use local::error::{Error, Result};
use std::process::Stdio;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// The options of a stack of this name.
fn options(name: &str, settings: &Settings) -> Options {
    Options { port: settings.port, elsewhere: settings.elsewhere(), ..Options::named(name) }
}

/// Tells what happens on standard output.
fn say(text: &str) {
    println!("{text}");
}

/// Runs cargo in the foreground.
async fn cargo(arguments: &[&str]) -> Result<()> {
    let layout = local::layout::Layout::new("test")?;
    let mut command = Command::new(env!("CARGO"));
    let status = command.current_dir(layout.root()).args(arguments).stdin(Stdio::null()).status().await;
    if status.map_err(Error::file("cargo"))?.success() { Ok(()) } else { Err(Error::Story("cargo failed".into())) }
}

/// Waits until somebody wants us to end: Ctrl-C, or `kill`.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
