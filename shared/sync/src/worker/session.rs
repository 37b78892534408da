//! What one hold of the lease knows, and how it writes.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_directory::adoption::ExistingAccounts;
use rollcall_directory::desired::Policy;
use rollcall_directory::identity::{PersonId, RunId, TenantId};
use rollcall_directory::property::Property;
use rollcall_directory::scope::GroupGraph;
use rollcall_graph::{GraphClient, Priority};
use rollcall_store::Table;
use rollcall_store::commit::Commit;
use rollcall_store::connection::Connection;
use rollcall_store::lease::Lease;
use rollcall_store::run::{Counts, Mode, Progress, Run, RunStatus, Tally, Trigger};
use rollcall_store::state::{StateChange, SyncState};
use tokio::time::Instant;
use uuid::Uuid;

use super::Worker;
use super::failure::Failure;

/// Time that is kept for saving a checkpoint and queueing the continuation.
const MARGIN: Duration = Duration::from_secs(10);

/// One run, or a slice of one, under the lease.
pub(super) struct Session<'a> {
    pub(super) worker: &'a Worker,
    pub(super) lease: &'a Lease,
    pub(super) connection: Connection,
    pub(super) tenant: TenantId,
    pub(super) graph: GraphClient,
    pub(super) run: Run,
    /// Whether the lease is given back with the last write, because nothing follows under it.
    pub(super) gives_back: bool,
    /// What the rules look at.
    pub(super) inputs: BTreeSet<Property>,
    /// Accounts that were on the platform before.
    pub(super) existing: ExistingAccounts,
    /// People whose photos are to be looked at after the run.
    pub(super) photos_of: Vec<PersonId>,
    begun_at: Instant,
    deadline: Instant,
    /// The checkpoint with which this slice began, and the people read by then.
    begun_with: (Option<String>, u64),
    /// Requests that the client had made before this run.
    requests_before: u64,
    /// Requests of the run's earlier slices.
    requests_earlier: u64,
}

impl<'a> Session<'a> {
    /// A session for a run that begins, or goes on.
    pub(super) fn new(
        worker: &'a Worker,
        lease: &'a Lease,
        connection: Connection,
        (tenant, graph): (TenantId, GraphClient),
        run: Run,
        deadline: Instant,
    ) -> Self {
        let deadline = deadline - MARGIN;
        let graph = graph.until(deadline).priority(Priority::Low);
        let (requests_before, requests_earlier) = (graph.requests(), run.requests);
        let inputs = connection.rules.inputs();
        let existing = ExistingAccounts::default();
        let begun_with = (run.resume.clone(), run.progress.people);
        Self {
            worker,
            lease,
            connection,
            tenant,
            graph,
            run,
            gives_back: false,
            inputs,
            existing,
            photos_of: Vec::new(),
            begun_at: Instant::now(),
            deadline,
            begun_with,
            requests_before,
            requests_earlier,
        }
    }

    /// Whether this slice has come further than the one before, so that the next one will not have to do it again.
    pub(super) fn has_got_on(&self) -> bool {
        let (resume, people) = &self.begun_with;
        let keeps = matches!(self.run.mode, Mode::Full | Mode::Preview | Mode::Undo(_));
        keeps && (self.run.resume != *resume || self.run.progress.people != *people)
    }

    /// By what it is decided what a person's account should be.
    pub(super) const fn policy<'b>(&'b self, graph: &'b GroupGraph) -> Policy<'b> {
        Policy { scope: &self.connection.scope, rules: &self.connection.rules, graph }
    }

    /// The names for Graph's `$select`.
    pub(super) fn selected(&self) -> Vec<String> {
        self.connection.rules.selected()
    }

    pub(super) fn table(&self) -> &Table {
        &self.worker.table
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.worker.clock)()
    }

    pub(super) fn state(&self) -> SyncState {
        self.lease.state()
    }

    /// An error when the invocation's time is used up. To be asked between two steps that are saved.
    pub(super) fn check_time(&self) -> Result<(), Failure> {
        if Instant::now() >= self.deadline { Err(Failure::OutOfTime) } else { Ok(()) }
    }

    /// An error when this slice has come further and more than half of its time is used up. What can't be saved in part,
    /// and takes longer the larger the directory is, then gets a slice of its own.
    pub(super) fn check_time_for_the_end(&self) -> Result<(), Failure> {
        let now = Instant::now();
        let is_late = now.duration_since(self.begun_at) > self.deadline.saturating_duration_since(now);
        if is_late && self.has_got_on() { Err(Failure::OutOfTime) } else { Ok(()) }
    }

    /// Whether there is too little time left for a request that needs a second try.
    pub(super) fn is_almost_out_of_time(&self) -> bool {
        Instant::now() + Duration::from_secs(5) >= self.deadline
    }

    /// Makes the run known before its first change.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        let state = StateChange { run: Some(Some(self.run.id)), ..StateChange::default() };
        self.save(Commit { state, ..Commit::at(self.now()) }).await
    }

    /// Writes, with the run's record as it now stands.
    ///
    /// A preview writes only what its history tells, and how far it has come.
    pub(super) async fn save(&mut self, mut commit: Commit) -> Result<(), Failure> {
        if self.run.mode.is_preview() {
            commit = rehearsed(commit);
        }
        self.run.epoch = self.lease.epoch();
        self.run.requests = self.requests_earlier + self.graph.requests() - self.requests_before;
        commit.run = Some(self.run.clone());
        Ok(self.lease.commit(commit).await?)
    }

    /// Moves the cursor of a read that found nothing to change, and leaves no run behind.
    pub(super) async fn advance(&self, mut commit: Commit) -> Result<(), Failure> {
        let now = self.now();
        commit.state.trouble = Some(None);
        commit.state.last_read_at = Some(now);
        commit.state.last_success_at = Some(now);
        Ok(self.lease.commit(commit).await?)
    }

    /// Goes on with another client, whose credential is newer.
    pub(super) fn use_client(&mut self, graph: GraphClient) {
        self.requests_earlier += self.graph.requests() - self.requests_before;
        self.graph = graph.until(self.deadline).priority(Priority::Low);
        self.requests_before = self.graph.requests();
    }

    /// Whether the run has taken something from somebody, in this slice or an earlier one. A preview never has.
    fn has_taken(&self) -> bool {
        let Tally { deactivated, deleted, memberships_removed, .. } = self.state().tally;
        // Whoever has another manager leaves a team too, and loses nothing by that.
        let memberships = if self.connection.rules.teams.managers.is_none() { memberships_removed } else { 0 };
        !self.run.mode.is_preview() && deactivated + deleted + memberships > 0
    }

    /// Ends the run with success and everything that follows from it, in one transaction. A run that holds something and
    /// has taken nothing is called held.
    pub(super) async fn finish(&mut self, held: bool, mut commit: Commit) -> Result<(), Failure> {
        let now = self.now();
        self.run.status = if held && !self.has_taken() { RunStatus::Held } else { RunStatus::Succeeded };
        self.run.finished_at = Some(now);
        self.run.error = None;
        self.run.resume = None;
        self.run.progress.phase = "done".to_owned();
        commit.state.run = Some(None);
        if self.run.mode.reads_all_that_changed() {
            commit.state.trouble = Some(None);
            commit.state.last_read_at = Some(now);
            commit.state.last_success_at = Some(now);
        }
        self.save(commit).await
    }
}

/// What is left of a commit when nothing may be done.
fn rehearsed(commit: Commit) -> Commit {
    let Commit { users, teams, problems, run, chunks, state, now, .. } = commit;
    let state = StateChange { run: state.run, ..StateChange::default() };
    Commit { users, teams, problems, run, chunks, state, rehearsal: true, ..Commit::at(now) }
}

/// A run that has done nothing yet.
pub(super) fn new_run(id: RunId, mode: Mode, trigger: Trigger, now: Timestamp) -> Run {
    Run {
        id,
        mode,
        trigger,
        status: RunStatus::Running,
        started_at: now,
        finished_at: None,
        epoch: 0,
        counts: Counts::default(),
        progress: Progress::default(),
        error: None,
        requests: 0,
        hold: None,
        reasons: Vec::new(),
        resume: None,
    }
}

/// A new identifier that sorts by time.
pub(super) fn time_ordered(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
}
