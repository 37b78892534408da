//! Decides, from the seed, what goes wrong: for AWS and on the way to Microsoft call by call, for the tenant by rules.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::counts::Counts;
use crate::aws::{Fate, Weather, What};
use crate::network::{Journey, Route};

/// Client of whoever only looks: nothing ever happens to it.
pub(super) const OPERATOR: &str = "operator";

/// The weather of a seed.
#[derive(Debug)]
pub(super) struct Sky {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: StdRng,
    /// Share of the calls to AWS that meet a fault.
    aws: f64,
    /// Share of the requests to Microsoft that find no connection.
    refused: f64,
    /// Share of the queue's messages that are refused.
    queue: f64,
    outage: Option<Outage>,
    calm: bool,
    without: BTreeSet<String>,
    counts: Counts,
}

/// A service that does nothing that is asked of it, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    /// The table answers 500.
    Table,
    /// The table has no capacity left.
    Capacity,
    /// No batch is worked on.
    Batches,
    /// Secrets Manager answers 500.
    Secrets,
    /// Somebody took away the right to read secrets.
    Rights,
    /// The queue takes nothing.
    Queue,
}

impl Outage {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Table, Self::Capacity, Self::Batches, Self::Secrets, Self::Rights, Self::Queue];

    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Table => "E49 the table is down",
            Self::Capacity => "E49 the table is throttled throughout",
            Self::Batches => "E51 no batch is done",
            Self::Secrets => "E57 secrets are down",
            Self::Rights => "E57 secrets are denied throughout",
            Self::Queue => "E57 the queue is down",
        }
    }

    /// What becomes of a call.
    fn what(self, service: &str, operation: &str) -> Option<What> {
        let is_of_secrets = service == "secretsmanager";
        let refuse = |status, code| Some(What::Refuse { status, code });
        match self {
            Self::Table if !is_of_secrets => refuse(500, "InternalServerError"),
            Self::Capacity if !is_of_secrets => refuse(400, "ProvisionedThroughputExceededException"),
            Self::Batches if operation.starts_with("Batch") => Some(What::Untouched),
            Self::Secrets if is_of_secrets => refuse(500, "InternalServiceError"),
            Self::Rights if is_of_secrets => refuse(400, "AccessDeniedException"),
            _ => None,
        }
    }
}

impl Sky {
    /// Weather from a seed, without the faults of these kinds.
    pub(super) fn new(seed: u64, without: BTreeSet<String>) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let aws = *[0.0, 0.002, 0.01, 0.03].choose(&mut random).unwrap_or(&0.0);
        let refused = *[0.0, 0.02, 0.1].choose(&mut random).unwrap_or(&0.0);
        let queue = *[0.0, 0.05].choose(&mut random).unwrap_or(&0.0);
        let state = State { random, aws, refused, queue, outage: None, calm: true, without, counts: Counts::default() };
        Self { state: Mutex::new(state) }
    }

    /// Nothing goes wrong from now on, or everything may again.
    pub(super) fn set_calm(&self, calm: bool) {
        self.state().calm = calm;
    }

    /// Whether a kind of fault is left out.
    pub(super) fn lacks(&self, kind: &str) -> bool {
        self.state().without.contains(kind)
    }

    /// A service is down from now on. Says whether it is: not where that kind is left out.
    pub(super) fn begin_outage(&self, outage: Outage) -> bool {
        let mut state = self.state();
        let begins = !state.without.contains(outage.kind());
        state.outage = begins.then_some(outage);
        state.counts.add(outage.kind(), u64::from(begins));
        begins
    }

    /// It is up again.
    pub(super) fn end_outage(&self) {
        self.state().outage = None;
    }

    /// Notes faults that somebody else injected.
    pub(super) fn count(&self, kind: &'static str, count: u64) {
        self.state().counts.add(kind, count);
    }

    /// Faults so far.
    pub(super) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// Whether the queue refuses a message.
    pub(super) fn is_queue_down(&self) -> bool {
        let mut state = self.state();
        if state.outage == Some(Outage::Queue) {
            return true;
        }
        let share = state.queue;
        !state.calm && state.happens(share, "E57 the queue refuses")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn happens(&mut self, share: f64, kind: &'static str) -> bool {
        let happens = self.random.random_bool(share) && !self.without.contains(kind);
        self.counts.add(kind, u64::from(happens));
        happens
    }

    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.random.random_range(range))
    }

    /// What goes wrong with a call to AWS.
    fn trouble(&mut self, service: &str, operation: &str) -> Option<(&'static str, What)> {
        let refuse = |status, code| What::Refuse { status, code };
        if service == "secretsmanager" {
            let kinds = [
                ("E57 secrets 500", refuse(500, "InternalServiceError")),
                ("E57 secrets throttled", refuse(400, "ThrottlingException")),
                ("E57 secrets denied", refuse(400, "AccessDeniedException")),
                ("E57 the answer of secrets is lost", What::LoseAnswer),
            ];
            return kinds.choose(&mut self.random).cloned();
        }
        let mut kinds = vec![
            ("E49 throttled", refuse(400, "ThrottlingException")),
            ("E49 throughput exceeded", refuse(400, "ProvisionedThroughputExceededException")),
            ("E49 500", refuse(500, "InternalServerError")),
            ("E49 done, and the answer lost", What::LoseAnswer),
            ("E49 done, and the connection broken", What::BreakAfter),
            ("E49 no connection", What::NoConnection),
            ("E49 slow", What::Serve),
            ("E54 arrives late", What::Serve),
        ];
        if operation.starts_with("Batch") {
            kinds.push(("E51 a batch is done in part", What::Partly { code: "" }));
        }
        if operation == "Query" {
            kinds.push(("E52 a page ends early", What::Short));
            kinds.push(("E52 a page ends early", What::Short));
        }
        if operation == "TransactWriteItems" {
            for (kind, code) in [
                ("E50 transaction conflict", "TransactionConflict"),
                ("E50 transaction throttled", "ThrottlingError"),
                ("E50 transaction over throughput", "ProvisionedThroughputExceeded"),
                ("E50 transaction with a write that is refused", "ValidationError"),
            ] {
                kinds.push((kind, What::Partly { code }));
            }
            kinds.push(("E50 transaction in progress", refuse(400, "TransactionInProgressException")));
        }
        kinds.choose(&mut self.random).cloned()
    }
}

impl Weather for Sky {
    fn fate(&self, client: &str, service: &str, operation: &str) -> Fate {
        if client == OPERATOR {
            return Fate::served_in(Duration::ZERO);
        }
        let mut state = self.state();
        let (there, back) = (state.millis(1..6), state.millis(1..6));
        if let Some(what) = state.outage.and_then(|outage| outage.what(service, operation)) {
            return Fate { there, back, what };
        }
        // Secrets are read seldom.
        let share = state.aws * if service == "secretsmanager" { 8.0 } else { 1.0 };
        if state.calm || !state.random.random_bool(share) {
            return Fate { there, back, what: What::Serve };
        }
        match state.trouble(service, operation) {
            Some((kind, what)) if !state.without.contains(kind) => {
                state.counts.add(kind, 1);
                let there = match kind {
                    "E49 slow" => state.millis(500..4_500),
                    "E54 arrives late" => state.millis(6_000..60_000),
                    _ => there,
                };
                Fate { there, back, what }
            }
            _ => Fate { there, back, what: What::Serve },
        }
    }
}

impl Route for Sky {
    fn journey(&self, _client: &str, _path: &str) -> Journey {
        let mut state = self.state();
        let (there, back) = (state.millis(5..40), state.millis(5..40));
        let share = state.refused;
        let refused = !state.calm && state.happens(share, "A07 no connection");
        Journey { there, back, refused }
    }
}

/// A shared sky is weather, too.
pub(super) struct Shared(pub(super) std::sync::Arc<Sky>);

impl Weather for Shared {
    fn fate(&self, client: &str, service: &str, operation: &str) -> Fate {
        self.0.fate(client, service, operation)
    }
}
