//! What a job leads to: an unfinished run comes first, then what the job asks for.

use rollcall_directory::identity::RunId;
use rollcall_store::commit::Commit;
use rollcall_store::connection::{Connection, ConnectionStatus};
use rollcall_store::lease::Lease;
use rollcall_store::proposal::Proposal;
use rollcall_store::run::{Mode, Run, RunStatus, Trigger};
use rollcall_store::state::{StateChange, SyncState};
use tokio::time::Instant;

use super::conclude::{Next, after, unreadable};
use super::failure::Failure;
use super::session::{Session, new_run, time_ordered};
use super::{WorkError, Worker, approved, full, incremental, photos, undo};
use crate::job::{Cause, Job, Message};

/// Jobs that are kept for after the unfinished run. Nobody asks for more in earnest, and they fit into an item.
const MOST_DEFERRED: usize = 100;

/// Does a job under the lease.
pub(super) async fn attend(
    worker: &Worker,
    lease: &Lease,
    message: &Message,
    deadline: Instant,
) -> Result<(), WorkError> {
    // Read after the lease was taken: whoever deactivates a connection first says so and then
    // takes the lease away, so that a worker either sees it here or is fenced.
    let Some(connection) = worker.table.connection(message.connection).await? else { return Ok(()) };
    if let Some(run) = unfinished(worker, lease, &connection).await?
        && may_work(&connection, run.mode.is_preview())
    {
        if is_waiting(&run, message, worker) {
            return defer(worker, lease, run.mode, message).await;
        }
        let mode = run.mode;
        match Box::pin(drive(worker, lease, connection, run, false, deadline)).await? {
            Driven::Unfinished => return defer(worker, lease, mode, message).await,
            Driven::Done if is_covered(mode, &message.job) => return queue_deferred(worker, lease).await,
            // A run that was given up has done nobody's job.
            Driven::Done | Driven::GivenUp => {}
        }
    }
    queue_deferred(worker, lease).await?;
    Box::pin(begin(worker, lease, message, deadline)).await
}

/// Keeps a job that nothing else does until the unfinished run is over. Coming again by itself its message would hold up
/// that very run.
async fn defer(worker: &Worker, lease: &Lease, mode: Mode, message: &Message) -> Result<(), WorkError> {
    if is_covered(mode, &message.job) || is_made_up_for(&message.job) {
        return Ok(());
    }
    let mut deferred = lease.state().deferred;
    // What can't be kept comes again.
    let text = serde_json::to_string(message).map_err(|_| WorkError::Busy)?;
    if deferred.contains(&text) {
        return Ok(());
    }
    if deferred.len() >= MOST_DEFERRED {
        return Err(WorkError::Busy);
    }
    deferred.push(text);
    let state = StateChange { deferred: Some(deferred), ..StateChange::default() };
    Ok(lease.commit(Commit { state, ..Commit::at((worker.clock)()) }).await?)
}

/// Queues what was kept for after the unfinished run, which is over.
async fn queue_deferred(worker: &Worker, lease: &Lease) -> Result<(), WorkError> {
    let deferred = lease.state().deferred;
    if deferred.is_empty() {
        return Ok(());
    }
    for (number, text) in deferred.iter().enumerate() {
        let connection = lease.connection();
        match serde_json::from_str::<Message>(text) {
            Ok(message) => {
                let key = format!("{connection}:deferred:{}:{number}", lease.epoch());
                worker.queue.send(&message, &key).await?;
            }
            Err(error) => tracing::error!(connection.id = %connection, %error, "a job that was kept is not understood"),
        }
    }
    let state = StateChange { deferred: Some(Vec::new()), ..StateChange::default() };
    Ok(lease.commit(Commit { state, ..Commit::at((worker.clock)()) }).await?)
}

/// Whether nothing is lost with a job that is not done: the next poll finds what changed, and the next round what photos
/// there are.
const fn is_made_up_for(job: &Job) -> bool {
    match job {
        Job::Incremental { .. } => is_automatic(job),
        Job::Photos { .. } | Job::PhotosOf { .. } | Job::Continue { .. } | Job::Purge => true,
        Job::Full { .. }
        | Job::ApplyHold { .. }
        | Job::Person { .. }
        | Job::Preview { .. }
        | Job::Undo { .. }
        | Job::PreviewUndo { .. } => false,
    }
}

/// A preview may look at a connection that is not synced yet, or not any more.
fn may_work(connection: &Connection, is_preview: bool) -> bool {
    match connection.status {
        ConnectionStatus::Active => true,
        ConnectionStatus::Deleting => false,
        ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Paused { .. } => is_preview,
    }
}

/// Whether nobody asked for a job, so that a connection without auto sync does not want it.
const fn is_automatic(job: &Job) -> bool {
    match job {
        Job::Full { cause } | Job::Incremental { cause } => match cause {
            Cause::Schedule | Cause::Poll | Cause::Notification | Cause::SubscriptionGap => true,
            Cause::Activation | Cause::Manual { .. } | Cause::Resumption => false,
        },
        Job::ApplyHold { .. }
        | Job::Person { .. }
        | Job::Preview { .. }
        | Job::Undo { .. }
        | Job::PreviewUndo { .. }
        | Job::Photos { .. }
        | Job::PhotosOf { .. }
        | Job::Continue { .. }
        | Job::Purge => false,
    }
}

async fn begin(worker: &Worker, lease: &Lease, message: &Message, deadline: Instant) -> Result<(), WorkError> {
    // Read again: an unfinished run may have paused the connection.
    let Some(connection) = worker.table.connection(message.connection).await? else { return Ok(()) };
    match &message.job {
        Job::Photos { round, slice } if may_work(&connection, false) => {
            return Box::pin(photos::slice(worker, lease, connection, (*round, *slice), deadline)).await;
        }
        Job::PhotosOf { people, trigger } if may_work(&connection, false) => {
            return Box::pin(photos::of_people(worker, lease, connection, (people, trigger.clone()), deadline)).await;
        }
        _ => {}
    }
    let Some(Wanted { mode, trigger, id }) = wanted(&message.job) else { return Ok(()) };
    let is_off = is_automatic(&message.job) && !connection.rules.auto_sync;
    if is_off || !may_work(&connection, mode.is_preview()) {
        return Ok(());
    }
    let now = (worker.clock)();
    let id = id.unwrap_or_else(|| RunId(time_ordered(now)));
    if worker.table.run(connection.id, id).await?.is_some_and(|known| known.status.is_final()) {
        // The message came again after all was done.
        return Ok(());
    }
    drive(worker, lease, connection, new_run(id, mode, trigger, now), true, deadline).await?;
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
        Job::Incremental { .. }
        | Job::ApplyHold { .. }
        | Job::Person { .. }
        | Job::Preview { .. }
        | Job::Undo { .. }
        | Job::PreviewUndo { .. }
        | Job::Photos { .. }
        | Job::PhotosOf { .. } => false,
    }
}

/// The run for a job.
struct Wanted {
    mode: Mode,
    trigger: Trigger,
    /// The id, where whoever asked chose it.
    id: Option<RunId>,
}

fn wanted(job: &Job) -> Option<Wanted> {
    let of = |mode, trigger| Some(Wanted { mode, trigger, id: None });
    let asked = |mode, by: &String, id| Some(Wanted { mode, trigger: Trigger::Manual { by: by.clone() }, id });
    match job {
        Job::Full { cause } => of(Mode::Full, trigger(cause)),
        Job::Incremental { cause } => of(Mode::Incremental, trigger(cause)),
        Job::ApplyHold { hold, by } => of(Mode::Hold(*hold), Trigger::Approval { by: by.clone() }),
        Job::Person { person, by } => asked(Mode::Person(*person), by, None),
        Job::Preview { preview, by } => asked(Mode::Preview, by, Some(*preview)),
        Job::Undo { run, by } => asked(Mode::Undo(*run), by, None),
        Job::PreviewUndo { run, preview, by } => asked(Mode::PreviewUndo(*run), by, Some(*preview)),
        // Those of photos are no such runs; the others have come to their end in another way.
        Job::Photos { .. } | Job::PhotosOf { .. } | Job::Continue { .. } | Job::Purge => None,
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

/// Drives a run to its end, or to where it can't go on. `is_last` says that nothing follows under this lease.
async fn drive(
    worker: &Worker,
    lease: &Lease,
    connection: Connection,
    run: Run,
    is_last: bool,
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
    let connection = match run.mode {
        Mode::Preview => previewed(worker, connection, run.id).await?,
        _ => connection,
    };
    let mut session = Session::new(worker, lease, connection, access, run, deadline);
    session.gives_back = is_last;
    loop {
        let failure = match Box::pin(step(&mut session)).await {
            Ok(()) => {
                if session.run.status == RunStatus::Held && !session.run.mode.is_preview() {
                    worker.teller.visit(&session.connection, session.now()).await;
                }
                listen(&session).await;
                photos::after_run(&session).await;
                return Ok(Driven::Done);
            }
            Err(failure) => failure,
        };
        match Box::pin(after(&mut session, failure)).await? {
            Next::Again => {}
            Next::Later => return Ok(Driven::Unfinished),
            Next::Ended => return Ok(Driven::GivenUp),
        }
    }
}

/// The connection as it would be with the settings that are previewed.
async fn previewed(worker: &Worker, connection: Connection, preview: RunId) -> Result<Connection, WorkError> {
    let Some(settings) = worker.table.proposal(connection.id, preview).await? else { return Ok(connection) };
    let Proposal { scope, rules, limits, .. } = settings;
    // Saving them is a change of the settings, and that is what is previewed.
    let settings_revision = connection.revision + 1;
    Ok(Connection { scope, rules, limits, settings_revision, ..connection })
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
        // What changed says nothing of those whom other settings let in or out.
        let is_current = state.settings_revision >= session.connection.settings_revision;
        match state.cursor.as_ref().filter(|_| is_current) {
            Some(cursor) => return Box::pin(incremental::incremental(session, cursor)).await,
            None => session.run.mode = Mode::Full,
        }
    }
    if state.run.is_none() {
        session.begin().await?;
    }
    // Boxed, each for itself: together in one future they would take more stack than a thread has.
    match session.run.mode {
        Mode::Hold(hold) => Box::pin(approved::apply(session, hold)).await,
        Mode::Person(person) => Box::pin(incremental::of_person(session, person)).await,
        Mode::Undo(run) | Mode::PreviewUndo(run) => Box::pin(undo::undo(session, run)).await,
        // Never an unfinished run: see `photos`.
        Mode::Photos => Ok(()),
        Mode::Full | Mode::Incremental | Mode::Preview => Box::pin(full::full(session)).await,
    }
}
