//! What a failure means: try again, wait, start over, give up, or call a person.

use std::time::Duration;

use jiff::SignedDuration;
use rollcall_graph::{CredentialHint, Error};
use rollcall_store::commit::Commit;
use rollcall_store::connection::{Connection, ConnectionStatus, PauseKind, PauseReason};
use rollcall_store::lease::Lease;
use rollcall_store::run::{Mode, Run, RunError, RunStatus};
use rollcall_store::state::{StateChange, Trouble};

use super::failure::Failure;
use super::session::Session;
use super::{WorkError, Worker, full};
use crate::access::AccessError;
use crate::job::{Job, Message};

/// A wait up to this long is left to the continuation, which begins with all its time before it.
const SHORT: Duration = Duration::from_secs(240);
/// The shortest wait after passing trouble that outlived the client's own retries.
const REST: Duration = Duration::from_secs(60);

/// What comes next for a run that did not come to its end.
pub(super) enum Next {
    /// The same run, at once.
    Again,
    /// The same run, by a later job.
    Later,
    /// Nothing: the run is over.
    Ended,
}

/// Decides what a failure means, and writes it down.
pub(super) async fn after(session: &mut Session<'_>, failure: Failure) -> Result<Next, WorkError> {
    match failure {
        Failure::Store(error) | Failure::Access(AccessError::Secret(error)) => Err(error.into()),
        Failure::OutOfTime => continued(session).await,
        Failure::Graph(error @ Error::Throttled { retry_after, .. }) if retry_after <= SHORT => {
            handed_on(session, &error).await
        }
        // The client gives up before the deadline too: then it was our time that ran out.
        Failure::Graph(error @ Error::Transient { retry_after, .. })
            if retry_after <= SHORT && session.is_almost_out_of_time() =>
        {
            handed_on(session, &error).await
        }
        Failure::Graph(error @ (Error::Throttled { .. } | Error::Transient { .. })) => waiting(session, &error).await,
        Failure::NeedsFull(_) if session.run.mode == Mode::Incremental => as_full(session).await,
        Failure::Graph(Error::StartOver { .. } | Error::PageExpired { .. })
            if session.run.mode == Mode::Incremental =>
        {
            as_full(session).await
        }
        Failure::Graph(Error::PageExpired { .. } | Error::StartOver { .. }) => started_over(session, failure).await,
        Failure::SettingsChanged => end(session, RunStatus::Cancelled, None, None).await,
        Failure::Graph(error @ Error::Credential { .. }) => refused(session, &error).await,
        Failure::Graph(error @ Error::Consent { .. }) => pause(session, consent(&error)).await,
        Failure::GroupGone(group) => pause(session, group_gone(&group.to_string())).await,
        Failure::Access(error @ AccessError::Unusable(_)) => pause(session, credential(&error.to_string())).await,
        other => given_up(session, &other).await,
    }
}

/// The credential can't even be read.
pub(super) async fn unreadable(
    worker: &Worker,
    lease: &Lease,
    connection: Connection,
    mut run: Run,
    error: AccessError,
) -> Result<(), WorkError> {
    match error {
        AccessError::Secret(
            error @ (rollcall_store::Error::NotFound { .. } | rollcall_store::Error::Corrupt { .. }),
        ) => {
            let reason = credential(&error.to_string());
            let now = (worker.clock)();
            run.status = RunStatus::Failed;
            run.finished_at = Some(now);
            run.error = Some(as_run_error(&reason));
            let state = StateChange { run: Some(None), ..StateChange::default() };
            lease.commit(Commit { run: Some(run), state, ..Commit::at(now) }).await?;
            Ok(pause_connection(worker, connection, reason).await?)
        }
        AccessError::Secret(other) => Err(other.into()),
        AccessError::Unusable(_) => Ok(pause_connection(worker, connection, credential(&error.to_string())).await?),
    }
}

/// Hands the run over to the next invocation.
async fn continued(session: &mut Session<'_>) -> Result<Next, WorkError> {
    known(session).await?;
    let (connection, run) = (session.connection.id, session.run.id);
    let message = Message::new(connection, Job::Continue { run });
    let key = format!("{connection}:continue:{run}:{}", session.lease.epoch());
    session.worker.queue.send(&message, &key).await?;
    Ok(Next::Later)
}

/// Hands the run over although Graph asked for a pause: the next slice has time to wait for it. A slice that got no further
/// than the one before leaves the run to the poll instead. Otherwise slices would follow one another without rest, for as
/// long as Graph lets nobody in.
async fn handed_on(session: &mut Session<'_>, error: &Error) -> Result<Next, WorkError> {
    if !session.has_got_on() && session.run.error.is_some() {
        return waiting(session, error).await;
    }
    session.run.error = Some(trouble(error));
    let state = StateChange { run: Some(Some(session.run.id)), ..StateChange::default() };
    let commit = Commit { state, ..Commit::at(session.now()) };
    write(session, commit).await?;
    continued(session).await
}

fn trouble(error: &Error) -> RunError {
    let kind = if matches!(error, Error::Throttled { .. }) { "throttled" } else { "unavailable" };
    RunError { kind: kind.to_owned(), message: error.to_string(), action: None }
}

/// Leaves the run as it is until Graph has rested. The poll takes it up again.
async fn waiting(session: &mut Session<'_>, error: &Error) -> Result<Next, WorkError> {
    let rest = error.retry_after().unwrap_or(REST).max(REST);
    let until = session.now() + SignedDuration::try_from(rest).unwrap_or(SignedDuration::from_mins(1));
    let trouble = trouble(error);
    known(session).await?;
    session.run.status = RunStatus::Waiting { until };
    let state =
        StateChange { trouble: Some(Some(as_trouble(session, &trouble, Some(until)))), ..StateChange::default() };
    session.run.error = Some(trouble);
    let commit = Commit { state, ..Commit::at(session.now()) };
    write(session, commit).await?;
    Ok(Next::Later)
}

/// Makes sure that the run is known, so that it can be taken up again.
async fn known(session: &mut Session<'_>) -> Result<(), WorkError> {
    if session.state().run.is_some() {
        return Ok(());
    }
    let state = StateChange { run: Some(Some(session.run.id)), ..StateChange::default() };
    let commit = Commit { state, ..Commit::at(session.now()) };
    write(session, commit).await
}

/// An incremental run becomes a full one.
async fn as_full(session: &mut Session<'_>) -> Result<Next, WorkError> {
    session.run.mode = Mode::Full;
    session.run.resume = None;
    Ok(Next::Again)
}

async fn started_over(session: &mut Session<'_>, failure: Failure) -> Result<Next, WorkError> {
    match full::restart(session, failure).await {
        Ok(()) => Ok(Next::Again),
        Err(Failure::Store(error)) => Err(error.into()),
        Err(other) => given_up(session, &other).await,
    }
}

/// The credential was refused. If it was replaced meanwhile the new one gets its chance.
async fn refused(session: &mut Session<'_>, error: &Error) -> Result<Next, WorkError> {
    let connection = session.connection.id;
    if session.worker.access.renewed(connection).await.is_ok_and(|renewed| renewed)
        && let Ok((_, graph)) = session.worker.access.client(connection).await
    {
        session.use_client(graph);
        return Ok(Next::Again);
    }
    let hint = match error {
        Error::Credential { hint, .. } => *hint,
        _ => CredentialHint::Unknown,
    };
    pause(session, credential(&hint.to_string())).await
}

async fn given_up(session: &mut Session<'_>, failure: &Failure) -> Result<Next, WorkError> {
    let kind = match failure {
        Failure::Incomplete(_) => "incomplete",
        Failure::Checkpoint(_) => "checkpoint",
        Failure::Graph(Error::ForeignLink { .. }) => "foreign_link",
        Failure::Graph(Error::ContractBroken { .. }) => "contract_broken",
        _ => "refused",
    };
    let error = RunError { kind: kind.to_owned(), message: failure.to_string(), action: None };
    let trouble = as_trouble(session, &error, None);
    let ended = end(session, RunStatus::Failed, Some(error), Some(trouble)).await?;
    session.worker.teller.visit(&session.connection, session.now()).await;
    Ok(ended)
}

async fn pause(session: &mut Session<'_>, reason: PauseReason) -> Result<Next, WorkError> {
    let ended = end(session, RunStatus::Failed, Some(as_run_error(&reason)), None).await?;
    pause_connection(session.worker, session.connection.clone(), reason).await?;
    Ok(ended)
}

async fn end(
    session: &mut Session<'_>,
    status: RunStatus,
    error: Option<RunError>,
    trouble: Option<Trouble>,
) -> Result<Next, WorkError> {
    let now = session.now();
    session.run.status = status;
    session.run.finished_at = Some(now);
    session.run.error = error;
    session.run.resume = None;
    let state = StateChange { run: Some(None), trouble: trouble.map(Some), ..StateChange::default() };
    write(session, Commit { state, ..Commit::at(now) }).await?;
    session.lease.drop_snapshot(session.run.id).await?;
    Ok(Next::Ended)
}

async fn write(session: &mut Session<'_>, commit: Commit) -> Result<(), WorkError> {
    match session.save(commit).await {
        Err(Failure::Store(error)) => Err(error.into()),
        // Saving fails in no other way.
        _ => Ok(()),
    }
}

fn as_trouble(session: &Session<'_>, error: &RunError, retry_at: Option<jiff::Timestamp>) -> Trouble {
    let since = session.state().trouble.map_or_else(|| session.now(), |earlier| earlier.since);
    Trouble { since, kind: error.kind.clone(), message: error.message.clone(), retry_at }
}

fn as_run_error(reason: &PauseReason) -> RunError {
    let kind = match reason.kind {
        PauseKind::Credential => "credential",
        PauseKind::Consent => "consent",
        PauseKind::GroupGone => "group_gone",
        PauseKind::Other => "other",
    };
    RunError { kind: kind.to_owned(), message: reason.message.clone(), action: Some(reason.action.clone()) }
}

/// Pauses a connection that is active, and tells its people at once.
async fn pause_connection(worker: &Worker, connection: Connection, reason: PauseReason) -> Result<(), WorkError> {
    let now = (worker.clock)();
    let revision = connection.revision;
    let paused = Connection {
        status: ConnectionStatus::Paused { reason: reason.clone(), since: now },
        updated_at: now,
        ..connection
    };
    match worker.table.update_connection(&paused, revision).await {
        Ok(_) => {}
        // Somebody has just changed the connection, perhaps mended it: the next run will tell.
        Err(rollcall_store::Error::Conflict { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    }
    worker.teller.visit(&paused, now).await;
    Ok(())
}

fn credential(what: &str) -> PauseReason {
    PauseReason {
        kind: PauseKind::Credential,
        message: what.to_owned(),
        action: "An administrator of the Entra tenant must make a new credential for the app registration; \
                 enter it in the connection. The sync then goes on by itself."
            .to_owned(),
    }
}

fn consent(error: &Error) -> PauseReason {
    let permission = match error {
        Error::Consent { permission: Some(permission), .. } => format!("the permission {permission}"),
        _ => "the permissions of the features in use".to_owned(),
    };
    PauseReason {
        kind: PauseKind::Consent,
        message: error.to_string(),
        action: format!(
            "An administrator of the Entra tenant must grant admin consent to {permission} for the app registration; \
             then test the connection."
        ),
    }
}

fn group_gone(group: &str) -> PauseReason {
    PauseReason {
        kind: PauseKind::GroupGone,
        message: format!("the scope group {group} does not exist in the directory"),
        action: "An administrator of the Entra tenant must restore the group, or you take it out of the connection's \
                 scope; then test the connection."
            .to_owned(),
    }
}
