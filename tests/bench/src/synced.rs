//! A large tenant after its first sync, which several measurements look at.

use std::collections::{BTreeMap, BTreeSet};

use entra::directory::{Kind, Slot};
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, GroupId};
use rollcall_directory::rules::{ManagerTeams, Rules};
use rollcall_directory::scope::Scope;
use rollcall_store::{IndexEntry, PageRequest, Run};
use serde_json::{Value, json};
use simulation::settings::Settings;
use uuid::Uuid;

use crate::Result;
use crate::ground::Ground;
use crate::large_tenant::{Inside, LargeTenant, Shape};
use crate::worker::{Done, Worker};

/// A job that was done, and what it asked of Graph.
pub(crate) struct Played {
    pub(crate) done: Done,
    /// Requests to Graph by class.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Answers of Graph that were no success.
    pub(crate) refusals: u64,
}

impl Played {
    /// All requests to Graph.
    pub(crate) fn pages(&self) -> u64 {
        self.requests.values().sum()
    }

    /// The requests by class, for a remark.
    pub(crate) fn classes(&self) -> String {
        let classes: Vec<String> = self.requests.iter().map(|(class, count)| format!("{class} {count}")).collect();
        classes.join(", ")
    }
}

/// The tenant, the platform, and the worker between them.
pub(crate) struct Synced {
    pub(crate) ground: Ground,
    pub(crate) tenant: LargeTenant,
    worker: Worker,
    connection: ConnectionId,
    /// The first sync.
    pub(crate) first: Played,
    /// User and system time of the worker until after the first sync, in seconds.
    pub(crate) first_cpu_seconds: f64,
    /// The worker's peak of memory after the first sync, in MiB.
    pub(crate) peak_mib: f64,
    /// Active accounts after the first sync.
    pub(crate) accounts: usize,
}

impl Synced {
    /// Makes the tenant, syncs it for the first time, and compares.
    ///
    /// # Errors
    /// The platform is not what the directory asks for: then no time would mean anything.
    pub(crate) async fn first_time(shape: Shape) -> Result<Self> {
        let ground = Ground::start().await?;
        let tenant = LargeTenant::start(shape).await?;
        let worker = Worker::start(&ground, &tenant.server.origin(), shape.timeout).await?;
        let (scope, rules) = settings(&tenant);
        let connection = ground.connect(&tenant.info, scope, rules, now()).await?;
        let job = json!({"kind": "full", "cause": {"by": "activation"}});
        let first = play(&ground, &tenant, &worker, connection, &job).await?;
        let (peak_mib, first_cpu_seconds) = (worker.peak_mib()?, worker.cpu_seconds()?);
        let mut synced = Self { ground, tenant, worker, connection, first, first_cpu_seconds, peak_mib, accounts: 0 };
        synced.accounts = synced.compare().await?;
        Ok(synced)
    }

    /// Does one more job.
    pub(crate) async fn play(&self, job: &Value) -> Result<Played> {
        play(&self.ground, &self.tenant, &self.worker, self.connection, job).await
    }

    /// Puts a worker in the place of the one there is that has done nothing yet.
    pub(crate) async fn renew_worker(&mut self) -> Result<()> {
        let fresh = Worker::start(&self.ground, &self.tenant.server.origin(), self.tenant.shape.timeout).await?;
        std::mem::replace(&mut self.worker, fresh).stop().await
    }

    /// The worker.
    pub(crate) const fn worker(&self) -> &Worker {
        &self.worker
    }

    /// The latest run.
    pub(crate) async fn latest_run(&self) -> Result<Run> {
        let runs = self.ground.table.runs_page(self.connection, &PageRequest::first(1)).await?;
        Ok(runs.items.into_iter().next().ok_or("there is no run")?)
    }

    /// Compares the platform with an independent computation from the directory. Answers the active accounts.
    pub(crate) async fn compare(&self) -> Result<usize> {
        let info = &self.tenant.info;
        if self.tenant.shape.inside == Inside::Everyone {
            return self.compare_counts().await;
        }
        let settings = Settings::Groups(info.roots.iter().copied().collect());
        let expected =
            self.tenant.server.read(info.tenant_id, |directory| simulation::expected::expected(directory, &settings));
        let platform = simulation::platform::platform(&self.ground.table, self.connection).await?;
        let differences = expected.unwrap_or_default().differences(&platform);
        match differences.first() {
            Some(first) => {
                Err(format!("{} differences between platform and directory: {first}", differences.len()).into())
            }
            None => Ok(platform.active.len()),
        }
    }

    /// Compares who is active, and whose teams there are. Everything of so many would take longer than all that is measured.
    async fn compare_counts(&self) -> Result<usize> {
        let expected = self.tenant.server.read(self.tenant.info.tenant_id, |directory| {
            let enabled = |slot: Slot| directory.text(slot, "accountEnabled") == Some("true");
            let active = directory.live(Kind::User).filter(|(slot, _)| enabled(*slot));
            let managers = directory.live(Kind::User).filter(|(slot, _)| enabled(*slot));
            let managed = managers.filter_map(|(_, object)| object.manager).filter(|manager| {
                enabled(*manager) && directory.object(*manager).is_some_and(|object| object.is_live())
            });
            let ids = |slot: Slot| directory.object(slot).map(|object| object.id);
            (active.map(|(_, object)| object.id).collect(), managed.filter_map(ids).collect())
        });
        let (people, managers): (BTreeSet<Uuid>, BTreeSet<Uuid>) = expected.unwrap_or_default();
        let index = self.ground.table.user_index(self.connection).await?;
        let active: BTreeSet<Uuid> =
            index.into_iter().filter(IndexEntry::is_active).map(|entry| entry.person.0).collect();
        let teams = self.ground.table.teams(self.connection).await?.into_iter().filter(|team| team.active);
        let teams: BTreeSet<Uuid> = teams.map(|team| team.source.id()).collect();
        if (&active, &teams) != (&people, &managers) {
            let (accounts, teams) = (active.len(), teams.len());
            return Err(
                format!("{accounts} accounts and {teams} teams, not {} and {}", people.len(), managers.len()).into()
            );
        }
        Ok(active.len())
    }

    /// Ends the worker.
    pub(crate) async fn end(self) -> Result<()> {
        self.worker.stop().await
    }
}

async fn play(
    ground: &Ground,
    tenant: &LargeTenant,
    worker: &Worker,
    connection: ConnectionId,
    job: &Value,
) -> Result<Played> {
    tenant.server.reset_metrics();
    let done = worker.work(ground, connection, job).await?;
    Ok(Played { done, requests: tenant.requests(), refusals: tenant.refusals() })
}

fn settings(tenant: &LargeTenant) -> (Scope, Rules) {
    // Who lacks something has no account, and that is not what is measured.
    let mut rules = Rules { required: BTreeSet::new(), ..Rules::default() };
    if tenant.shape.inside == Inside::Everyone {
        rules.teams.managers = Some(ManagerTeams::default());
        return (Scope::everyone(), rules);
    }
    (Scope::any_of(tenant.info.roots.iter().map(|root| GroupId(*root)).collect()), rules)
}

#[expect(clippy::disallowed_methods, reason = "the rim of the measurements")]
fn now() -> Timestamp {
    Timestamp::now()
}
