//! A failing seed without what it does not need.

use std::collections::BTreeSet;
use std::time::Duration;

use super::script::Script;
use super::{Choice, Report, play};

/// Leaves out steps and kinds of faults as long as the same seed still fails, and for so long at most. `clock` tells
/// how much time has passed.
pub fn shrink(report: Report, clock: &dyn Fn() -> Duration, most: Duration) -> Report {
    let mut best = report;
    let all: BTreeSet<usize> = Script::draw(best.choice.seed).steps.iter().map(|step| step.number).collect();
    let mut steps = best.choice.steps.clone().unwrap_or(all);
    let try_out = |choice: Choice, best: &mut Report| {
        if clock() >= most {
            return false;
        }
        let report = play(&choice, false);
        let is_broken = report.is_broken();
        if is_broken {
            *best = report;
        }
        is_broken
    };
    for step in steps.clone().into_iter().rev() {
        let fewer: BTreeSet<usize> = steps.iter().copied().filter(|other| *other != step).collect();
        let choice = Choice { steps: Some(fewer.clone()), ..best.choice.clone() };
        if try_out(choice, &mut best) {
            steps = fewer;
        }
    }
    let kinds: Vec<&'static str> = best.faults.iter().map(|(kind, _)| kind).collect();
    for kind in kinds {
        let mut without = best.choice.without.clone();
        without.insert(kind.to_owned());
        try_out(Choice { without, ..best.choice.clone() }, &mut best);
    }
    best
}
