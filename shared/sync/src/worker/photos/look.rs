//! Asks about the photos of some people, and writes what has changed.

use std::collections::BTreeMap;

use rollcall_directory::desired::Problem;
use rollcall_directory::identity::PersonId;
use rollcall_directory::photo::{Photo, PhotoSize, Refusal, Seen, Step, step};
use rollcall_graph::{Cause, Error, ProfilePhoto, Request, photos};
use rollcall_store::commit::Commit;
use rollcall_store::photo::{PhotoEntry, PhotoWrite};
use rollcall_store::problem::{NotedProblem, ProblemChanges};

use super::super::failure::Failure;
use super::super::session::Session;

/// Images that are fetched and written at a time: as many as one `$batch` takes, so that little of them is in memory.
const IMAGES: usize = 20;

/// Looks at these accounts. Answers whether there is anything to tell.
///
/// # Errors
/// [`Failure::Graph`] when Graph answers nothing at all. What fails for some people only leaves theirs as they were.
pub(super) async fn at(session: &mut Session<'_>, accounts: &[PhotoEntry]) -> Result<bool, Failure> {
    let Some(size) = session.connection.rules.photo.wanted() else { return clear(session, accounts).await };
    let asked: Vec<&PhotoEntry> = accounts.iter().filter(|account| account.active).collect();
    let requests: Vec<Request<ProfilePhoto>> = asked.iter().map(|account| photos::describe(account.person.0)).collect();
    let mut found = Found::default();
    let (mut gone, mut changed) = (Vec::new(), Vec::new());
    let mut failures = Vec::new();
    for (account, answer) in asked.iter().copied().zip(session.graph.batch(&requests).await) {
        let seen = match answer {
            Ok(ProfilePhoto { etag, width, height }) => Seen::described(etag.as_deref(), width, height),
            Err(Error::NotFound { code, .. }) => Seen::not_found(&code),
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        match step(account.photo.as_ref(), size, seen) {
            Step::Keep => found.keep(account),
            Step::Clear => gone.push(account),
            Step::Fetch(etag) => changed.push((account, etag)),
        }
    }
    found.unread += bearable(session, failures, asked.len())?;
    for account in gone {
        found.write(account, None, Vec::new());
    }
    for some in changed.chunks(IMAGES) {
        fetch(session, &mut found, some, size).await?;
        save(session, &mut found).await?;
    }
    save(session, &mut found).await?;
    session.run.progress.people += asked.len() as u64;
    session.run.counts.unchanged += found.kept;
    session.run.counts.photos_unread += found.unread;
    Ok(found.told || found.unread > 0)
}

/// Photos are not wanted any more.
async fn clear(session: &mut Session<'_>, accounts: &[PhotoEntry]) -> Result<bool, Failure> {
    let mut found = Found::default();
    for account in accounts.iter().filter(|account| account.photo.is_some()) {
        found.write(account, None, Vec::new());
    }
    save(session, &mut found).await?;
    session.run.progress.people += accounts.iter().filter(|account| account.active).count() as u64;
    Ok(found.told)
}

/// What was found out and is not written yet, and what is counted at the end.
#[derive(Default)]
struct Found {
    writes: Vec<PhotoWrite>,
    /// People whose photo is or was refused, and why it is now.
    refused: BTreeMap<PersonId, Option<Refusal>>,
    /// Photos that were as they should be.
    kept: u64,
    unread: u64,
    /// Whether something was written.
    told: bool,
}

impl Found {
    fn keep(&mut self, account: &PhotoEntry) {
        self.kept += 1;
        if let Some(refusal) = account.photo.as_ref().and_then(Photo::refusal) {
            self.refused.insert(account.person, Some(refusal));
        }
    }

    fn write(&mut self, account: &PhotoEntry, after: Option<Photo>, bytes: Vec<u8>) {
        let PhotoEntry { user, person, active: _, photo: before } = account.clone();
        let refusal = after.as_ref().and_then(Photo::refusal);
        if refusal.is_some() || before.as_ref().is_some_and(|before| before.refusal().is_some()) {
            self.refused.insert(person, refusal);
        }
        self.writes.push(PhotoWrite { user, person, before, after, bytes });
    }
}

/// Fetches changed photos.
async fn fetch(
    session: &Session<'_>,
    found: &mut Found,
    changed: &[(&PhotoEntry, String)],
    size: PhotoSize,
) -> Result<(), Failure> {
    let request = |account: &PhotoEntry| photos::image(account.person.0, size.pixels());
    let requests: Vec<_> = changed.iter().filter_map(|(account, _)| request(account)).collect();
    let mut answers = session.graph.batch(&requests).await;
    if answers.iter().all(is_too_large) {
        // Together they are too large for one answer; one by one only those are that are too large by themselves.
        answers.clear();
        for request in &requests {
            answers.push(session.graph.send(request).await);
        }
    }
    let mut failures = Vec::new();
    for ((account, etag), answer) in changed.iter().zip(answers) {
        match answer {
            Ok(bytes) => {
                let photo = Photo::fetched(etag.clone(), size, &bytes);
                let bytes = if photo.image().is_some() { bytes.to_vec() } else { Vec::new() };
                found.write(account, Some(photo), bytes);
            }
            Err(Error::Transient { cause: Cause::TooLarge, .. }) => {
                found.write(account, Some(Photo::too_large(etag.clone(), size)), Vec::new());
            }
            // Gone since it was described: the next round will say so.
            Err(Error::NotFound { .. }) => found.kept += 1,
            Err(error) => failures.push(error),
        }
    }
    found.unread += bearable(session, failures, changed.len())?;
    Ok(())
}

fn is_too_large<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Transient { cause: Cause::TooLarge, .. }))
}

/// How many of these calls failed, where the others show that Graph is there.
///
/// # Errors
/// All failed, or the time ran out, and trying again will help.
fn bearable(session: &Session<'_>, failures: Vec<Error>, calls: usize) -> Result<u64, Failure> {
    let count = failures.len();
    let passes = |error: &Error| error.retry_after().is_some() || matches!(error, Error::Credential { .. });
    let Some(first) = failures.into_iter().find(passes) else { return Ok(count as u64) };
    if count == calls || session.is_almost_out_of_time() {
        return Err(first.into());
    }
    tracing::info!(connection.id = %session.connection.id, photos.unread = count, error = %first, "photos could not be read");
    Ok(count as u64)
}

/// Writes what was found out so far.
async fn save(session: &mut Session<'_>, found: &mut Found) -> Result<(), Failure> {
    let photos = std::mem::take(&mut found.writes);
    let problems = problems(session, std::mem::take(&mut found.refused)).await?;
    if photos.is_empty() && problems == ProblemChanges::default() {
        return Ok(());
    }
    found.told = true;
    session.save(Commit { photos, problems, ..Commit::at(session.now()) }).await
}

/// What changes of the work-list.
async fn problems(
    session: &Session<'_>,
    refused: BTreeMap<PersonId, Option<Refusal>>,
) -> Result<ProblemChanges, Failure> {
    if refused.is_empty() {
        return Ok(ProblemChanges::default());
    }
    let (table, connection) = (session.table(), session.connection.id);
    let before = table.problems_by_id(connection, refused.keys().map(|person| NotedProblem::photo_id(*person))).await?;
    let people: Vec<PersonId> = refused.keys().copied().collect();
    let users = table.users_by_person(connection, session.tenant, &people).await?;
    let now = session.now();
    let after = refused.into_iter().filter_map(|(person, refusal)| {
        let name = users.get(&person)?.name();
        Some(NotedProblem::of(person, name, Problem::Photo { refusal: refusal? }, now))
    });
    Ok(ProblemChanges::between(&before, after))
}
