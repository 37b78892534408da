//! One tenant, one connection, one worker, and nothing that goes wrong by itself: for tests that say what happens.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use entra::{Server, TenantInfo, TenantOptions};
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::rules::Rules;
use rollcall_store::{Connection, PageRequest, Run, Table};
use rollcall_sync::job::{Cause, Job, Message};
use rollcall_sync::worker::{WorkError, Worker};
use tokio::time::Instant;
use uuid::Uuid;

use crate::expected::{Expected, expected};
use crate::platform::platform;
use crate::settings::Settings;
use crate::stage::{Environment, Failed, Nature, Stage};

/// Time that a worker gets for a job, unless a test gives it less.
const PLENTY: Duration = Duration::from_secs(300);

/// One tenant, one table with one connection, one worker. What a [`Stage`] has is had directly.
pub struct World {
    stage: Stage,
    /// The simulated tenant.
    pub entra: Arc<Server>,
    /// Ids and secret of the tenant.
    pub tenant: TenantInfo,
    /// The environment of the worker.
    pub environment: Environment,
    /// The worker.
    pub worker: Worker,
    /// The table.
    pub table: Table,
    /// The connection.
    pub connection: ConnectionId,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Deref for World {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl World {
    /// A world with a tenant made from these options, and an active connection with its scope
    /// groups among the tenant's roots (all of them), or everyone if `everyone`.
    ///
    /// # Errors
    /// Something could not be started.
    pub async fn start(tenant: TenantOptions, everyone: bool) -> Result<Self, Failed> {
        let stage = Stage::begin(std::slice::from_ref(&tenant), Nature::kind(tenant.seed)).await?;
        let tenant = stage.entra.tenant().ok_or("the server has no tenant")?;
        let environment = stage.environment("worker")?;
        let settings =
            if everyone { Settings::Everyone } else { Settings::Groups(tenant.roots.iter().copied().collect()) };
        let connection = ConnectionId(Uuid::from_u128(0xc0));
        // Whoever is in gets an account, whatever is missing.
        let rules = Rules { required: BTreeSet::new(), ..Rules::default() };
        environment.connect(&tenant, connection, settings.scope(), rules, Limits::default()).await?;
        let (entra, worker, table) =
            (stage.entra.clone(), environment.worker.clone(), environment.worker.table.clone());
        // Who listens to notifications has reads between those that a test asks for.
        let worker = Worker { keeper: None, ..worker };
        Ok(Self { stage, entra, tenant, environment, worker, table, connection })
    }

    /// The connection as it is stored.
    ///
    /// # Errors
    /// It can't be read, or there is none.
    pub async fn stored_connection(&self) -> Result<Connection, Failed> {
        Ok(self.table.connection(self.connection).await?.ok_or("there is no connection")?)
    }

    /// Does a job to its end, with its continuations.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn run(&self, job: Job) -> Result<(), WorkError> {
        self.run_in_slices(job, PLENTY).await
    }

    /// Does a job with so much time for each invocation.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn run_in_slices(&self, job: Job, slice: Duration) -> Result<(), WorkError> {
        self.worker.work(&Message::new(self.connection, job), Instant::now() + slice).await?;
        while let Some(message) = self.stage.queue.take() {
            self.worker.work(&message, Instant::now() + slice).await?;
        }
        Ok(())
    }

    /// A full run.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn full(&self) -> Result<(), WorkError> {
        self.run(Job::Full { cause: Cause::Schedule }).await
    }

    /// An incremental run.
    ///
    /// # Errors
    /// The worker wants the message again.
    pub async fn incremental(&self) -> Result<(), WorkError> {
        self.run(Job::Incremental { cause: Cause::Poll }).await
    }

    /// What differs between the platform and what the directory asks for, a line for each
    /// person; empty when nothing does.
    ///
    /// # Errors
    /// The platform can't be read.
    pub async fn differences(&self) -> Result<Vec<String>, Failed> {
        let expected = self.expected(&Settings::of(&self.stored_connection().await?.scope));
        Ok(expected.differences(&platform(&self.table, self.connection).await?))
    }

    /// What the platform should hold.
    #[must_use]
    pub fn expected(&self, settings: &Settings) -> Expected {
        self.entra.read(self.tenant.tenant_id, |directory| expected(directory, settings)).unwrap_or_default()
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// They can't be read.
    pub async fn runs(&self) -> Result<Vec<Run>, Failed> {
        Ok(self.table.runs_page(self.connection, &PageRequest::first(50)).await?.items)
    }

    /// Moves all clocks.
    pub fn advance(&self, by: Duration) {
        self.stage.clock.advance(by);
    }
}
