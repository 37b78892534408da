//! Plays seeds and says how they went: `cargo run -p simulation --profile simulation -- --seeds 20000`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use simulation::campaign::{Campaign, run};
use simulation::seeds::{Choice, play, shrink};

/// Plays seeded histories with faults, and checks what must hold.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many at a time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Only these steps of a single seed.
    #[arg(long, value_delimiter = ',')]
    steps: Option<Vec<usize>>,
    /// A kind of fault that is left out.
    #[arg(long)]
    without: Vec<String>,
    /// Shows everything that happens under a single seed.
    #[arg(long)]
    trace: bool,
    /// Seconds that are spent on making each failing seed shorter.
    #[arg(long, default_value_t = 20)]
    shrink: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.seeds == 1 {
        return one(arguments);
    }
    let Arguments { seeds, first, threads, shrink, .. } = arguments;
    let outcome = run(&Campaign { first, seeds, threads, shrink: Duration::from_secs(shrink) });
    println!("{outcome}");
    if outcome.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(arguments: Arguments) -> ExitCode {
    let choice = Choice {
        seed: arguments.first,
        steps: arguments.steps.map(|steps| steps.into_iter().collect::<BTreeSet<usize>>()),
        without: arguments.without.into_iter().collect(),
    };
    let mut report = play(&choice, arguments.trace);
    if arguments.trace {
        print!("{}", report.trace);
    }
    if report.is_broken() && !arguments.trace {
        report = shrink(report, &simulation::campaign::stopwatch(), Duration::from_secs(arguments.shrink));
    }
    println!("{}", simulation::campaign::describe(&report));
    if report.is_broken() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
