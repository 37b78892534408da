//! What happens under a seed, drawn in full before anything happens, so that a part of it can be left out.

use std::collections::BTreeSet;

use entra::TenantOptions;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::sky::Outage;

/// Steps of a history, at most.
const STEPS: usize = 18;

/// Everything that is drawn of a seed.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    pub(super) tenants: Vec<TenantOptions>,
    pub(super) steps: Vec<Step>,
    /// Whether there is a rest of a month before the last reconciliation, so that accounts are due to be deleted.
    pub(super) long_rest: bool,
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
    /// Other settings.
    Settings { customer: usize },
    /// An account is protected.
    Protect { customer: usize },
    /// One person is asked for.
    Person { customer: usize },
    /// It is decided whose an account is that was there before.
    Adopt { customer: usize },
    /// Another secret.
    Rotate { customer: usize, what: u32 },
    /// A service is down for a while.
    Outage { customer: usize, what: Outage },
    /// A notification that is none.
    Forge { customer: usize, what: u32 },
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
    /// Done long ago.
    Late,
}

impl Script {
    /// Draws a script.
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let people =
            if random.random_bool(0.15) { random.random_range(100..300) } else { random.random_range(30..100) };
        let first = tenant(&mut random, people);
        let second = tenant(&mut random, 20);
        let count = random.random_range(6..=STEPS);
        let steps = (0..count).map(|number| step(&mut random, number)).collect();
        let long_rest = random.random_bool(0.15);
        Self { seed, tenants: vec![first, second], steps, long_rest }
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
    // Groups that nest fifty deep are rare, and must do no harm.
    let (groups, depth, roots) = if random.random_bool(0.01) { (80, 52, 1) } else { (groups, depth, roots) };
    let mut options = TenantOptions { people, groups, depth, roots, seed: random.random(), ..TenantOptions::default() };
    options.settings.delta.page_size = *[20, 100, 200].get(random.random_range(0..3)).unwrap_or(&200);
    options.settings.delta.seed = random.random();
    options
}

fn step(random: &mut StdRng, number: usize) -> Step {
    let customer = usize::from(random.random_bool(0.2));
    let action = match random.random_range(0..128) {
        0..16 => Action::Change { customer, changes: random.random_range(1..7) },
        16..30 => Action::Event { customer },
        30..33 => Action::Drain { customer, refilled: random.random_bool(0.5) },
        33..40 => Action::Wait { seconds: wait(random) },
        40..50 => Action::Poll { twice: random.random_bool(0.2) },
        50..57 => Action::Reconcile { twice: random.random_bool(0.2) },
        57..60 => Action::Audit,
        60..64 => Action::Ask { customer, full: random.random_bool(0.5) },
        64..68 => Action::Stray { customer, kind: stray(random) },
        68..80 => Action::Faults,
        80..86 => Action::Day,
        86..89 => Action::Clear,
        89..91 => Action::Skew { seconds: random.random_range(-600..=600) },
        91..95 => Action::Operate,
        95..101 => Action::Settings { customer },
        101..103 => Action::Protect { customer },
        103..105 => Action::Person { customer },
        105..107 => Action::Adopt { customer },
        107..110 => Action::Rotate { customer, what: random.random_range(0..4) },
        110..112 => Action::Release { ahead: random.random_bool(0.5) },
        112..115 => Action::Subscription { customer, what: random.random_range(0..6) },
        115..118 => Action::Notifications { what: random.random_range(0..8) },
        118..122 => Action::Paging { what: random.random_range(0..12) },
        122..124 => Action::Forge { customer, what: random.random_range(0..4) },
        124..127 => Action::Outage { customer, what: *Outage::ALL.choose(random).unwrap_or(&Outage::Table) },
        _ => Action::ResetDelta { customer },
    };
    Step { number, seed: random.random(), action }
}

/// Mostly minutes, at times days or a month: delta links live for seven days, and a grace lasts thirty.
fn wait(random: &mut StdRng) -> u64 {
    match random.random_range(0..20) {
        0..10 => random.random_range(1..3_600),
        10..15 => random.random_range(3_600..86_400),
        15 => random.random_range(86_400..9 * 86_400),
        // Half of a subscription's life is over, and not all of it.
        16..18 => random.random_range(15 * 86_400..25 * 86_400),
        _ => random.random_range(30 * 86_400..40 * 86_400),
    }
}

fn stray(random: &mut StdRng) -> Stray {
    match random.random_range(0..7) {
        5..7 => Stray::Late,
        0 => Stray::Continuation,
        1 => Stray::Older,
        2 => Stray::Newer,
        3 => Stray::Unknown,
        _ => Stray::Hold,
    }
}
