//! What happens in the steps of a script, but for what operators do.

use std::time::Duration;

use entra::FaultRule;
use jiff::SignedDuration;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rollcall_directory::identity::{GroupId, HoldId, RunId};
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::schedule::{Tick, fan_out};
use rollcall_sync::subscription::round::Round;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::catalogue::{Candour, Kind, OLDEST_ANSWER_MILLIS};
use super::run::Play;
use super::script::Stray;
use crate::history::History;
use crate::stage::Failed;

/// Seconds of thirty days: after that accounts may be deleted.
const MONTH: u64 = 30 * 86_400;
/// Seconds after which subscriptions may have to be renewed.
const WEEK: u64 = 7 * 86_400;

impl Play {
    pub(super) fn change(&mut self, customer: usize, changes: u32, seed: u64) {
        let mut history = History::new(seed);
        let told = self.stage.entra.change(self.tenant(customer), |directory, now| {
            (0..changes).filter_map(|_| history.change(directory, now)).collect::<Vec<&'static str>>()
        });
        told.unwrap_or_default().into_iter().for_each(|kind| self.sky.count(kind, 1));
    }

    pub(super) fn event(&mut self, customer: usize, seed: u64) {
        let mut history = History::new(seed);
        let event = self.stage.entra.change(self.tenant(customer), |directory, now| history.event(directory, now));
        if let Some(Some(event)) = event {
            self.sky.count(event, 1);
            self.story.push(format!("  {event}"));
        }
    }

    /// A scope group is emptied by mistake.
    pub(super) async fn drain(&mut self, customer: usize, refilled: bool, seed: u64) -> Result<(), Failed> {
        let roots = self.customers.get(customer).and_then(|customer| Some(customer.terms.last()?.scope.groups()));
        let roots: Vec<GroupId> = roots.unwrap_or_default().into_iter().collect();
        let Some(GroupId(root)) = roots.choose(&mut self.random).copied() else { return self.deliver().await };
        let (tenant, mut history) = (self.tenant(customer), History::new(seed));
        let members = self.stage.entra.change(tenant, |directory, now| history.drain(directory, root, now));
        self.sky.count("B32 a scope group is emptied", 1);
        self.deliver().await?;
        self.strike(Tick::Poll, false).await;
        self.deliver().await?;
        if refilled {
            self.stage.entra.change(tenant, |directory, now| {
                let Some(root) = directory.find(root) else { return };
                for member in members.unwrap_or_default() {
                    // Who was deleted meanwhile does not come back.
                    drop(directory.add_member(root, member, now));
                }
            });
            self.sky.count("B25 a scope group is refilled", 1);
            self.deliver().await?;
        }
        Ok(())
    }

    /// The clock strikes, for every connection.
    pub(super) async fn strike(&mut self, tick: Tick, twice: bool) {
        let Ok(environment) = self.another_function() else { return };
        let is_late = self.random.random_bool(0.1);
        let late = SignedDuration::from_mins(if is_late { self.random.random_range(60..600) } else { 0 });
        self.sky.count("E55 the clock strikes hours late", u64::from(is_late));
        for _ in 0..=u32::from(twice) {
            let now = environment.clock.now();
            let (table, queue) = (&environment.worker.table, self.stage.queue.as_ref());
            // Whoever fails is called again, by the next strike at the latest.
            drop(fan_out(table, queue, tick, now - late, now).await);
        }
        if twice {
            self.sky.count("E55 the clock strikes twice", 1);
        }
    }

    pub(super) async fn audit(&mut self) -> Result<(), Failed> {
        let environment = self.another_function()?;
        if let Some(keeper) = &environment.worker.keeper {
            let round = Round { table: &environment.worker.table, access: &environment.worker.access, keeper };
            drop(round.run(Instant::now() + Duration::from_secs(60), environment.clock.now()).await);
        }
        Ok(())
    }

    pub(super) fn stray(&mut self, customer: usize, kind: Stray) {
        let connection = self.connection(customer);
        let of = |version, job| Message { version, connection, job };
        let poll = Job::Incremental { cause: Cause::Poll };
        let (name, message) = match kind {
            Stray::Continuation => {
                ("E56 an old continuation", of(Message::VERSION, Job::Continue { run: RunId(Uuid::from_u128(7)) }))
            }
            Stray::Older => ("E56 a message of the version before", of(Message::VERSION - 1, poll)),
            Stray::Newer => ("E59 a message of the next version", of(Message::VERSION + 1, poll)),
            Stray::Unknown => ("E56 a message that nobody understands", of(Message::VERSION + 5, poll)),
            Stray::Late => match self.kept.take() {
                Some(message) => ("E56 a message of long ago", message),
                None => return,
            },
            Stray::Hold => {
                let job = Job::ApplyHold { hold: HoldId(Uuid::from_u128(8)), by: "ann".to_owned() };
                ("E56 a hold that is not there", of(Message::VERSION, job))
            }
        };
        self.sky.count(name, 1);
        self.stage.queue.add(message);
    }

    /// Time passes. What has expired goes at last, or stays a while longer.
    pub(super) async fn wait(&mut self, seconds: u64) -> Result<(), Failed> {
        sleep(Duration::from_secs(seconds)).await;
        let now = self.stage.clock.now().as_second();
        let goes = self.random.random_bool(0.5);
        let expired = self.stage.aws.database(|database| database.expired(now, goes));
        let kind = if goes { "E53 expired items go" } else { "E53 expired items can still be read" };
        self.sky.count(kind, u64::from(expired > 0));
        // In so long a time the clock has struck, and subscriptions have come of age.
        if seconds > MONTH {
            self.strike(Tick::Reconcile, false).await;
        }
        if seconds > WEEK {
            self.audit().await?;
        }
        Ok(())
    }

    /// Some kinds of faults are in force from now on.
    pub(super) fn storm(&mut self, kinds: Vec<Kind>, most: usize, share: std::ops::Range<f64>) -> Result<(), Failed> {
        self.harvest();
        let count = self.random.random_range(1..=most);
        let chosen = kinds.choose_multiple_weighted(&mut self.random, count, |kind| kind.weight)?;
        let chosen: Vec<Kind> = chosen.cloned().collect();
        let share = self.random.random_range(share) / count as f64;
        let mut rules: Vec<FaultRule> = Vec::new();
        self.rules.clear();
        for kind in chosen {
            // Drawn in any case, so that leaving one kind out does not change the others.
            let seed = self.random.random();
            if self.sky.lacks(kind.name) {
                continue;
            }
            self.lied |= kind.candour == Candour::Lying;
            self.rules.push(kind.name);
            self.story.push(format!("  {} ({:.1} %)", kind.name, share.min(1.0) * 100.0));
            rules.push(kind.rule(share.min(1.0), seed));
        }
        self.oldest_answer = OLDEST_ANSWER_MILLIS;
        self.stage.entra.set_faults(rules)?;
        self.sky.set_calm(false);
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<(), Failed> {
        self.harvest();
        self.rules.clear();
        self.stage.entra.set_faults(Vec::new())?;
        self.sky.set_calm(true);
        Ok(())
    }

    /// Counts what the rules have injected.
    pub(super) fn harvest(&mut self) {
        let report = self.stage.entra.fault_report();
        for (name, (_, _, injected)) in self.rules.iter().zip(report) {
            self.sky.count(name, injected);
        }
    }

    pub(super) fn set_skew(&mut self, seconds: i64) {
        self.skew = seconds;
        // One clock is wrong, others are right: that is what makes it dangerous.
        if let Some(environment) = self.warm.first() {
            environment.clock.set_skew(seconds);
        }
        self.sky.count("C41 a clock is wrong", u64::from(seconds != 0));
    }
}
