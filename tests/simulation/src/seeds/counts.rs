//! How often each kind of fault was injected.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue;
use super::sky::Outage;

/// Faults by kind. A kind has the number that it has in the list of faults to survive, where it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// Counts some of a kind.
    pub fn add(&mut self, kind: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// Adds all of another count.
    pub fn absorb(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            self.add(kind, *count);
        }
    }

    /// Kinds and numbers, in order of the kinds.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Kinds that came less often than so many times, each with how often, the rarest first.
    #[must_use]
    pub fn below(&self, least: u64) -> Vec<(&'static str, u64)> {
        let rare = kinds().into_iter().map(|kind| (kind, self.of(kind))).filter(|(_, count)| *count < least);
        let mut rare: Vec<(&'static str, u64)> = rare.collect();
        rare.sort_by_key(|(kind, count)| (*count, *kind));
        rare
    }

    /// How many of a kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> u64 {
        self.0.get(kind).copied().unwrap_or_default()
    }
}

/// Every kind of fault that can be injected.
#[must_use]
pub fn kinds() -> BTreeSet<&'static str> {
    let rules = [catalogue::kinds(), catalogue::days()].concat().into_iter().map(|kind| kind.name);
    let outages = Outage::ALL.iter().map(|outage| outage.kind());
    OTHERS.iter().copied().chain(rules).chain(outages).collect()
}

/// Kinds that are neither a rule of the tenant nor an outage.
const OTHERS: &[&str] = &[
    "A03 a small budget of requests",
    "A07 no connection",
    "A12 one row on a page",
    "A12 pages of any size",
    "B14 empty pages",
    "B15 a group over many rows",
    "B15 rows are repeated",
    "B16 rows in any order",
    "B17 the directory changes during a run",
    "B20 pages are forgotten after a minute",
    "B21 delta links die after a day",
    "B21 every delta link is refused",
    "B22 a new person takes the name of a deleted one",
    "B22 deleted for good",
    "B22 rehire under another name",
    "B22 somebody is restored",
    "B23 deleted ones in the first round",
    "B24 somebody leaves a group",
    "B25 a group is a member of itself",
    "B25 a scope group is refilled",
    "B25 groups nest otherwise",
    "B26 managers in a circle",
    "B27 an address of somebody else",
    "B27 only the case of a name changes",
    "B27 three pass on their names",
    "B27 two swap their addresses",
    "B27 two swap their names",
    "B28 everything is seen late",
    "B30 an account is disabled",
    "B30 somebody is deleted",
    "B31 a group is deleted",
    "B31 a group is renamed",
    "B32 a group is emptied",
    "B32 a scope group is emptied",
    "B33 an attribute is blank for all",
    "C34 tokens live for a minute",
    "C41 a clock is wrong",
    "D42 hours late",
    "D42 many copies",
    "D42 many in one request",
    "D42 out of order",
    "D44 a subscription vanishes",
    "D44 all lost",
    "D44 some lost",
    "D45 an unknown lifecycle event",
    "D45 missed",
    "D45 reauthorizationRequired",
    "D45 subscriptionRemoved",
    "D46 the receiver is cold",
    "D48 a forged clientState",
    "D48 a subscription of a connection that is gone",
    "D48 a wrong clientState in all",
    "D48 clientState is null",
    "D48 no clientState",
    "E49 500",
    "E49 done, and the answer lost",
    "E49 done, and the connection broken",
    "E49 no connection",
    "E49 slow",
    "E49 throttled",
    "E49 throughput exceeded",
    "E50 transaction conflict",
    "E50 transaction in progress",
    "E50 transaction over throughput",
    "E50 transaction throttled",
    "E50 transaction with a write that is refused",
    "E51 a batch is done in part",
    "E52 a page ends early",
    "E53 expired items can still be read",
    "E53 expired items go",
    "E54 arrives late",
    "E54 frozen",
    "E54 killed",
    "E54 out of time",
    "E55 the clock strikes hours late",
    "E55 the clock strikes twice",
    "E55 two at once",
    "E56 a dead letter",
    "E56 a hold that is not there",
    "E56 a message of long ago",
    "E56 a message of the version before",
    "E56 a message that nobody understands",
    "E56 an old continuation",
    "E56 delivered again after success",
    "E56 out of order",
    "E57 secrets 500",
    "E57 secrets denied",
    "E57 secrets throttled",
    "E57 the answer of secrets is lost",
    "E57 the queue refuses",
    "E58 a secret that does not work",
    "E58 a secret that lacks a field",
    "E58 the secret is replaced during a run",
    "E58 the secret is stored anew",
    "E59 a message of the next version",
    "E59 items of the next release",
    "E59 items of the release before",
];
