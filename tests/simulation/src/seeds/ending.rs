//! The faults stop, and everything must come right.

use std::time::Duration;

use entra::DeltaSettings;
use reference::{Account, Platform, Team};
use rollcall_directory::identity::{PersonId, TeamSource};
use rollcall_store::PageRequest;
use rollcall_sync::job::{Cause, Job};
use tokio::time::{Instant, sleep};

use super::run::Play;
use crate::model::{Held, unlike_problems};
use crate::stage::Failed;

/// Whatever is on its way arrives in this time, and leases that nobody holds are free.
const REST: Duration = Duration::from_secs(1_200);
/// The longest grace that is drawn has passed.
const LONG_REST: Duration = Duration::from_secs(33 * 86_400);
/// After this time a person who is not found counts as gone.
const ABSENCE: Duration = Duration::from_secs(660);

impl Play {
    /// Ends the faults, and sees everything come right. How long that took, and whether it took a second look.
    pub(super) async fn end(&mut self) -> Result<(Option<Duration>, bool), Failed> {
        self.stage.trace.note("the faults stop");
        self.calm().await?;
        for customer in 0..self.customers.len() {
            self.mend(customer).await?;
        }
        // Somebody sees to what nobody could do.
        std::mem::take(&mut self.dead_letters).into_iter().for_each(|message| self.stage.queue.add(message));
        self.finish().await?;
        self.follow().await?;
        let begun = Instant::now();
        let mut second_look = false;
        for customer in 0..self.customers.len() {
            second_look |= self.reconcile(customer).await?;
        }
        self.check().await;
        let took = self.watch.violations().is_empty().then(|| begun.elapsed());
        Ok((took, second_look))
    }

    async fn calm(&mut self) -> Result<(), Failed> {
        self.ending = true;
        self.clear()?;
        self.set_skew(0);
        // Environments with wrong clocks and old caches are gone.
        self.warm.clear();
        self.stage.slow_down_receiver(Duration::ZERO);
        let usual = entra::Settings::default();
        for tenant in &self.tenants {
            self.stage.entra.adjust(tenant.tenant_id, |settings| {
                let delta = DeltaSettings { life_days: usual.delta.life_days, ..settings.delta.clone() };
                *settings = entra::Settings { delta, ..usual.clone() };
            });
        }
        sleep(if self.script.long_rest { LONG_REST } else { REST }).await;
        self.oldest_answer = 0;
        Ok(())
    }

    /// What was begun before the faults stopped comes to its end, so that the reconciliation is a new one. Where no answer
    /// ever lied, the cursor has kept its promise: what follows it is all that is missing.
    async fn follow(&mut self) -> Result<(), Failed> {
        for customer in 0..self.customers.len() {
            let mut before = self.held(customer);
            self.send(customer, Job::Incremental { cause: manual() });
            self.finish().await?;
            if self.lied {
                continue;
            }
            let state = self.operator.worker.table.state(self.connection(customer)).await?;
            // What a hold listed waits for the next full run, once another hold has taken its place.
            let holds =
                self.operator.worker.table.holds_page(self.connection(customer), &PageRequest::first(1)).await?;
            let settled = holds.items.is_empty() && state.doubts.is_empty() && state.unanswered.is_empty();
            self.admit_passing_teams(customer, &mut before).await?;
            let differences = self.differences(customer, &before).await?;
            if settled && !differences.is_empty() {
                self.complain("the cursor is ahead of what was applied", &differences);
            }
        }
        Ok(())
    }

    /// A round gives before it takes: what it would take may be held or refuted. A manager who leaves while somebody else
    /// begins to report to them has a team in between, which stays, retired: it counts as one from `before`. Another team
    /// that is new and retired was made without any reason.
    async fn admit_passing_teams(&self, customer: usize, before: &mut Held) -> Result<(), Failed> {
        let after = self.expected(customer, before.platform.clone()).await?.platform;
        let passing = self.held(customer).platform.teams.into_iter().filter(|(source, team)| {
            let may_have_passed =
                matches!(source, TeamSource::Manager(manager) if had_reason(*manager, [&before.platform, &after]));
            !team.active && !before.platform.teams.contains_key(source) && may_have_passed
        });
        let passing: Vec<(TeamSource, Team)> = passing.collect();
        before.platform.teams.extend(passing);
        Ok(())
    }

    /// One full reconciliation. Answers whether it took a second look.
    async fn reconcile(&mut self, customer: usize) -> Result<bool, Failed> {
        let mut before = self.held(customer);
        self.full(customer, &mut before).await?;
        if self.differences(customer, &before).await?.is_empty() {
            return self.problems(customer, &before).await.map(|()| false);
        }
        // Somebody who is gone without a record of it is asked about again; a hold that named them could not be applied.
        sleep(ABSENCE).await;
        self.send(customer, Job::Incremental { cause: manual() });
        self.finish().await?;
        self.full(customer, &mut before).await?;
        let differences = self.differences(customer, &before).await?;
        if !differences.is_empty() {
            self.complain("one reconciliation did not bring everything right", &differences);
        }
        self.problems(customer, &before).await.map(|()| true)
    }

    /// A full run, and the approval of what it holds. Until then people are in who are to go, and a manager who has just
    /// arrived has a team of them: it is there from then on, so that it counts as one from `before`.
    async fn full(&mut self, customer: usize, before: &mut Held) -> Result<(), Failed> {
        self.send(customer, Job::Full { cause: manual() });
        self.finish().await?;
        for _ in 0..3 {
            let holds = self.open_holds(customer).await?;
            for hold in &holds {
                if !self.is_right(customer, hold).await? {
                    self.watch.complain("a hold without any fault would take what is to stay".to_owned());
                }
                self.approve(customer, hold).await?;
                before.platform.teams = self.held(customer).platform.teams;
            }
            self.finish().await?;
            if holds.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// What differs from what the reference makes of what was held before.
    async fn differences(&self, customer: usize, before: &Held) -> Result<Vec<String>, Failed> {
        let expected = self.expected(customer, before.platform.clone()).await?;
        Ok(self.held(customer).differences(&expected, &before.platform))
    }

    /// Compares the list of what people have to see to.
    async fn problems(&mut self, customer: usize, before: &Held) -> Result<(), Failed> {
        let expected = self.expected(customer, before.platform.clone()).await?;
        let noted = self.operator.worker.table.problems(self.connection(customer)).await?;
        let differences = unlike_problems(&expected, noted.values().map(|noted| (noted.person, &noted.problem)));
        if !differences.is_empty() {
            self.complain("the list of problems is not what it should be", &differences);
        }
        Ok(())
    }

    fn complain(&mut self, what: &str, differences: &[String]) {
        let shown: Vec<&str> = differences.iter().take(3).map(String::as_str).collect();
        self.watch.complain(format!("{what}: {} differences, first {}", differences.len(), shown.join("; ")));
    }
}

/// Whether a manager could have a team while some accounts were still as in one of these, and others as in the other.
fn had_reason(manager: PersonId, platforms: [&Platform; 2]) -> bool {
    let any = |test: &dyn Fn(PersonId, &Account) -> bool| {
        platforms.iter().flat_map(|platform| platform.active()).any(|(person, account)| test(person, account))
    };
    any(&|person, _| person == manager) && any(&|_, account| account.manager_team == Some(manager))
}

/// Somebody asks: nothing waits then, whatever Graph said before, and whether or not changes are followed by themselves.
fn manual() -> Cause {
    Cause::Manual { who: "ann".to_owned() }
}
