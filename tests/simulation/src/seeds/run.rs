//! Plays a script, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entra::{FaultRule, TenantInfo};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use rollcall_store::{PageRequest, RunStatus};
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::schedule::{Tick, fan_out};
use rollcall_sync::subscription::round::Round;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::catalogue::{self, Candour, Kind, OLDEST_ANSWER_MILLIS};
use super::script::{Action, Script, Step, Stray};
use super::sky::{OPERATOR, Shared, Sky};
use super::watch::{Customer, Watch, Window};
use super::{Choice, Report};
use crate::history::History;
use crate::settings::Settings;
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
    rules: Vec<&'static str>,
    choice: Choice,
    script: Script,
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
            rules: Vec::new(),
            choice,
            script,
        };
        play.connect().await?;
        Ok(play)
    }

    async fn connect(&mut self) -> Result<(), Failed> {
        for (number, tenant) in self.tenants.clone().iter().enumerate() {
            let everyone = self.script.everyone.get(number).copied().unwrap_or_default();
            let roots: BTreeSet<Uuid> = tenant.roots.iter().copied().collect();
            let settings = if everyone || roots.is_empty() { Settings::Everyone } else { Settings::Groups(roots) };
            let connection = ConnectionId(Uuid::from_u128(0xc0_0000 + number as u128));
            self.operator.connect(tenant, connection, &settings).await?;
            self.customers.push(Customer {
                connection,
                tenant: tenant.tenant_id,
                secret: tenant.client_secret.clone(),
                settings: vec![settings],
            });
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
            Action::Wait { seconds } => sleep(Duration::from_secs(*seconds)).await,
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
            Action::Scope { customer } => return self.rescope(*customer).await,
            Action::Rotate { customer, invalid } => return self.rotate(*customer, *invalid).await,
            Action::Release { ahead } => self.release(*ahead),
            Action::Subscription { customer, what } => self.subscription(*customer, *what).await,
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

    pub(super) fn send(&self, customer: usize, job: Job) {
        self.stage.queue.add(Message::new(self.connection(customer), job));
    }

    fn change(&mut self, customer: usize, changes: u32, seed: u64) {
        let mut history = History::new(seed);
        self.stage.entra.change(self.tenant(customer), |directory, now| {
            (0..changes).for_each(|_| history.change(directory, now));
        });
    }

    fn event(&mut self, customer: usize, seed: u64) {
        let mut history = History::new(seed);
        let event = self.stage.entra.change(self.tenant(customer), |directory, now| history.event(directory, now));
        if let Some(Some(event)) = event {
            self.sky.count(event, 1);
            self.story.push(format!("  {event}"));
        }
    }

    /// A scope group is emptied by mistake.
    async fn drain(&mut self, customer: usize, refilled: bool, seed: u64) -> Result<(), Failed> {
        let roots = self.customers.get(customer).and_then(|customer| Some(customer.settings.last()?.roots()));
        let roots: Vec<Uuid> = roots.unwrap_or_default().into_iter().collect();
        let Some(root) = roots.choose(&mut self.random).copied() else { return self.deliver().await };
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
    async fn strike(&mut self, tick: Tick, twice: bool) {
        let Ok(environment) = self.environment() else { return };
        for _ in 0..=u32::from(twice) {
            let now = environment.clock.now();
            let (table, queue) = (&environment.worker.table, self.stage.queue.as_ref());
            // Whoever fails is called again, by the next strike at the latest.
            drop(fan_out(table, queue, tick, now, now).await);
        }
        if twice {
            self.sky.count("E55 the clock strikes twice", 1);
        }
        self.give_back(environment);
    }

    pub(super) async fn audit(&mut self) -> Result<(), Failed> {
        let environment = self.environment()?;
        if let Some(keeper) = &environment.worker.keeper {
            let round = Round { table: &environment.worker.table, access: &environment.worker.access, keeper };
            drop(round.run(Instant::now() + Duration::from_secs(60), environment.clock.now()).await);
        }
        self.give_back(environment);
        Ok(())
    }

    fn stray(&mut self, customer: usize, kind: Stray) {
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
            Stray::Hold => {
                let job = Job::ApplyHold { hold: HoldId(Uuid::from_u128(8)), by: "ann".to_owned() };
                ("E56 a hold that is not there", of(Message::VERSION, job))
            }
        };
        self.sky.count(name, 1);
        self.stage.queue.add(message);
    }

    /// Some kinds of faults are in force from now on.
    fn storm(&mut self, kinds: Vec<Kind>, most: usize, share: std::ops::Range<f64>) -> Result<(), Failed> {
        self.harvest();
        let count = self.random.random_range(1..=most);
        let chosen: Vec<Kind> = kinds.choose_multiple(&mut self.random, count).cloned().collect();
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
    fn harvest(&mut self) {
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

    /// Looks at everything that was written, and at the runs.
    pub(super) async fn check(&mut self) {
        let record = self.stage.aws.take_record();
        let window = Window { oldest_answer: self.oldest_answer };
        self.watch.look(&record, &self.customers, &self.stage.entra, &window);
        for customer in &mut self.customers {
            let last = customer.settings.split_off(customer.settings.len().saturating_sub(1));
            customer.settings = last;
        }
        if self.stage.network.strayed() > 0 {
            self.watch.complain("a request went to another host".to_owned());
        }
        for customer in 0..self.customers.len() {
            self.check_held(customer).await;
        }
    }

    async fn check_held(&mut self, customer: usize) {
        let runs = self.operator.worker.table.runs_page(self.connection(customer), &PageRequest::first(50)).await;
        for run in runs.map(|page| page.items).unwrap_or_default() {
            let taken = run.counts.tally.deactivated + run.counts.tally.memberships_removed;
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
