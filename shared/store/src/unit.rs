//! What of a commit must stay together, as writes with their history and counters.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::guard::Takings;
use rollcall_directory::identity::{ConnectionId, GroupId, HoldId, RunId};
use rollcall_directory::plan::Removal;
use rollcall_directory::user::User;

use crate::change::Change;
use crate::commit::{TeamWrite, UserWrite};
use crate::error::Error;
use crate::group;
use crate::item::{MAX_ITEM, VERSION, binary, expire, number, text};
use crate::keys::Key;
use crate::photo::{self, PhotoWrite};
use crate::problem::{self, ProblemChanges};
use crate::run::Tally;
use crate::user;
use crate::wire::{Attribute, ItemText};
use crate::write::Write;

/// Teams that one transaction adds to or takes from one account.
const TEAMS: usize = 90;
/// Bytes of removals in one chunk of a hold.
const REMOVAL_BYTES: usize = 200_000;
/// How long a checkpoint is kept. Graph's delta links live for seven days.
const SNAPSHOT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Writes that must be in the same transaction, and what they mean for the counters.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub(crate) writes: Vec<Write>,
    /// The history, as JSON.
    pub(crate) changes: Vec<String>,
    /// Accounts that became active, less those that became inactive.
    pub(crate) active: i64,
    pub(crate) taken: Takings,
    pub(crate) tally: Tally,
    /// It changes an item that the unit before it writes: a transaction may name an item only once.
    pub(crate) continues: bool,
}

impl Unit {
    pub(crate) fn of(write: Write) -> Self {
        Self { writes: vec![write], ..Self::default() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.writes.iter().map(Write::bytes).sum::<usize>() + self.change_bytes()
    }

    pub(crate) fn change_bytes(&self) -> usize {
        self.changes.iter().map(|change| change.len() + 1).sum()
    }

    fn record(&mut self, change: &Change<Cow<'_, str>>) -> Result<(), Error> {
        self.tally.count(change);
        let corrupt = |what: String| Error::Corrupt { item: "change", what };
        let mut json = Vec::with_capacity(1_500);
        serde_json::to_writer(&mut json, change).map_err(|error| corrupt(error.to_string()))?;
        self.changes.push(String::from_utf8(json).map_err(|error| corrupt(error.to_string()))?);
        Ok(())
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        // Destructured in full, so that a new field can't be forgotten.
        let Self { writes, changes, active, taken, tally, continues: _ } = other;
        self.writes.extend(writes);
        self.changes.extend(changes);
        self.active += active;
        self.taken.add(&taken);
        self.tally.add(&tally);
    }
}

pub(crate) fn team_unit(connection: ConnectionId, team: &TeamWrite, rehearsal: bool) -> Result<Unit, Error> {
    let mut unit = if rehearsal { Unit::default() } else { Unit::of(group::write_team(connection, &team.after)?) };
    if let Some(change) = team.change() {
        unit.record(&Change::Team(change))?;
    }
    Ok(unit)
}

/// The list of problems. A preview tells them in its history instead.
pub(crate) fn problem_units(
    connection: ConnectionId,
    problems: ProblemChanges,
    rehearsal: bool,
) -> Box<dyn Iterator<Item = Result<Unit, Error>> + Send> {
    if !rehearsal {
        return Box::new(problem::writes(connection, problems).map(|write| write.map(Unit::of)));
    }
    Box::new(problems.noted.into_iter().map(|problem| {
        let mut unit = Unit::default();
        unit.record(&Change::Skipped(problem))?;
        Ok(unit)
    }))
}

pub(crate) fn user_unit(
    connection: ConnectionId,
    stage: &Stage,
    now: Timestamp,
    rehearsal: bool,
) -> Result<Unit, Error> {
    let Stage { write, continues } = stage;
    let mut unit = Unit { continues: *continues, ..Unit::default() };
    if let Some(change) = write.change() {
        unit.record(&Change::User(change))?;
    }
    let roster = |user: &Option<User>| user.as_ref().map(User::roster).unwrap_or_default();
    let (old, new) = (roster(&write.before), roster(&write.after));
    unit.tally.memberships_added = new.difference(&old).count() as u64;
    unit.tally.memberships_removed = old.difference(&new).count() as u64;
    if rehearsal {
        return Ok(unit);
    }
    unit.writes = user::writes(connection, write, now)?;
    let is_active = |user: &Option<User>| user.as_ref().is_some_and(|user| user.status.is_active());
    unit.active = i64::from(is_active(&write.after)) - i64::from(is_active(&write.before));
    let Some(person) = write.person() else { return Ok(unit) };
    let removals: Vec<Removal> = write.taken.iter().map(|loss| Removal { person, loss: loss.clone() }).collect();
    unit.taken = Takings::of(&removals);
    Ok(unit)
}

/// A photo, with what everybody sees of it on the account.
pub(crate) fn photo_unit(connection: ConnectionId, write: PhotoWrite, now: Timestamp) -> Result<Unit, Error> {
    let mut unit = Unit::default();
    if let Some(change) = write.change() {
        unit.record(&Change::Photo(change))?;
    }
    unit.writes = photo::writes(connection, write, now)?;
    Ok(unit)
}

/// One step of writing an account.
pub(crate) struct Stage {
    write: UserWrite,
    /// There is a step before it.
    continues: bool,
}

/// An account that joins or leaves more teams than fit into one transaction goes in stages,
/// each a consistent account with its own history.
pub(crate) fn stages(write: UserWrite) -> impl Iterator<Item = Stage> + Send {
    let staged = in_stages(write).into_iter().enumerate();
    staged.map(|(number, write)| Stage { write, continues: number > 0 })
}

fn in_stages(write: UserWrite) -> Vec<UserWrite> {
    let old = write.before.as_ref().map(group_teams).unwrap_or_default();
    let new = write.after.as_ref().map(group_teams).unwrap_or_default();
    let turned: Vec<GroupId> = old.symmetric_difference(&new).copied().collect();
    if turned.len() <= TEAMS {
        return vec![write];
    }
    let model = write.before.as_ref().filter(|before| before.status.is_active()).or(write.after.as_ref()).cloned();
    let Some(model) = model else { return vec![write] };
    let mut teams = old;
    let mut staged = Vec::new();
    let mut before = write.before;
    // The last part is left to the last stage, which is the account as asked for.
    let parts: Vec<_> = turned.chunks(TEAMS).collect();
    for part in parts.iter().take(parts.len() - 1) {
        for team in *part {
            if !teams.remove(team) {
                teams.insert(*team);
            }
        }
        let after = User { teams: teams.clone(), ..model.clone() };
        staged.push(UserWrite::giving(before.replace(after.clone()), after));
    }
    staged.push(UserWrite { before, after: write.after, taken: write.taken });
    staged
}

/// The groups in whose teams an account shows.
fn group_teams(user: &User) -> BTreeSet<GroupId> {
    if user.status.is_active() { user.teams.clone() } else { BTreeSet::new() }
}

pub(crate) fn removal_units(
    connection: ConnectionId,
    hold: HoldId,
    removals: &BTreeSet<Removal>,
    expires: Timestamp,
) -> Vec<Result<Unit, Error>> {
    let json = |removal| {
        serde_json::to_string(removal).map_err(|error| Error::Corrupt { item: "removals", what: error.to_string() })
    };
    let texts: Result<Vec<String>, Error> = removals.iter().map(json).collect();
    let texts = match texts {
        Ok(texts) => texts,
        Err(error) => return vec![Err(error)],
    };
    let chunks = join_chunks(texts, REMOVAL_BYTES).into_iter().enumerate().map(|(number, chunk)| {
        let mut item = Key::removals(connection, hold, number).item();
        item.insert("v".to_owned(), crate::item::number(VERSION));
        item.insert("removals".to_owned(), text(chunk));
        expire(&mut item, expires);
        Ok(Unit::of(Write::put("removals", &item)?))
    });
    chunks.collect()
}

/// JSON arrays of so many bytes each, roughly.
fn join_chunks(texts: Vec<String>, bytes: usize) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    for text in texts {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() + text.len() < bytes => {
                chunk.push(',');
                chunk.push_str(&text);
            }
            _ => chunks.push(format!("[{text}")),
        }
    }
    chunks.iter_mut().for_each(|chunk| chunk.push(']'));
    chunks
}

pub(crate) fn chunk_unit(
    connection: ConnectionId,
    run: Option<RunId>,
    place: u64,
    chunk: Vec<u8>,
    now: Timestamp,
) -> Result<Unit, Error> {
    let run = run.ok_or_else(no_run)?;
    if chunk.len() > MAX_ITEM {
        return Err(Error::TooLarge { item: "snapshot", bytes: chunk.len() });
    }
    let mut item = Key::snapshot(connection, run, place).item();
    item.insert("v".to_owned(), number(VERSION));
    item.insert("bytes".to_owned(), binary(chunk));
    expire(&mut item, now.saturating_add(SNAPSHOT).unwrap_or(Timestamp::MAX));
    Ok(Unit::of(Write::put("snapshot", &item)?))
}

/// The write of a transaction's history: JSON, packed by LZ4 with its length before it.
pub(crate) fn change_chunk(
    connection: ConnectionId,
    run: Option<RunId>,
    sequence: u64,
    changes: &[String],
    expires: Timestamp,
) -> Result<Write, Error> {
    let run = run.ok_or_else(no_run)?;
    // Much of it is the same for everybody, and what is written is paid for by its size.
    let packed = lz4_flex::block::compress_prepend_size(format!("[{}]", changes.join(",")).as_bytes());
    let capacity = 300 + packed.len() * 4 / 3;
    let attributes = [("changes", Attribute::Binary(packed)), ("expires_at", Attribute::Number(expires.as_second()))];
    let item = ItemText::with("change", &Key::change(connection, run, sequence), &attributes, capacity)?;
    Ok(Write::Put { kind: "change", item, condition: None })
}

/// Changes and checkpoints belong to a run; without one the commit is a mistake of its maker.
pub(crate) fn no_run() -> Error {
    Error::Refused { operation: "commit", code: "changes without a run".to_owned() }
}
