//! What happens under a seed, drawn in full before anything happens, so that a part of it can be left out.

use std::collections::BTreeSet;

use entra::TenantOptions;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Steps of a history, at most.
const STEPS: usize = 18;

/// Everything that is drawn of a seed.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    pub(super) tenants: Vec<TenantOptions>,
    /// Whether everyone is in, for each tenant.
    pub(super) everyone: Vec<bool>,
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Its place in the whole script.
    pub(super) number: usize,
    /// Seed of whatever is random in it.
    pub(super) seed: u64,
    pub(super) action: Action,
}

/// What happens in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// So many changes of a directory.
    Change { customer: usize, changes: u32 },
    /// A rare event of a directory.
    Event { customer: usize },
    /// A scope group is emptied, and refilled if so; with runs in between.
    Drain { customer: usize, refilled: bool },
    /// Time passes.
    Wait { seconds: u64 },
    /// The clock strikes; twice if so.
    Poll { twice: bool },
    /// The clock strikes for the daily reconciliation.
    Reconcile { twice: bool },
    /// The hourly look at the subscriptions.
    Audit,
    /// Somebody asks.
    Ask { customer: usize, full: bool },
    /// A message that came before, of another version or long ago.
    Stray { customer: usize, kind: Stray },
    /// Faults of single requests begin.
    Faults,
    /// A bad day begins.
    Day,
    /// The weather clears.
    Clear,
    /// Clocks go wrong.
    Skew { seconds: i64 },
    /// The operator looks at holds and pauses.
    Operate,
    /// Another scope.
    Scope { customer: usize },
    /// Another secret.
    Rotate { customer: usize, invalid: bool },
    /// Items as another release writes them.
    Release { ahead: bool },
    /// Something happens to the subscriptions.
    Subscription { customer: usize, what: u32 },
    /// Notifications are told otherwise.
    Notifications { what: u32 },
    /// Paging and delta are told otherwise.
    Paging { what: u32 },
    /// Every delta link is refused.
    ResetDelta { customer: usize },
}

/// An odd message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// The continuation of a run that is over, or never was.
    Continuation,
    /// Of the version before.
    Older,
    /// Of the next version.
    Newer,
    /// Of a version far ahead.
    Unknown,
    /// The application of a hold that is not there.
    Hold,
}

impl Script {
    /// Draws a script.
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let people =
            if random.random_bool(0.15) { random.random_range(100..300) } else { random.random_range(30..100) };
        let first = tenant(&mut random, people);
        let second = tenant(&mut random, 20);
        let everyone = vec![random.random_bool(0.3), random.random_bool(0.3)];
        let count = random.random_range(6..=STEPS);
        let steps = (0..count).map(|number| step(&mut random, number)).collect();
        Self { seed, tenants: vec![first, second], everyone, steps }
    }

    /// The same with these steps only.
    pub(super) fn only(&self, numbers: &BTreeSet<usize>) -> Self {
        let steps = self.steps.iter().filter(|step| numbers.contains(&step.number)).cloned().collect();
        Self { steps, ..self.clone() }
    }
}

fn tenant(random: &mut StdRng, people: u32) -> TenantOptions {
    let groups = random.random_range(8..16);
    let (depth, roots) = (random.random_range(1..6), random.random_range(1..4));
    let mut options = TenantOptions { people, groups, depth, roots, seed: random.random(), ..TenantOptions::default() };
    options.settings.delta.page_size = *[20, 100, 200].get(random.random_range(0..3)).unwrap_or(&200);
    options.settings.delta.seed = random.random();
    options
}

fn step(random: &mut StdRng, number: usize) -> Step {
    let customer = usize::from(random.random_bool(0.2));
    let action = match random.random_range(0..100) {
        0..17 => Action::Change { customer, changes: random.random_range(1..7) },
        17..30 => Action::Event { customer },
        30..33 => Action::Drain { customer, refilled: random.random_bool(0.5) },
        33..38 => Action::Wait { seconds: wait(random) },
        38..48 => Action::Poll { twice: random.random_bool(0.2) },
        48..55 => Action::Reconcile { twice: random.random_bool(0.2) },
        55..58 => Action::Audit,
        58..62 => Action::Ask { customer, full: random.random_bool(0.5) },
        62..65 => Action::Stray { customer, kind: stray(random) },
        65..74 => Action::Faults,
        74..78 => Action::Day,
        78..81 => Action::Clear,
        81..83 => Action::Skew { seconds: random.random_range(-600..=600) },
        83..86 => Action::Operate,
        86..89 => Action::Scope { customer },
        89..91 => Action::Rotate { customer, invalid: random.random_bool(0.4) },
        91..93 => Action::Release { ahead: random.random_bool(0.5) },
        93..95 => Action::Subscription { customer, what: random.random_range(0..5) },
        95..97 => Action::Notifications { what: random.random_range(0..6) },
        97..99 => Action::Paging { what: random.random_range(0..6) },
        _ => Action::ResetDelta { customer },
    };
    Step { number, seed: random.random(), action }
}

/// Mostly minutes, at times days: delta links live for seven.
fn wait(random: &mut StdRng) -> u64 {
    match random.random_range(0..10) {
        0..6 => random.random_range(1..3_600),
        6..9 => random.random_range(3_600..86_400),
        _ => random.random_range(86_400..9 * 86_400),
    }
}

fn stray(random: &mut StdRng) -> Stray {
    match random.random_range(0..5) {
        0 => Stray::Continuation,
        1 => Stray::Older,
        2 => Stray::Newer,
        3 => Stray::Unknown,
        _ => Stray::Hold,
    }
}
