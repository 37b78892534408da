//! The figures that have a bar: `cargo local bench [NAME]`.
//!
//! One line for each figure: its name, the figure, its bar, `ok` or `short`, and how it came about. The exit code is
//! not zero when one falls short. `NAME` is a measurement (`first-sync`) or one of its figures.
//!
//! * [`measure`]: one file for each measurement.
//! * [`ground`]: what single functions stand on: an emulator with queue and secrets, and a table ([`table_server`], [`served`] over HTTP).
//! * [`interface_emulator`]: runs one function as AWS does, and tells its times. [`stopwatch`] tells how much of them a
//!   service took.
//! * [`webhook`], [`worker`], [`sign_in`]: these three functions, ready to be invoked. [`large_tenant`]: whom the worker reads;
//!   [`synced`]: after it did.
//! * [`plain_client`]: Microsoft's own client for Graph, as something to compare with.
//! * [`connected`]: the whole stack, deployed, with an active connection.
//!
//! The functions are built with the release profile, as they are shipped. **No test asserts a time**: a figure depends on the
//! machine, so only this command judges it, and it says what the machine is. Linux only, as the interface emulator is.

mod binaries;
mod client;
mod connected;
mod figure;
mod ground;
mod interface_emulator;
mod large_tenant;
mod machine;
mod measure;
mod plain_client;
mod receiver;
mod served;
mod sign_in;
mod statistics;
mod stopwatch;
mod synced;
mod table_server;
mod webhook;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// An error that ends the measurements: something did not work at all.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;
/// The crate's result.
pub(crate) type Result<T> = std::result::Result<T, Failed>;

/// Measures the figures that have a bar.
#[derive(Parser)]
struct Arguments {
    /// The measurement, or one of its figures; all without it
    name: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let name = Arguments::parse().name;
    let measured = tokio::select! {
        measured = run(name.as_deref()) => measured,
        // What runs ends with the values that own it.
        () = interrupted() => Err("interrupted; everything is stopped".into()),
    };
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all figures meet their bars.
async fn run(name: Option<&str>) -> Result<bool> {
    let wanted = measure::wanted(name)?;
    println!("{}", machine::describe());
    let mut shared = measure::Shared::default();
    let mut all_met = true;
    for measurement in wanted {
        for figure in measure::take(measurement, &mut shared).await? {
            println!("{figure}");
            all_met &= figure.is_met();
        }
    }
    shared.end().await?;
    Ok(all_met)
}

/// Waits until somebody wants us to end: Ctrl-C, or `kill`.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
