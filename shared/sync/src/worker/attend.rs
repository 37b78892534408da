//! What a job leads to: an unfinished run comes first, then what the job asks for.

use rollcall_directory::identity::RunId;
use rollcall_store::connection::{Connection, ConnectionStatus};
use rollcall_store::lease::Lease;
use rollcall_store::run::{Mode, Run, RunStatus, Trigger};
use rollcall_store::state::SyncState;
use tokio::time::Instant;

use super::conclude::{Next, after, unreadable};
use super::failure::Failure;
use super::session::{Session, new_run, time_ordered};
use super::{WorkError, Worker, approved, full, incremental};
use crate::job::{Cause, Job, Message};

/// Does a job under the lease.
pub(super) async fn attend(
    worker: &Worker,
    lease: &Lease,
    message: &Message,
    deadline: Instant,
) -> Result<(), WorkError> {
    // Read after the lease was taken: whoever deactivates a connection first says so and then
    // takes the lease away, so that a worker either sees it here or is fenced.
    let connection = worker.table.connection(message.connection).await?;
    let Some(connection) = connection.filter(|connection| connection.status == ConnectionStatus::Active) else {
        return Ok(());
    };
    if let Some(run) = unfinished(worker, lease, &connection).await? {
        if is_waiting(&run, message, worker) {
            return Ok(());
        }
        let mode = run.mode;
        match drive(worker, lease, connection, run, deadline).await? {
            Driven::Unfinished => return Ok(()),
            Driven::Done if is_covered(mode, &message.job) => return Ok(()),
            // A run that was given up has done nobody's job.
            Driven::Done | Driven::GivenUp => {}
        }
        return begin(worker, lease, message, deadline).await;
    }
    begin(worker, lease, message, deadline).await
}

async fn begin(worker: &Worker, lease: &Lease, message: &Message, deadline: Instant) -> Result<(), WorkError> {
    // Read again: an unfinished run may have paused the connection.
    let connection = worker.table.connection(message.connection).await?;
    let Some(connection) = connection.filter(|connection| connection.status == ConnectionStatus::Active) else {
        return Ok(());
    };
    let Some((mode, trigger)) = wanted(&message.job) else { return Ok(()) };
    let now = (worker.clock)();
    let run = new_run(RunId(time_ordered(now)), mode, trigger, now);
    drive(worker, lease, connection, run, deadline).await?;
    Ok(())
}

/// The run that an earlier worker did not bring to its end.
async fn unfinished(worker: &Worker, lease: &Lease, connection: &Connection) -> Result<Option<Run>, WorkError> {
    match lease.state().run {
        Some(run) => Ok(worker.table.run(connection.id, run).await?),
        None => Ok(None),
    }
}

/// Whether a run is to be left alone until the time that Graph named. Somebody who asks does not wait.
fn is_waiting(run: &Run, message: &Message, worker: &Worker) -> bool {
    let asked = matches!(
        message.job,
        Job::Full { cause: Cause::Manual { .. } } | Job::Incremental { cause: Cause::Manual { .. } }
    );
    matches!(run.status, RunStatus::Waiting { until } if (worker.clock)() < until) && !asked
}

/// Whether the job is done once the unfinished run is.
const fn is_covered(mode: Mode, job: &Job) -> bool {
    match job {
        Job::Continue { .. } | Job::Purge => true,
        Job::Full { .. } => matches!(mode, Mode::Full),
        Job::Incremental { .. } | Job::ApplyHold { .. } => false,
    }
}

fn wanted(job: &Job) -> Option<(Mode, Trigger)> {
    match job {
        Job::Full { cause } => Some((Mode::Full, trigger(cause))),
        Job::Incremental { cause } => Some((Mode::Incremental, trigger(cause))),
        Job::ApplyHold { hold, by } => Some((Mode::Hold(*hold), Trigger::Approval { by: by.clone() })),
        // The run has come to its end in another way.
        Job::Continue { .. } | Job::Purge => None,
    }
}

fn trigger(cause: &Cause) -> Trigger {
    match cause {
        Cause::Schedule => Trigger::Schedule,
        Cause::Poll => Trigger::Poll,
        Cause::Notification => Trigger::Notification,
        Cause::Activation => Trigger::Activation,
        Cause::Manual { who } => Trigger::Manual { by: who.clone() },
        Cause::SubscriptionGap => Trigger::Renewal,
        Cause::Resumption => Trigger::Resumption,
    }
}

/// How far a run was driven.
enum Driven {
    /// To its end.
    Done,
    /// To where it failed, or found that the settings have changed.
    GivenUp,
    /// To where a later job goes on.
    Unfinished,
}

/// Drives a run to its end, or to where it can't go on.
async fn drive(
    worker: &Worker,
    lease: &Lease,
    connection: Connection,
    run: Run,
    deadline: Instant,
) -> Result<Driven, WorkError> {
    lease.keep_history(connection.history_days);
    let access = match worker.access.client(connection.id).await {
        Ok(access) => access,
        Err(error) => {
            unreadable(worker, lease, connection, run, error).await?;
            return Ok(Driven::GivenUp);
        }
    };
    let mut session = Session::new(worker, lease, connection, access, run, deadline);
    loop {
        let failure = match step(&mut session).await {
            Ok(()) => {
                listen(&session).await;
                return Ok(Driven::Done);
            }
            Err(failure) => failure,
        };
        match after(&mut session, failure).await? {
            Next::Again => {}
            Next::Later => return Ok(Driven::Unfinished),
            Next::Ended => return Ok(Driven::GivenUp),
        }
    }
}

/// After a full run Graph is asked to tell of changes, if it does not already: the first time
/// right after the first run, and not an hour later.
async fn listen(session: &Session<'_>) {
    let Some(keeper) = session.worker.keeper.as_ref().filter(|_| session.run.mode == Mode::Full) else { return };
    let kept = keeper.ensure(&session.graph, session.tenant, &session.connection, session.now()).await;
    if let Err(error) = kept {
        // The poll finds what is not told, and the hourly audit tries again.
        tracing::warn!(connection.id = %session.connection.id, %error, "Graph does not tell of changes yet");
    }
}

async fn step(session: &mut Session<'_>) -> Result<(), Failure> {
    let state: SyncState = session.state();
    if session.run.mode == Mode::Incremental {
        match &state.cursor {
            Some(cursor) => return incremental::incremental(session, cursor).await,
            None => session.run.mode = Mode::Full,
        }
    }
    if state.run.is_none() {
        session.begin().await?;
    }
    match session.run.mode {
        Mode::Hold(hold) => approved::apply(session, hold).await,
        Mode::Full | Mode::Incremental => full::full(session).await,
    }
}
