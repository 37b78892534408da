//! A full run: anchor, snapshot, seal, plan, guard, ask again, apply, advance.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use jiff::Timestamp;
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::seal::absent;
use rollcall_directory::user::{AddressDigest, Fingerprint, Status, User};
use rollcall_graph::{DeltaStart, PageLink, groups, users};
use rollcall_store::Error as StoreError;
use rollcall_store::commit::{Commit, UserWrite};
use rollcall_store::group::StoredGroup;
use rollcall_store::state::StateChange;

use super::checkpoint::{Anchor, Checkpoint, Stage};
use super::failure::Failure;
use super::question::unanswered_after;
use super::removals::Basis;
use super::session::Session;
use super::snapshot::{Chunk, Memberships, Snapshot, Written, decode, encode};
use super::{closure, existing, manager_teams, people, problems, removals, teams};

/// What Graph's delta queries are asked to tell of a user.
pub(super) fn user_delta_select(session: &Session<'_>) -> Vec<String> {
    let mut names = session.selected();
    names.push("manager".to_owned());
    names
}

/// What Graph's delta queries are asked to tell of a group.
pub(super) const GROUP_DELTA_SELECT: &[&str] = &["displayName", "members"];

/// What the platform holds of one person, in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) fingerprint: Fingerprint,
    pub(super) inactive_since: Option<Timestamp>,
    pub(super) protected: bool,
    pub(super) reports_to: Option<PersonId>,
    /// Of an active account.
    pub(super) address: Option<AddressDigest>,
}

/// People for whom there is room at once. More make the tables grow.
const MOST_AT_ONCE: usize = 2_000_000;

/// The fingerprint of no account.
const UNKNOWN: Fingerprint = Fingerprint([0; 16]);

impl Known {
    pub(super) const fn is_active(&self) -> bool {
        self.inactive_since.is_none()
    }

    fn of(user: &User) -> Self {
        let inactive_since = match user.status {
            Status::Active => None,
            Status::Inactive { since, .. } => Some(since),
        };
        Self {
            // Whoever comes once more on a later page is read from the table.
            fingerprint: UNKNOWN,
            inactive_since,
            protected: user.protected,
            reports_to: user.reports_to,
            address: user.address_digest(),
        }
    }
}

/// A full run's memory.
pub(super) struct FullRun {
    pub(super) checkpoint: Checkpoint,
    pub(super) snapshot: Snapshot,
    pub(super) graph: GroupGraph,
    pub(super) memberships: Memberships,
    /// People whom the scope names or lets in by their groups, in order; none where it is open to all.
    pub(super) in_scope: Vec<PersonId>,
    /// The platform's accounts in short.
    pub(super) index: HashMap<PersonId, Known, RandomState>,
}

impl FullRun {
    /// Room for so many people, before they come one by one: a table that grows is there twice for a moment.
    pub(super) fn make_room(&mut self, people: usize) {
        let people = people.min(MOST_AT_ONCE);
        self.index.reserve(people.saturating_sub(self.index.len()));
        self.snapshot.make_room(people);
    }

    /// Notes how an account is after it was written.
    pub(super) fn remember(&mut self, user: &User) {
        self.index.insert(user.person, Known::of(user));
    }

    /// People whose accounts may have the same address: those whose digests are the same.
    pub(super) fn same_addresses(&self) -> Vec<Vec<PersonId>> {
        let digests = self.index.iter().filter_map(|(person, known)| Some((known.address?, *person)));
        let mut digests: Vec<(AddressDigest, PersonId)> = digests.collect();
        digests.sort_unstable();
        let same = digests.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1);
        same.map(|same| same.iter().map(|(_, person)| *person).collect()).collect()
    }

    /// Notes what was taken. In a preview the table does not have what would have been given before,
    /// so that only what was taken is told by the write.
    fn take(&mut self, taken: &UserWrite) {
        let Some(known) = taken.person().and_then(|person| self.index.get_mut(&person)) else { return };
        match &taken.after {
            Some(user) => {
                let after = Known::of(user);
                known.inactive_since = after.inactive_since;
                if !known.is_active() || taken.taken.contains(&Loss::Manager) {
                    known.reports_to = None;
                }
                if !known.is_active() || taken.taken.contains(&Loss::Email) {
                    known.address = None;
                }
            }
            None => drop(taken.person().map(|person| self.index.remove(&person))),
        }
    }
}

/// Does a full run, or goes on with it.
pub(super) async fn full(session: &mut Session<'_>) -> Result<(), Failure> {
    let (checkpoint, snapshot) = match session.run.resume.clone() {
        Some(text) => restore(session, &text).await?,
        None => (begin(session, 0).await?, Snapshot::default()),
    };
    session.existing = existing::accounts(session).await?;
    let mut run = FullRun {
        checkpoint,
        snapshot,
        graph: GroupGraph::default(),
        memberships: Memberships::default(),
        in_scope: Vec::new(),
        index: HashMap::default(),
    };
    if let Stage::Groups { begun } = run.checkpoint.stage.clone() {
        // Boxed, each for itself: together in one future they would take more stack than a thread has.
        Box::pin(closure::read_names(session, &mut run.snapshot)).await?;
        Box::pin(closure::read(session, &mut run.snapshot, &mut run.checkpoint, begun)).await?;
    }
    run.graph = run.snapshot.graph(&session.connection.scope, &session.connection.rules);
    run.memberships = run.snapshot.memberships(&run.graph);
    run.in_scope = people::in_scope(session, &run);
    if matches!(run.checkpoint.stage, Stage::Groups { .. }) {
        run.checkpoint.stage = people::choose(session, &run).await?;
    }
    run.index = index(session, &run).await?;
    run.make_room(run.in_scope.len());
    let wanted = teams::wanted(session, &run.graph).await?;
    if !wanted.is_empty() {
        session.save(Commit { teams: wanted, ..Commit::at(session.now()) }).await?;
    }
    Box::pin(people::list(session, &mut run)).await?;
    Box::pin(people::ask_for_the_rest(session, &mut run)).await?;
    session.check_time_for_the_end()?;
    Box::pin(conclude(session, run)).await
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
    let select = user_delta_select(session);
    let select: Vec<&str> = select.iter().map(String::as_str).collect();
    let users = last_link(session.graph.pages(users::delta(&select, DeltaStart::Latest))).await?;
    let groups = if session.connection.rules.looks_at_groups(&session.connection.scope) {
        Some(last_link(session.graph.pages(groups::delta(GROUP_DELTA_SELECT, DeltaStart::Latest))).await?)
    } else {
        None
    };
    let checkpoint = Checkpoint {
        scope: session.connection.scope.clone(),
        rules: session.connection.rules.clone(),
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
    if checkpoint.scope != session.connection.scope || checkpoint.rules != session.connection.rules {
        return Err(Failure::SettingsChanged);
    }
    let mut snapshot = Snapshot::default();
    let chunks = session.table().snapshot_chunks(session.connection.id, session.run.id, session.now()).await;
    let chunks = chunks.map_err(|error| match error {
        // They are kept for some days. Whoever takes the run up later has to read everything anew.
        StoreError::NotFound { .. } => Failure::Checkpoint("pieces of what was read are gone".to_owned()),
        other => other.into(),
    })?;
    for (_, bytes) in chunks {
        decode(&bytes)?.into_iter().for_each(|chunk| snapshot.absorb(chunk));
    }
    Ok((checkpoint, snapshot))
}

async fn index(session: &Session<'_>, run: &FullRun) -> Result<HashMap<PersonId, Known, RandomState>, Failure> {
    let active = usize::try_from(session.state().active).unwrap_or_default();
    let room = active.max(run.in_scope.len()).min(MOST_AT_ONCE);
    let mut index = HashMap::with_capacity_and_hasher(room, RandomState::default());
    let keep = |entry: rollcall_store::user::IndexEntry| {
        let known = Known {
            fingerprint: entry.fingerprint,
            inactive_since: entry.inactive_since,
            protected: entry.protected,
            reports_to: entry.reports_to,
            address: entry.address,
        };
        index.insert(entry.person, known);
    };
    session.table().visit_user_index(session.connection.id, keep).await?;
    if session.run.mode.is_preview() {
        // The table does not have what an earlier slice of the preview would have written.
        for Written { person, reports_to, name: _ } in run.snapshot.written().values() {
            let protected = index.get(person).is_some_and(|known| known.protected);
            let address = index.get(person).and_then(|known| known.address);
            let known =
                Known { fingerprint: UNKNOWN, inactive_since: None, protected, reports_to: *reports_to, address };
            index.insert(*person, known);
        }
    }
    Ok(index)
}

/// Everything is read: seal it, take what is to be taken, and move the cursor.
async fn conclude(session: &mut Session<'_>, mut run: FullRun) -> Result<(), Failure> {
    let seal = run.snapshot.completeness().seal()?;
    let active = |protected: bool| {
        let known = run.index.iter().filter(move |(_, known)| known.is_active() && known.protected == protected);
        known.map(|(person, _)| *person)
    };
    let has_seen = |person: PersonId| run.snapshot.has_seen(person);
    let (mut wanted, mut spared) = (BTreeSet::new(), BTreeSet::new());
    if session.connection.rules.takes_access() {
        wanted.extend(absent(&seal, active(false), &has_seen));
        spared = absent(&seal, active(true), &has_seen);
    }
    wanted.extend(run.snapshot.removals().iter().cloned());
    wanted.extend(deletions(session, &run));
    let stored = session.table().groups(session.connection.id).await?;
    let emptied = emptied(&stored, &run, session.connection.limits);
    session.run.progress.phase = "removals".to_owned();
    let settled = Box::pin(removals::settle(session, &run.graph, wanted, emptied, Basis::Everything)).await?;
    settled.taken.iter().for_each(|taken| run.take(taken));
    let groups = changed_groups(&stored, &run, |group| settled.unsettled_groups.contains(&group));
    let now = session.now();
    let unanswered = run.snapshot.unanswered().union(&settled.unanswered).copied().collect();
    let was_asked = |person: PersonId| run.snapshot.has_seen(person) || settled.asked.contains(&person);
    let unanswered = unanswered_after(session, was_asked, &unanswered).unwrap_or_else(|| session.state().unanswered);
    let mut teams = teams::retired(session, &run.graph).await?;
    teams.extend(manager_teams::after_full(session, &run, &settled.taken).await?);
    let commit = Commit {
        teams,
        groups,
        groups_gone: stored.keys().filter(|group| !run.graph.contains(**group)).copied().collect(),
        holds: settled.holds,
        problems: problems::after_full(session, &run, &spared, unanswered.keys().copied()).await?,
        state: StateChange {
            cursor: Some(Some(run.checkpoint.anchor.cursor())),
            doubts: Some(settled.doubts),
            unanswered: Some(unanswered),
            last_full_at: Some(now),
            settings_revision: Some(session.connection.revision),
            ..StateChange::default()
        },
        ..Commit::at(now)
    };
    session.finish(settled.held, commit).await?;
    Ok(session.lease.drop_snapshot(session.run.id).await?)
}

/// Accounts that have been inactive for the whole grace.
fn deletions(session: &Session<'_>, run: &FullRun) -> BTreeSet<Removal> {
    let now = session.now();
    let rules = &session.connection.rules;
    let is_due = |known: &Known| {
        !known.protected
            && known.inactive_since.and_then(|since| rules.deletion_due_since(since)).is_some_and(|due| due <= now)
    };
    let due = run.index.iter().filter(|(_, known)| is_due(known));
    due.map(|(person, _)| Removal { person: *person, loss: Loss::Deletion }).collect()
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
