//! Plays a script, step by step.

use std::sync::Arc;
use std::time::Duration;

use entra::TenantInfo;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rollcall_directory::identity::{ConnectionId, GroupId};
use rollcall_store::{HistoryDays, PageRequest, RunStatus, Tally};
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::schedule::Tick;
use tokio::time::sleep;
use uuid::Uuid;

use super::catalogue;
use super::script::{Action, Script, Step};
use super::sky::{OPERATOR, Shared, Sky};
use super::terms::{limits, terms};
use super::watch::{Customer, Watch, Window};
use super::{Choice, Report};
use crate::model::Terms;
use crate::stage::{Environment, Failed, Nature, Stage};

/// A script that is being played.
pub(super) struct Play {
    pub(super) stage: Stage,
    pub(super) sky: Arc<Sky>,
    pub(super) watch: Watch,
    pub(super) customers: Vec<Customer>,
    pub(super) tenants: Vec<TenantInfo>,
    pub(super) operator: Environment,
    /// Environments that are warm, besides those that have died.
    pub(super) warm: Vec<Environment>,
    pub(super) environments: usize,
    pub(super) skew: i64,
    pub(super) random: StdRng,
    pub(super) story: Vec<String>,
    /// Whether the faults have stopped, and the directory with them.
    pub(super) ending: bool,
    /// Whether an answer may have lied since the beginning.
    pub(super) lied: bool,
    /// How old answers may be now.
    pub(super) oldest_answer: i64,
    /// A message that was done, and may come again long after.
    pub(super) kept: Option<Message>,
    /// Messages that nobody could do.
    pub(super) dead_letters: Vec<Message>,
    /// Kinds of the rules in force, in the order of the rules.
    pub(super) rules: Vec<&'static str>,
    pub(super) script: Script,
    choice: Choice,
}

impl Play {
    pub(super) async fn begin(script: Script, choice: Choice, keep_trace: bool) -> Result<Self, Failed> {
        let sky = Arc::new(Sky::new(script.seed, choice.without.clone()));
        let queue_sky = sky.clone();
        let nature = Nature {
            weather: Box::new(Shared(sky.clone())),
            route: sky.clone(),
            queue_trouble: Arc::new(move || queue_sky.is_queue_down()),
            seed: script.seed,
            keep_trace,
        };
        let stage = Stage::begin(&script.tenants, nature).await?;
        let operator = stage.environment(OPERATOR)?;
        let tenants = in_order(&stage, &script);
        let mut play = Self {
            customers: Vec::new(),
            tenants,
            operator,
            stage,
            sky,
            watch: Watch::default(),
            warm: Vec::new(),
            environments: 0,
            skew: 0,
            random: StdRng::seed_from_u64(script.seed),
            story: Vec::new(),
            ending: false,
            lied: false,
            oldest_answer: 0,
            kept: None,
            dead_letters: Vec::new(),
            rules: Vec::new(),
            choice,
            script,
        };
        play.connect().await?;
        Ok(play)
    }

    async fn connect(&mut self) -> Result<(), Failed> {
        for (number, tenant) in self.tenants.clone().into_iter().enumerate() {
            let connection = ConnectionId(Uuid::from_u128(0xc0_0000 + number as u128));
            let (tenant_id, secret) = (tenant.tenant_id, tenant.client_secret.clone());
            let customer =
                Customer { connection, tenant: tenant_id, secret, terms: Vec::new(), had_managers_teams: false };
            self.customers.push(customer);
            let mut names = self.names(number);
            // What looks like scope groups is taken for them more often.
            names.groups.extend(tenant.roots.iter().cycle().take(2 * names.groups.len()).map(|root| GroupId(*root)));
            let mut random = StdRng::seed_from_u64(self.script.seed ^ number as u64);
            let Terms { scope, rules } = terms(&mut random, &names);
            let limits = limits(&mut random);
            let days = if random.random_bool(0.5) { HistoryDays::LEAST } else { HistoryDays::DEFAULT };
            self.operator.connect(&tenant, connection, scope.clone(), rules.clone(), limits).await?;
            self.keep_history(number, days).await?;
            self.agree(number, Terms { scope, rules });
            self.furnish(number).await?;
            self.send(number, Job::Full { cause: Cause::Activation });
        }
        Ok(())
    }

    pub(super) async fn play(mut self) -> Report {
        let steps = self.script.steps.clone();
        for step in &steps {
            self.random = StdRng::seed_from_u64(step.seed);
            self.story.push(format!("step {}: {:?}", step.number, step.action));
            self.stage.trace.note(&format!("step {} {:?}", step.number, step.action));
            if let Err(error) = self.step(step).await {
                self.watch.complain(format!("the simulation itself failed in step {}: {error}", step.number));
            }
            self.check().await;
            if !self.watch.violations().is_empty() {
                break;
            }
        }
        let ended = if self.watch.violations().is_empty() { self.end().await } else { Ok((None, false)) };
        let (convergence, second_look) = ended.unwrap_or_else(|error| {
            self.watch.complain(format!("the simulation itself failed at the end: {error}"));
            (None, false)
        });
        self.harvest();
        Report {
            violations: self.watch.violations().to_vec(),
            faults: self.sky.counts(),
            convergence,
            second_look,
            deactivations: self.watch.deactivations,
            deletions: self.watch.deletions,
            story: self.story,
            digest: self.stage.trace.digest(),
            trace: self.stage.trace.text(),
            choice: self.choice,
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), Failed> {
        match &step.action {
            Action::Change { customer, changes } => self.change(*customer, *changes, step.seed),
            Action::Event { customer } => self.event(*customer, step.seed),
            Action::Drain { customer, refilled } => return self.drain(*customer, *refilled, step.seed).await,
            Action::Wait { seconds } => self.wait(*seconds).await?,
            Action::Poll { twice } => self.strike(Tick::Poll, *twice).await,
            Action::Reconcile { twice } => self.strike(Tick::Reconcile, *twice).await,
            Action::Audit => self.audit().await?,
            Action::Ask { customer, full } => {
                let cause = Cause::Manual { who: "ann".to_owned() };
                self.send(*customer, if *full { Job::Full { cause } } else { Job::Incremental { cause } });
            }
            Action::Stray { customer, kind } => self.stray(*customer, *kind),
            Action::Faults => self.storm(catalogue::kinds(), 12, 0.02..0.2)?,
            Action::Day => self.storm(catalogue::days(), 1, 1.0..1.01)?,
            Action::Clear => self.clear()?,
            Action::Skew { seconds } => self.set_skew(*seconds),
            Action::Operate => return self.operate().await,
            Action::Settings { customer } => return self.resettle(*customer).await,
            Action::Protect { customer } => self.protect(*customer).await?,
            Action::Person { customer } => return self.one_person(*customer).await,
            Action::Adopt { customer } => return self.adopt(*customer).await,
            Action::Rotate { customer, what } => return self.rotate(*customer, *what).await,
            Action::Outage { customer, what } => return self.outage(*customer, *what).await,
            Action::Forge { customer, what } => self.forge(*customer, *what).await,
            Action::Release { ahead } => self.release(*ahead),
            Action::Subscription { customer, what } => self.subscription(*customer, *what).await?,
            Action::Notifications { what } => self.notifications(*what),
            Action::Paging { what } => self.paging(*what),
            Action::ResetDelta { customer } => {
                self.stage.entra.reset_delta(self.tenant(*customer));
                self.sky.count("B21 every delta link is refused", 1);
            }
        }
        // Notifications need a moment to arrive.
        sleep(Duration::from_millis(self.random.random_range(1..3_000))).await;
        self.deliver().await
    }

    pub(super) fn tenant(&self, customer: usize) -> Uuid {
        self.customers.get(customer).map(|customer| customer.tenant).unwrap_or_default()
    }

    pub(super) fn connection(&self, customer: usize) -> ConnectionId {
        self.customers.get(customer).map_or(ConnectionId(Uuid::nil()), |customer| customer.connection)
    }

    /// A customer has other terms from now on.
    pub(super) fn agree(&mut self, customer: usize, terms: Terms) {
        if let Some(known) = self.customers.get_mut(customer) {
            known.had_managers_teams |= terms.rules.teams.managers.is_some();
            known.terms.push(terms);
        }
    }

    pub(super) fn send(&self, customer: usize, job: Job) {
        self.stage.queue.add(Message::new(self.connection(customer), job));
    }

    /// Looks at everything that was written, and at the runs.
    pub(super) async fn check(&mut self) {
        let record = self.stage.aws.take_record();
        let window = Window { oldest_answer: self.oldest_answer };
        self.watch.look(&record, &self.customers, &self.stage.entra, &window);
        for customer in &mut self.customers {
            let last = customer.terms.split_off(customer.terms.len().saturating_sub(1));
            customer.terms = last;
        }
        if self.stage.network.strayed() > 0 {
            self.watch.complain("a request went to another host".to_owned());
        }
        for customer in 0..self.customers.len() {
            self.check_held(customer).await;
        }
    }

    async fn check_held(&mut self, customer: usize) {
        let counts_memberships = self.customers.get(customer).is_some_and(|customer| !customer.had_managers_teams);
        let runs = self.operator.worker.table.runs_page(self.connection(customer), &PageRequest::first(50)).await;
        for run in runs.map(|page| page.items).unwrap_or_default() {
            let Tally { deactivated, deleted, memberships_removed, .. } = run.counts.tally;
            let taken = deactivated + deleted + if counts_memberships { memberships_removed } else { 0 };
            if run.status == RunStatus::Held && taken > 0 {
                self.watch.complain(format!("the held run {} took something from {taken} people", run.id));
            }
        }
    }
}

/// The tenants in the order of the script.
fn in_order(stage: &Stage, script: &Script) -> Vec<TenantInfo> {
    let all = stage.entra.tenants();
    let domain = |seed: u64| format!("contoso{seed}.");
    script
        .tenants
        .iter()
        .filter_map(|options| all.iter().find(|tenant| tenant.domain.starts_with(&domain(options.seed))).cloned())
        .collect()
}
