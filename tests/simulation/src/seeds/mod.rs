//! Seeded histories with faults: thousands of them, each one a small disaster, and what must hold all the same.
//!
//! A seed draws tenants, settings, and a script of steps: changes of the directory, jobs, messages, faults, and what
//! operators do. Everything random follows from the seed, so that the same seed does the same twice, to the byte.
//!
//! * `script`: what is drawn, `terms`: of settings. `run`: how it is played, with `happenings`, what the `operator` does
//!   and what `trouble` there is; `invocation`: the workers, their kills and freezes.
//! * `sky`, `catalogue`: what goes wrong. [`Counts`] says how often.
//! * `watch`: what must hold after every step. `ending`: faults stop, and everything must come right. Both go by what
//!   the reference ([`crate::model`]) says of the directory, at each moment that a run may have seen.
//! * `shrink`: a failing script without what it does not need.
//!
//! Not drawn, because the network of the simulation hands over whole requests and answers: names of headers in another
//! case, `GOAWAY` of HTTP/2, DNS and TLS (all are "no connection" here), and pages of megabytes. Not drawn, because the
//! store refuses it before anything is sent (`parcel`, `item`): items of more than 400 KB, and transactions of more than
//! a hundred. A clock that goes back is a wrong clock of another worker. Photos, previews and undo are not drawn: they
//! have tests of their own (`tests/rules`). Of two versions of the code only their messages and items meet.
//!
//! Safety, after each step: nobody is deactivated, taken out of a team or deleted who should have stayed all the time
//! that a run was reading, by the terms of that time; no row
//! of another connection is written; nothing is written by a worker that lost its lease; epochs never go back; every
//! visible change is in the history, once; a held run takes nothing; no secret and no tenant id is in the table; no
//! request goes to another host. Liveness, at the end: one full reconciliation, and the platform holds what the
//! reference says.

mod catalogue;
mod counts;
mod doom;
mod ending;
mod happenings;
mod invocation;
mod operator;
mod run;
mod script;
mod shrink;
mod sky;
mod terms;
mod trouble;
mod watch;

use std::collections::BTreeSet;
use std::time::Duration;

pub use self::counts::{Counts, kinds};
pub use self::shrink::shrink;

use self::run::Play;
use self::script::Script;

/// What of a seed is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The seed.
    pub seed: u64,
    /// Only these steps; none for all.
    pub steps: Option<BTreeSet<usize>>,
    /// Kinds of faults that are left out.
    pub without: BTreeSet<String>,
}

impl Choice {
    /// All of a seed.
    #[must_use]
    pub const fn all(seed: u64) -> Self {
        Self { seed, steps: None, without: BTreeSet::new() }
    }

    /// The command that plays just this again.
    #[must_use]
    pub fn command(&self) -> String {
        let mut command =
            format!("cargo run -p simulation --profile simulation -- --first {} --seeds 1 --trace", self.seed);
        if let Some(steps) = &self.steps {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            command.push_str(&format!(" --steps {}", steps.join(",")));
        }
        for kind in &self.without {
            command.push_str(&format!(" --without '{kind}'"));
        }
        command
    }
}

/// How a seed went.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was played.
    pub choice: Choice,
    /// What was broken; empty when all is well.
    pub violations: Vec<String>,
    /// Faults by kind.
    pub faults: Counts,
    /// From the end of the faults until the platform held what it should, in virtual time.
    pub convergence: Option<Duration>,
    /// Whether it took a second look, because somebody was gone without a record of their deletion.
    pub second_look: bool,
    /// Accounts that were deactivated.
    pub deactivations: u64,
    /// Accounts that were deleted.
    pub deletions: u64,
    /// The steps that were played, in words.
    pub story: Vec<String>,
    /// Digest of the trace.
    pub digest: u64,
    /// The trace, where it was kept.
    pub trace: String,
}

/// Plays a seed, or a part of it, on a runtime of its own.
#[must_use]
pub fn play(choice: &Choice, keep_trace: bool) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play_here(choice, keep_trace)),
        Err(error) => Report::failed(choice, error.to_string()),
    }
}

async fn play_here(choice: &Choice, keep_trace: bool) -> Report {
    let script = Script::draw(choice.seed);
    let script = match &choice.steps {
        Some(steps) => script.only(steps),
        None => script,
    };
    match Play::begin(script, choice.clone(), keep_trace).await {
        Ok(play) => play.play().await,
        Err(error) => Report::failed(choice, error.to_string()),
    }
}

impl Report {
    /// Whether something was broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        !self.violations.is_empty()
    }

    fn failed(choice: &Choice, error: String) -> Self {
        Self {
            choice: choice.clone(),
            violations: vec![format!("the simulation itself failed: {error}")],
            faults: Counts::default(),
            convergence: None,
            second_look: false,
            deactivations: 0,
            deletions: 0,
            story: Vec::new(),
            digest: 0,
            trace: String::new(),
        }
    }
}
