//! A full run: anchor, snapshot, seal, plan, guard, ask again, apply, advance.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::scope::{GroupGraph, Scope};
use rollcall_directory::seal::absent;
use rollcall_directory::user::{Fingerprint, User};
use rollcall_graph::{DeltaStart, PageLink, groups, users};
use rollcall_store::commit::Commit;
use rollcall_store::group::StoredGroup;
use rollcall_store::state::StateChange;

use super::checkpoint::{Anchor, Checkpoint, Stage};
use super::failure::Failure;
use super::session::Session;
use super::snapshot::{Chunk, Snapshot, decode, encode};
use super::{closure, people, removals, teams};

/// What Graph's delta queries are asked to tell of a user.
pub(super) fn user_delta_select() -> Vec<&'static str> {
    let mut names = rollcall_directory::property::selected_names();
    names.push("manager");
    names
}

/// What Graph's delta queries are asked to tell of a group.
pub(super) const GROUP_DELTA_SELECT: &[&str] = &["displayName", "members"];

/// What the platform holds of one person, in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) fingerprint: Fingerprint,
    pub(super) active: bool,
}

/// A full run's memory.
pub(super) struct FullRun {
    pub(super) checkpoint: Checkpoint,
    pub(super) snapshot: Snapshot,
    pub(super) graph: GroupGraph,
    /// The platform's accounts in short.
    pub(super) index: HashMap<PersonId, Known>,
}

impl FullRun {
    /// Notes how an account is after it was written.
    pub(super) fn remember(&mut self, user: &User) {
        let known = Known { fingerprint: user.fingerprint(), active: user.status.is_active() };
        self.index.insert(user.person, known);
    }
}

/// Does a full run, or goes on with it.
pub(super) async fn full(session: &mut Session<'_>) -> Result<(), Failure> {
    let (checkpoint, snapshot) = match session.run.resume.clone() {
        Some(text) => restore(session, &text).await?,
        None => (begin(session, 0).await?, Snapshot::default()),
    };
    let mut run = FullRun { checkpoint, snapshot, graph: GroupGraph::default(), index: HashMap::new() };
    if let Stage::Groups { begun } = run.checkpoint.stage.clone() {
        closure::read(session, &mut run.snapshot, &mut run.checkpoint, begun).await?;
        run.checkpoint.stage = people::choose(session, &run).await?;
    }
    run.graph = run.snapshot.graph(session.connection.scope.roots());
    run.index = index(session).await?;
    let wanted = teams::wanted(session, &run.graph).await?;
    if !wanted.is_empty() {
        session.save(Commit { teams: wanted, ..Commit::at(session.now()) }).await?;
    }
    people::list(session, &mut run).await?;
    people::ask_for_the_rest(session, &mut run).await?;
    conclude(session, run).await
}

/// Drops what an attempt has read and begins anew, because Graph forgot a page.
///
/// # Errors
/// The given failure, when that has been tried often enough.
pub(super) async fn restart(session: &mut Session<'_>, failure: Failure) -> Result<(), Failure> {
    const ATTEMPTS: u32 = 3;
    let restarts = match &session.run.resume {
        Some(text) => Checkpoint::from_text(text)?.restarts + 1,
        None => 1,
    };
    if restarts >= ATTEMPTS {
        return Err(failure);
    }
    begin(session, restarts).await?;
    Ok(())
}

/// Takes the anchor, before anything else is read: what changes from now on will be told.
async fn begin(session: &mut Session<'_>, restarts: u32) -> Result<Checkpoint, Failure> {
    let at = session.now();
    let users = last_link(session.graph.pages(users::delta(&user_delta_select(), DeltaStart::Latest))).await?;
    let groups = match session.connection.scope {
        Scope::Everyone => None,
        Scope::Groups { .. } => {
            Some(last_link(session.graph.pages(groups::delta(GROUP_DELTA_SELECT, DeltaStart::Latest))).await?)
        }
    };
    let checkpoint = Checkpoint {
        scope: session.connection.scope.clone(),
        anchor: Anchor { users, groups, at },
        restarts,
        stage: Stage::Groups { begun: Vec::new() },
    };
    session.run.resume = Some(checkpoint.to_text()?);
    session.run.progress.phase = "anchor".to_owned();
    // What an earlier attempt of this run has left in the snapshot counts no more.
    let chunks = vec![encode(&[Chunk::Begin])?];
    session.save(Commit { chunks, ..Commit::at(session.now()) }).await?;
    Ok(checkpoint)
}

async fn last_link<T: Send + 'static>(mut pages: rollcall_graph::Pages<T>) -> Result<PageLink, Failure> {
    let mut link = None;
    while let Some(page) = pages.next().await? {
        link = page.delta;
    }
    // The client refuses a delta round without a delta link, so this only guards the type.
    link.ok_or(Failure::NeedsFull("a delta round ended without a delta link"))
}

async fn restore(session: &Session<'_>, text: &str) -> Result<(Checkpoint, Snapshot), Failure> {
    let checkpoint = Checkpoint::from_text(text)?;
    if checkpoint.scope != session.connection.scope {
        return Err(Failure::SettingsChanged);
    }
    let mut snapshot = Snapshot::default();
    for (_, bytes) in session.table().snapshot_chunks(session.connection.id, session.run.id, session.now()).await? {
        decode(&bytes)?.into_iter().for_each(|chunk| snapshot.absorb(chunk));
    }
    Ok((checkpoint, snapshot))
}

async fn index(session: &Session<'_>) -> Result<HashMap<PersonId, Known>, Failure> {
    let entries = session.table().user_index(session.connection.id).await?;
    let known = |entry: rollcall_store::user::IndexEntry| {
        (entry.person, Known { fingerprint: entry.fingerprint, active: entry.active })
    };
    Ok(entries.into_iter().map(known).collect())
}

/// Everything is read: seal it, take what is to be taken, and move the cursor.
async fn conclude(session: &mut Session<'_>, run: FullRun) -> Result<(), Failure> {
    let seal = run.snapshot.completeness().seal()?;
    let active = run.index.iter().filter(|(_, known)| known.active).map(|(person, _)| *person);
    let mut wanted = absent(&seal, active, &|person| run.snapshot.has_seen(person));
    wanted.extend(run.snapshot.removals());
    let stored = session.table().groups(session.connection.id).await?;
    let emptied = emptied(&stored, &run, session.connection.limits);
    session.run.progress.phase = "removals".to_owned();
    let settled = removals::settle(session, wanted, emptied, &BTreeSet::new(), true).await?;
    let groups = changed_groups(&stored, &run, |group| settled.unsettled_groups.contains(&group));
    let now = session.now();
    let commit = Commit {
        teams: teams::retired(session, &run.graph).await?,
        groups,
        groups_gone: stored.keys().filter(|group| !run.graph.contains(**group)).copied().collect(),
        holds: settled.holds,
        state: StateChange {
            cursor: Some(Some(run.checkpoint.anchor.cursor())),
            doubts: Some(settled.doubts),
            last_full_at: Some(now),
            settings_revision: Some(session.connection.revision),
            ..StateChange::default()
        },
        ..Commit::at(now)
    };
    session.finish(settled.held, commit).await?;
    Ok(session.lease.drop_snapshot(session.run.id).await?)
}

/// Groups of some size that have no member left, with the size that they had.
fn emptied(stored: &BTreeMap<GroupId, StoredGroup>, run: &FullRun, limits: Limits) -> BTreeMap<GroupId, u64> {
    stored
        .iter()
        .filter(|(group, before)| {
            before.members >= limits.emptied_group && run.graph.contains(**group) && run.snapshot.size(**group) == 0
        })
        .map(|(group, before)| (*group, before.members))
        .collect()
}

/// Groups to write. One whose emptying is held keeps the size that it had, so that the next
/// run sees the same.
fn changed_groups(
    stored: &BTreeMap<GroupId, StoredGroup>,
    run: &FullRun,
    keeps_size: impl Fn(GroupId) -> bool,
) -> Vec<(GroupId, StoredGroup)> {
    let current = run.graph.groups().iter().map(|(group, known)| {
        let before = stored.get(group).filter(|_| keeps_size(*group));
        let members = before.map_or_else(|| run.snapshot.size(*group), |before| before.members);
        (*group, StoredGroup { name: known.name.clone(), children: known.children.clone(), members })
    });
    current.filter(|(group, after)| stored.get(group) != Some(after)).collect()
}
