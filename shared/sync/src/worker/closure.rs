//! Reads the groups in scope: their members, the groups nested in them, and so on down.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::scope::Nesting;
use rollcall_directory::seal::Source;
use rollcall_directory::team_name::Pattern;
use rollcall_graph::{Error, FollowedLinks, GraphClient, Group, Member, MemberKind, Page, Request, groups};
use rollcall_store::commit::Commit;
use tokio::time::Instant;

use super::checkpoint::{Checkpoint, OpenGroup, Stage};
use super::failure::Failure;
use super::reading::Members;
use super::session::Session;
use super::snapshot::{Chunk, Snapshot, encode};

/// Pages that are read side by side.
const AT_ONCE: usize = 8;
/// Ids after which a checkpoint is saved: they fit into one item of the table.
const IDS_PER_CHECKPOINT: usize = 15_000;
/// Time after which a checkpoint is saved.
const TIME_PER_CHECKPOINT: Duration = Duration::from_secs(3);

/// Reads which groups are teams by their names, unless that is known.
pub(super) async fn read_names(session: &mut Session<'_>, snapshot: &mut Snapshot) -> Result<(), Failure> {
    let rules = session.connection.rules.teams.clone();
    if rules.group_names.is_empty() || snapshot.completeness().is_closed(Source::GroupNames) {
        return Ok(());
    }
    let mut found = BTreeSet::new();
    let beginnings: BTreeSet<&str> = rules.group_names.iter().map(Pattern::beginning).collect();
    for beginning in beginnings {
        let mut pages = session.graph.pages(groups::named(beginning));
        while let Some(page) = pages.next().await? {
            session.check_time()?;
            session.run.progress.pages += 1;
            let is_team = |group: &&Group| group.display_name.value().is_some_and(|name| rules.is_team_name(name));
            let fitting = page.value.iter().filter(is_team);
            found.extend(fitting.map(|group| GroupId(group.id)));
        }
    }
    found.extend(unlisted(session, &found).await?);
    let chunk = Chunk::NamedGroups { groups: found.into_iter().collect() };
    let chunks = vec![encode(std::slice::from_ref(&chunk))?];
    session.save(Commit { chunks, ..Commit::at(session.now()) }).await?;
    snapshot.absorb(chunk);
    Ok(())
}

/// Teams by their names that the list lacks, and that say themselves that they still are called so: a list that leaves
/// something out looks whole.
async fn unlisted(session: &Session<'_>, listed: &BTreeSet<GroupId>) -> Result<BTreeSet<GroupId>, Failure> {
    let rules = &session.connection.rules.teams;
    let stored = session.table().groups(session.connection.id).await?;
    let missing =
        stored.into_iter().filter(|(group, known)| rules.is_team_name(&known.name) && !listed.contains(group));
    let mut still = BTreeSet::new();
    for (group, _) in missing {
        match session.graph.send(&groups::get(group.0)).await {
            Ok(found) if found.display_name.value().is_some_and(|name| rules.is_team_name(name)) => {
                still.insert(group);
            }
            Ok(_) | Err(Error::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(still)
}

/// Reads all groups that are not read to their end, and those found below them, into `snapshot`.
/// `begun` are those of which some pages are read.
pub(super) async fn read(
    session: &mut Session<'_>,
    snapshot: &mut Snapshot,
    checkpoint: &mut Checkpoint,
    begun: Vec<OpenGroup>,
) -> Result<(), Failure> {
    let roots = snapshot.roots(&session.connection.scope, &session.connection.rules);
    let asked_for = session.connection.scope.roots();
    let follows = session.connection.scope.nesting() == Nesting::Followed;
    let mut reading = Reading::new(open(snapshot, &roots, begun));
    loop {
        let graph = session.graph.clone();
        while let Some(next) = reading.start() {
            reading.running.push(page(graph.clone(), next, Reach { roots: &roots, asked_for: &asked_for, follows }));
        }
        let Some(done) = reading.running.next().await else { break };
        let (task, chunk, following) = match done.and_then(|done| reading.links.follow(done)) {
            Ok(done) => done,
            Err(failure) => {
                // What was read so far is kept, so that the next attempt goes on from here.
                reading.save(session, checkpoint).await?;
                return Err(failure);
            }
        };
        session.run.progress.pages += 1;
        reading.finish(&task, following, &chunk, snapshot);
        snapshot.absorb(chunk.clone());
        reading.unsaved.push(chunk);
        if reading.is_checkpoint_due() {
            reading.save(session, checkpoint).await?;
            session.check_time()?;
        }
    }
    reading.save(session, checkpoint).await
}

fn open(snapshot: &Snapshot, roots: &BTreeSet<GroupId>, begun: Vec<OpenGroup>) -> Vec<OpenGroup> {
    let mut open = snapshot.open_groups(roots);
    open.retain(|group| !begun.iter().any(|begun| begun.group == *group));
    open.into_iter().map(OpenGroup::new).chain(begun).collect()
}

/// A page that was read: what was asked for, what it says, and the page after it.
type Read = (OpenGroup, Chunk, Option<OpenGroup>);
type Done = Result<Read, Failure>;

/// The links of all groups, which are read side by side and page by page.
#[derive(Default)]
struct Links(FollowedLinks);

impl Links {
    fn new(begun: &[OpenGroup]) -> Self {
        let mut followed = FollowedLinks::default();
        begun.iter().filter_map(|open| open.next.as_ref()).for_each(|link| followed.begin(link));
        Self(followed)
    }

    /// The page, if the link to the one after it leads on.
    fn follow(&mut self, read: Read) -> Done {
        if let (_, _, Some(OpenGroup { group, next: Some(next) })) = &read {
            self.0.follow(next, &members(*group))?;
        }
        Ok(read)
    }
}

fn members(group: GroupId) -> Request<Page<Member>> {
    groups::members(group.0, groups::Names::LeaveOut)
}

/// The pages under way, and what is not saved yet.
struct Reading<F> {
    waiting: Vec<OpenGroup>,
    started: Vec<OpenGroup>,
    running: FuturesUnordered<F>,
    links: Links,
    met: BTreeSet<GroupId>,
    unsaved: Vec<Chunk>,
    unsaved_ids: usize,
    saved_at: Instant,
}

impl<F: Future<Output = Done>> Reading<F> {
    fn new(open: Vec<OpenGroup>) -> Self {
        Self {
            links: Links::new(&open),
            met: open.iter().map(|open| open.group).collect(),
            waiting: open,
            started: Vec::new(),
            running: FuturesUnordered::new(),
            unsaved: Vec::new(),
            unsaved_ids: 0,
            saved_at: Instant::now(),
        }
    }

    fn start(&mut self) -> Option<OpenGroup> {
        if self.running.len() >= AT_ONCE {
            return None;
        }
        let next = self.waiting.pop()?;
        self.started.push(next.clone());
        Some(next)
    }

    fn finish(&mut self, task: &OpenGroup, following: Option<OpenGroup>, chunk: &Chunk, snapshot: &Snapshot) {
        self.started.retain(|started| started != task);
        self.waiting.extend(following);
        if let Chunk::Members { children, people, .. } = chunk {
            self.unsaved_ids += people.len() + children.len() + 1;
            for child in children {
                if !snapshot.knows(*child) && self.met.insert(*child) {
                    self.waiting.push(OpenGroup::new(*child));
                }
            }
        }
    }

    fn is_checkpoint_due(&self) -> bool {
        self.unsaved_ids >= IDS_PER_CHECKPOINT || self.saved_at.elapsed() >= TIME_PER_CHECKPOINT
    }

    async fn save(&mut self, session: &mut Session<'_>, checkpoint: &mut Checkpoint) -> Result<(), Failure> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        let begun = self.waiting.iter().chain(&self.started).filter(|open| open.next.is_some());
        checkpoint.stage = Stage::Groups { begun: begun.cloned().collect() };
        session.run.resume = Some(checkpoint.to_text()?);
        session.run.progress.phase = "groups".to_owned();
        let chunks = vec![encode(&self.unsaved)?];
        session.save(Commit { chunks, ..Commit::at(session.now()) }).await?;
        self.unsaved.clear();
        self.unsaved_ids = 0;
        self.saved_at = Instant::now();
        Ok(())
    }
}

/// What a page of a group's members is read for.
#[derive(Clone, Copy)]
struct Reach<'a> {
    /// Groups of which the name is wanted.
    roots: &'a BTreeSet<GroupId>,
    /// Groups that somebody named by their id: they must exist.
    asked_for: &'a BTreeSet<GroupId>,
    /// Whether nested groups are followed.
    follows: bool,
}

/// Reads one page of a group's members, and the group itself before the first page of a root.
async fn page(graph: GraphClient, task: OpenGroup, reach: Reach<'_>) -> Done {
    let group = task.group;
    let asked_for = reach.asked_for.contains(&group);
    let is_named = reach.roots.contains(&group) && task.next.is_none();
    let name = if is_named { Some(name(&graph, group, asked_for).await?) } else { None };
    let request = members(group);
    let request = match &task.next {
        Some(link) => request.at(link.clone()),
        None => request,
    };
    let page = graph.send(&request).await.map_err(|error| gone(error, group, asked_for))?;
    let Members { people, groups } = by_kind(&page.value);
    let groups = if reach.follows { groups } else { BTreeSet::new() };
    let following = page.next.map(|next| OpenGroup { group, next: Some(next) });
    let chunk = Chunk::Members {
        group,
        name,
        children: groups.into_iter().collect(),
        people: people.into_iter().collect(),
        last: following.is_none(),
    };
    Ok((task, chunk, following))
}

async fn name(graph: &GraphClient, group: GroupId, asked_for: bool) -> Result<String, Failure> {
    let found = graph.send(&groups::get(group.0)).await.map_err(|error| gone(error, group, asked_for))?;
    Ok(found.display_name.value().cloned().unwrap_or_else(|| group.to_string()))
}

/// A group of the scope that is not found is a matter for people. Another one may just have been
/// deleted, or not have reached this replica: the run can't be complete, and another will be.
fn gone(error: Error, group: GroupId, asked_for: bool) -> Failure {
    match error {
        Error::NotFound { .. } if asked_for => Failure::GroupGone(group),
        other => other.into(),
    }
}

fn by_kind(members: &[Member]) -> Members {
    let mut sorted = Members::default();
    for member in members {
        match member.kind {
            MemberKind::User => {
                sorted.people.insert(PersonId(member.id));
            }
            MemberKind::Group => {
                sorted.groups.insert(GroupId(member.id));
            }
            MemberKind::Other | MemberKind::NotStated => {}
        }
    }
    sorted
}

/// Reads the groups below `roots` that are not in `known`, without checkpoints: for a group
/// that was nested into the scope, or became a team, since the last full run. Of those in `names` the
/// name is read too.
pub(super) async fn read_below(
    session: &Session<'_>,
    roots: &BTreeSet<GroupId>,
    known: &BTreeSet<GroupId>,
    names: &BTreeSet<GroupId>,
) -> Result<Vec<Chunk>, Failure> {
    let (roots_by_id, none) = (session.connection.scope.roots(), BTreeSet::new());
    let named = names.union(&roots_by_id).copied().collect();
    let follows = session.connection.scope.nesting() == Nesting::Followed;
    let reach = Reach { roots: &named, asked_for: &none, follows };
    let mut met: BTreeSet<GroupId> = known.union(roots).copied().collect();
    let mut waiting: Vec<OpenGroup> = roots.iter().map(|group| OpenGroup::new(*group)).collect();
    let mut running = FuturesUnordered::new();
    let mut links = Links::default();
    let mut chunks = Vec::new();
    loop {
        while running.len() < AT_ONCE {
            let Some(next) = waiting.pop() else { break };
            running.push(page(session.graph.clone(), next, reach));
        }
        let Some(done) = running.next().await else { return Ok(chunks) };
        let (_, chunk, following) = links.follow(done?)?;
        waiting.extend(following);
        if let Chunk::Members { children, .. } = &chunk {
            waiting.extend(children.iter().filter(|child| met.insert(**child)).map(|child| OpenGroup::new(*child)));
        }
        chunks.push(chunk);
        session.check_time()?;
    }
}
