//! Profile photos: looked at by themselves, after everything else is done.
//!
//! No delta query tells of a photo, so that somebody has to ask, person by person: a *round* looks at everybody with an active
//! account, once after each full run. It is no run that others wait for. It goes in slices of seconds, and each slice queues
//! the next one behind whatever has come meanwhile, so that a leaver is not kept waiting by pictures. Newcomers of an
//! incremental run, and somebody who is read anew by request, are looked at by a job of their own.
//!
//! **A message is only a hint.** Where the round stands is in its record, and each message names the slice that it is for: one
//! that comes twice or late does nothing, and one that was lost is sent again by the next poll.
//!
//! `round` goes through the accounts, `look` asks about some of them and writes what has changed.

mod look;
mod round;

use std::time::Duration;

use rollcall_directory::identity::{PersonId, RunId};
use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::connection::Connection;
use rollcall_store::lease::Lease;
use rollcall_store::run::{Mode, Run, RunError, RunStatus, Trigger};
use rollcall_store::state::StateChange;
use tokio::time::Instant;

use self::round::{Came, Place};
use super::failure::Failure;
use super::session::{Session, new_run, time_ordered};
use super::{WorkError, Worker};
use crate::job::{Job, Message};

/// How long a slice works. Whatever comes meanwhile waits for its end.
const SLICE: Duration = Duration::from_secs(5);
/// How long it may take at most, where Graph is slow: the session keeps ten seconds of it for itself.
const LONGEST: Duration = Duration::from_secs(30);
/// People of one job: their ids are in a message of the queue.
const PEOPLE: usize = 200;

/// Whose photos are to be looked at soon: people whose account has become active.
pub(super) fn newcomers<'a>(writes: impl IntoIterator<Item = &'a UserWrite>) -> Vec<PersonId> {
    let is_active =
        |user: &Option<rollcall_directory::user::User>| user.as_ref().is_some_and(|user| user.status.is_active());
    let came = writes.into_iter().filter(|write| is_active(&write.after) && !is_active(&write.before));
    came.filter_map(UserWrite::person).collect()
}

/// What follows from a run that came to its end. Trouble here is no trouble of the run: the next one tries again.
pub(super) async fn after_run(session: &Session<'_>) {
    if let Err(error) = follow(session).await {
        tracing::warn!(connection.id = %session.connection.id, %error, "photos are looked at later");
    }
}

async fn follow(session: &Session<'_>) -> Result<(), WorkError> {
    match session.run.mode {
        Mode::Full => open(session).await?,
        Mode::Incremental | Mode::Person(_) => queue_people(session).await?,
        Mode::Hold(_) | Mode::Preview | Mode::Undo(_) | Mode::PreviewUndo(_) | Mode::Photos => return Ok(()),
    }
    // A stream of notifications need not send the same message again and again: the poll does.
    let is_told = session.run.trigger == Trigger::Notification && session.run.mode != Mode::Full;
    if is_told { Ok(()) } else { go_on(session).await }
}

/// Begins a round, unless one with the same settings is under way.
async fn open(session: &Session<'_>) -> Result<(), WorkError> {
    let wanted = session.connection.rules.photo.wanted();
    let state = session.state();
    if wanted.is_none() && !state.has_photos {
        return Ok(());
    }
    let now = session.now();
    if let Some((run, place)) = under_way(session.worker, session.lease, &session.connection).await? {
        if place.size == wanted {
            return Ok(());
        }
        let run = Run { status: RunStatus::Cancelled, finished_at: Some(now), resume: None, ..run };
        session.lease.commit(Commit { run: Some(run), ..Commit::at(now) }).await?;
    }
    let id = RunId(time_ordered(now));
    let resume = Some(Place::start(wanted).to_text());
    let run =
        Run { resume, epoch: session.lease.epoch(), ..new_run(id, Mode::Photos, session.run.trigger.clone(), now) };
    let state = StateChange { photos: Some(Some(id)), has_photos: Some(true), ..StateChange::default() };
    Ok(session.lease.commit(Commit { run: Some(run), state, ..Commit::at(now) }).await?)
}

/// The round that has not come to its end, and where it stands.
async fn under_way(worker: &Worker, lease: &Lease, connection: &Connection) -> Result<Option<(Run, Place)>, WorkError> {
    let Some(round) = lease.state().photos else { return Ok(None) };
    let run = worker.table.run(connection.id, round).await?.filter(|run| !run.status.is_final());
    // A record that is no longer there, or that nobody can read, is begun anew.
    Ok(run.and_then(|run| Some((run.clone(), Place::of(&run)?))))
}

/// Sends the message of the slice that is next, in case it was lost, or Graph asked for rest.
async fn go_on(session: &Session<'_>) -> Result<(), WorkError> {
    match under_way(session.worker, session.lease, &session.connection).await? {
        Some((run, place)) => queue_slice(session.worker, &session.connection, run.id, place.slice).await,
        None => Ok(()),
    }
}

async fn queue_slice(worker: &Worker, connection: &Connection, round: RunId, slice: u64) -> Result<(), WorkError> {
    let message = Message::new(connection.id, Job::Photos { round, slice });
    Ok(worker.queue.send(&message, &format!("{}:photos:{round}:{slice}", connection.id)).await?)
}

async fn queue_people(session: &Session<'_>) -> Result<(), WorkError> {
    if session.connection.rules.photo.wanted().is_none() {
        return Ok(());
    }
    let (connection, run) = (session.connection.id, session.run.id);
    for (number, people) in session.photos_of.chunks(PEOPLE).enumerate() {
        let job = Job::PhotosOf { people: people.to_vec(), trigger: session.run.trigger.clone() };
        let key = format!("{connection}:photos-of:{run}:{number}");
        session.worker.queue.send(&Message::new(connection, job), &key).await?;
    }
    Ok(())
}

/// Does a slice of a round.
pub(super) async fn slice(
    worker: &Worker,
    lease: &Lease,
    connection: Connection,
    (round, slice): (RunId, u64),
    deadline: Instant,
) -> Result<(), WorkError> {
    let Some((run, place)) = under_way(worker, lease, &connection).await? else { return Ok(()) };
    // The message of another slice, or of settings that are no more: a full run follows and begins anew.
    if (run.id, place.slice) != (round, slice) || place.size != connection.rules.photo.wanted() {
        return Ok(());
    }
    let Some(mut session) = session(worker, lease, connection, run, deadline).await else { return Ok(()) };
    let until = Instant::now() + SLICE;
    match Box::pin(round::slice(&mut session, place, until)).await {
        Ok(Came::ToTheEnd) => Ok(()),
        Ok(Came::To(next)) => queue_slice(worker, &session.connection, round, next).await,
        Err(failure) => put_off(&session, failure),
    }
}

/// Looks at the photos of some people. It leaves no run behind where nothing has changed.
pub(super) async fn of_people(
    worker: &Worker,
    lease: &Lease,
    connection: Connection,
    (people, trigger): (&[PersonId], Trigger),
    deadline: Instant,
) -> Result<(), WorkError> {
    if connection.rules.photo.wanted().is_none() {
        return Ok(());
    }
    let now = (worker.clock)();
    let run = new_run(RunId(time_ordered(now)), Mode::Photos, trigger, now);
    let Some(mut session) = session(worker, lease, connection, run, deadline).await else { return Ok(()) };
    let looked = async {
        let accounts = session.table().photo_entries_of(session.connection.id, session.tenant, people).await?;
        session.run.progress.expected = Some(accounts.len() as u64);
        if !look::at(&mut session, &accounts).await? {
            return Ok(());
        }
        // From now on there may be something to delete.
        let state = StateChange { has_photos: Some(true), ..StateChange::default() };
        finish(&mut session, Commit { state, ..Commit::at(now) }).await
    };
    match Box::pin(looked).await {
        Ok(()) => Ok(()),
        Err(failure) => put_off(&session, failure),
    }
}

async fn session<'a>(
    worker: &'a Worker,
    lease: &'a Lease,
    connection: Connection,
    run: Run,
    deadline: Instant,
) -> Option<Session<'a>> {
    lease.keep_history(connection.history_days);
    match worker.access.client(connection.id).await {
        Ok(access) => {
            let deadline = deadline.min(Instant::now() + LONGEST);
            Some(Session::new(worker, lease, connection, access, run, deadline))
        }
        Err(error) => {
            // Runs of accounts find the same, and tell people.
            tracing::warn!(connection.id = %connection.id, %error, "photos are looked at later");
            None
        }
    }
}

/// Only a table that fails makes the message come again; all else is for the next poll, or for the next full run.
fn put_off(session: &Session<'_>, failure: Failure) -> Result<(), WorkError> {
    match failure {
        Failure::Store(error) => Err(error.into()),
        error => {
            tracing::info!(connection.id = %session.connection.id, %error, "photos are looked at later");
            Ok(())
        }
    }
}

/// Ends the run.
async fn finish(session: &mut Session<'_>, commit: Commit) -> Result<(), Failure> {
    let unread = session.run.counts.photos_unread;
    session.run.status = RunStatus::Succeeded;
    session.run.finished_at = Some(session.now());
    session.run.resume = None;
    session.run.progress.phase = "done".to_owned();
    session.run.error = (unread > 0).then(|| RunError {
        kind: "photos_unread".to_owned(),
        message: format!("{unread} photos could not be read. What was kept of them stays."),
        action: None,
    });
    session.save(commit).await
}
