//! Many seeds, side by side, and what they add up to.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::seeds::{Choice, Counts, Report, play, shrink};

/// Failing seeds that are made shorter; of further ones only the number is told.
const SHRUNK: usize = 3;
/// How often each kind of fault must come at least ...
const LEAST: u64 = 100;
/// ... in so many seeds.
const OF_SEEDS: u64 = 20_000;
/// A long campaign says how far it is after each of these many seeds.
const PROGRESS: u64 = 500;

/// Which seeds, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// How many at a time.
    pub threads: usize,
    /// Time for making a failing seed shorter.
    pub shrink: Duration,
}

/// How a campaign went.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Seeds played.
    pub seeds: u64,
    /// The first seed.
    pub first: u64,
    /// Faults by kind.
    pub faults: Counts,
    /// Convergence times, sorted.
    pub convergence: Vec<Duration>,
    /// Seeds in which somebody was gone without a record, and was asked about again.
    pub second_looks: u64,
    /// Accounts deactivated, all of them rightly where nothing failed.
    pub deactivations: u64,
    /// Accounts deleted, likewise.
    pub deletions: u64,
    /// Seeds that failed.
    pub failures: Vec<Report>,
    /// Real time that it took.
    pub time: Duration,
}

/// Real time since now.
pub fn stopwatch() -> impl Fn() -> Duration {
    let begun = Instant::now();
    move || begun.elapsed()
}

/// Plays all seeds of a campaign.
#[must_use]
pub fn run(campaign: &Campaign) -> Outcome {
    let passed = stopwatch();
    let next = AtomicU64::new(campaign.first);
    let end = campaign.first + campaign.seeds;
    let outcome = Mutex::new(Outcome { first: campaign.first, ..Outcome::default() });
    std::thread::scope(|scope| {
        for _ in 0..campaign.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let report = play(&Choice::all(seed), false);
                    if report.is_broken() {
                        // A long campaign says at once what it finds.
                        eprintln!("seed {seed} is broken: {}", report.violations.first().map_or("", String::as_str));
                    }
                    if let Ok(mut outcome) = outcome.lock() {
                        outcome.add(report);
                        if outcome.seeds % PROGRESS == 0 {
                            eprintln!("{} seeds in {:.0?}, {} failed", outcome.seeds, passed(), outcome.failures.len());
                        }
                    }
                }
            });
        }
    });
    let mut outcome = outcome.into_inner().unwrap_or_default();
    outcome.convergence.sort();
    outcome.failures.sort_by_key(|report| report.choice.seed);
    outcome.time = passed();
    let shorter = |(number, report): (usize, Report)| {
        if number < SHRUNK { shrink(report, &stopwatch(), campaign.shrink) } else { report }
    };
    outcome.failures = std::mem::take(&mut outcome.failures).into_iter().enumerate().map(shorter).collect();
    outcome
}

impl Outcome {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.faults.absorb(&report.faults);
        self.convergence.extend(report.convergence);
        self.second_looks += u64::from(report.second_look);
        self.deactivations += report.deactivations;
        self.deletions += report.deletions;
        if report.is_broken() {
            self.failures.push(report);
        }
    }

    /// Kinds of faults that came too seldom, for as many seeds as were played.
    #[must_use]
    pub fn gaps(&self) -> Vec<(&'static str, u64)> {
        self.faults.below((LEAST * self.seeds).div_ceil(OF_SEEDS))
    }

    fn share(&self, percent: usize) -> Duration {
        let place = (self.convergence.len() * percent / 100).min(self.convergence.len().saturating_sub(1));
        self.convergence.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.first + self.seeds.saturating_sub(1);
        writeln!(f, "seeds {} to {last}: {} played in {:.1?}", self.first, self.seeds, self.time)?;
        writeln!(f, "faults by kind:")?;
        for (kind, count) in self.faults.iter() {
            writeln!(f, "{count:>9}  {kind}")?;
        }
        let (half, most, all) = (self.share(50), self.share(99), self.share(100));
        writeln!(
            f,
            "converged within one reconciliation: {}, of these after a second look {}",
            self.convergence.len(),
            self.second_looks
        )?;
        writeln!(f, "convergence in virtual time: 50 % {half:.1?}, 99 % {most:.1?}, all {all:.1?}")?;
        writeln!(f, "accounts deactivated: {}, deleted: {}", self.deactivations, self.deletions)?;
        for (kind, count) in self.gaps() {
            writeln!(f, "coverage gap: {count} times {kind}")?;
        }
        writeln!(f, "seeds that failed: {}", self.failures.len())?;
        self.failures.iter().take(8).try_for_each(|report| writeln!(f, "\n{}", describe(report)))
    }
}

/// A report in words.
#[must_use]
pub fn describe(report: &Report) -> String {
    let mut text = format!("seed {}: {}\n", report.choice.seed, if report.is_broken() { "BROKEN" } else { "fine" });
    for violation in report.violations.iter().take(4) {
        text.push_str(&format!("  {violation}\n"));
    }
    if report.is_broken() {
        for line in &report.story {
            text.push_str(&format!("    {line}\n"));
        }
        text.push_str(&format!("  again: {}\n", report.choice.command()));
    }
    text
}
