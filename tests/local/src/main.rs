//! `cargo local …`: the local stack from the command line.

mod command;

use clap::{Args, Parser, Subcommand};
use local::error::{Error, Result};
use local::tenant::Origins;
use std::process::ExitCode;

/// Rollcall on this machine: the real template and the real binaries on an AWS emulator, beside a simulated Entra tenant.
#[derive(Debug, Parser)]
#[command(name = "cargo local", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Name,
}

#[derive(Debug, Subcommand)]
enum Name {
    /// Start everything and leave it running
    Up(Settings),
    /// Stop everything that `up`, or a demo that was cut off, left running
    Down,
    /// Play the whole story, from the first sync to an expired secret, and compare after every step
    Demo(Settings),
    /// Run every test
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the figures that have a bar, or one of them
    Bench {
        /// The figure
        name: Option<String>,
    },
    /// What `up` runs in the background
    #[command(hide = true)]
    Serve(Settings),
    /// Install the tools and write the transformed template, for the linters
    #[command(hide = true)]
    Lint {
        /// Where the transformed template goes
        output: std::path::PathBuf,
    },
}

#[derive(Args, Clone, Debug)]
struct Settings {
    /// Port of the API; by default a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Origin of Microsoft Graph, of a tenant that is served elsewhere
    #[arg(long, value_name = "URL", requires = "login_origin")]
    graph_origin: Option<String>,
    /// Origin of the identity platform, of a tenant that is served elsewhere
    #[arg(long, value_name = "URL", requires = "graph_origin")]
    login_origin: Option<String>,
}

impl Settings {
    fn elsewhere(&self) -> Option<Origins> {
        let origin = |url: &String| url.trim_end_matches('/').to_owned();
        Some(Origins { graph: origin(self.graph_origin.as_ref()?), login: origin(self.login_origin.as_ref()?) })
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--port".to_owned(), self.port.to_string()];
        for (name, value) in [("--graph-origin", &self.graph_origin), ("--login-origin", &self.login_origin)] {
            arguments.extend(value.iter().flat_map(|value| [name.to_owned(), value.clone()]));
        }
        arguments
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Error::Failed { log, .. } | Error::NotReady { log, .. } = &error {
                eprintln!("{}", local::process::tail(log, 20));
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Name) -> Result<()> {
    match command {
        Name::Up(settings) => command::up::up(&settings).await,
        Name::Serve(settings) => command::up::serve(&settings).await,
        Name::Down => command::down::down(),
        Name::Demo(settings) => command::demo::demo(&settings).await,
        Name::Test { arguments } => command::test::test(&arguments).await,
        Name::Bench { name } => command::bench::bench(name.as_deref()).await,
        Name::Lint { output } => command::lint::lint(&output).await,
    }
}
