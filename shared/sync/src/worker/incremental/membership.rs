//! What changes of groups mean for those in scope.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::GroupId;
use rollcall_directory::scope::GroupGraph;
use rollcall_graph::{MemberKind, groups};
use rollcall_store::commit::TeamWrite;
use rollcall_store::group::StoredGroup;

use super::ByPerson;
use super::changes::{Changes, GroupChange};
use crate::worker::closure::read_below;
use crate::worker::failure::Failure;
use crate::worker::groups::graph_of;
use crate::worker::session::Session;
use crate::worker::snapshot::Chunk;
use crate::worker::teams;

/// Groups that a person joined or left.
#[derive(Debug, Default)]
pub(super) struct MemberOf {
    pub(super) joined: BTreeSet<GroupId>,
    pub(super) left: BTreeSet<GroupId>,
}

/// The groups in scope after the changes.
#[derive(Debug, Default)]
pub(super) struct Memberships {
    pub(super) graph: GroupGraph,
    /// People whose direct groups changed.
    pub(super) changed: ByPerson<MemberOf>,
    /// Groups to write.
    pub(super) groups: Vec<(GroupId, StoredGroup)>,
    /// Teams to write.
    pub(super) teams: Vec<TeamWrite>,
    /// Sizes before.
    pub(super) before: BTreeMap<GroupId, u64>,
}

impl Memberships {
    /// Groups that had at least `least` members and now have none, with the size they had.
    pub(super) fn emptied(&self, least: u64) -> BTreeMap<GroupId, u64> {
        let empty = self.groups.iter().filter(|(_, group)| group.members == 0);
        empty
            .filter_map(|(group, _)| self.before.get(group).map(|before| (*group, *before)))
            .filter(|(_, before)| *before >= least)
            .collect()
    }
}

/// Works out the groups that matter after the changes.
///
/// # Errors
/// [`Failure::GroupGone`] when a group of the scope was deleted. [`Failure::NeedsFull`] when a group is
/// no longer nested in one that matters, or is no team any more: that takes from many at once, and wants a sealed
/// snapshot.
pub(super) async fn resolve(session: &Session<'_>, changes: &Changes) -> Result<Memberships, Failure> {
    let (scope, teams) = (&session.connection.scope, &session.connection.rules.teams);
    if !session.connection.rules.looks_at_groups(scope) {
        return Ok(Memberships::default());
    }
    if let Some(gone) = scope.roots().iter().find(|root| changes.groups.get(root).is_some_and(|change| change.removed))
    {
        return Err(Failure::GroupGone(*gone));
    }
    let mut stored = session.table().groups(session.connection.id).await?;
    let by_scope = teams.groups(scope, []);
    let fits = |name: &str| teams.is_team_name(name);
    let is_new_team = |group: &GroupId, change: &GroupChange| {
        stored.get(group).is_none_or(|known| known.name.is_empty()) && change.name.as_deref().is_some_and(fits)
    };
    let new_teams: BTreeSet<GroupId> = changes
        .groups
        .iter()
        .filter(|(group, change)| !change.removed && is_new_team(group, change))
        .map(|(group, _)| *group)
        .collect();
    let relevant: BTreeMap<GroupId, &GroupChange> = changes
        .groups
        .iter()
        .filter(|(group, _)| stored.contains_key(*group))
        .map(|(group, change)| (*group, change))
        .collect();
    let mut resolved = Memberships::default();
    let mut touched = BTreeSet::new();
    let before_all = stored.clone();
    for (group, change) in relevant {
        let Some(before) = stored.get_mut(&group) else { continue };
        resolved.before.insert(group, before.members);
        if change.removed || change.children.iter().any(|(child, there)| !there && before.children.contains(child)) {
            return Err(Failure::NeedsFull("a group is no longer nested in the scope"));
        }
        let was_team_by_name = !before.name.is_empty() && fits(&before.name) && !by_scope.contains(&group);
        if was_team_by_name && change.name.as_deref().is_some_and(|name| !fits(name)) {
            return Err(Failure::NeedsFull("a group is no team any more by its name"));
        }
        if edit(before, group, change, &mut resolved.changed) {
            touched.insert(group);
        }
    }
    for group in &new_teams {
        let name = changes.groups.get(group).and_then(|change| change.name.clone()).unwrap_or_default();
        stored.entry(*group).or_default().name = name;
        touched.insert(*group);
    }
    settle_sizes(session, &mut stored, &resolved.before).await?;
    // Reading a group can show others that it widens in turn.
    let mut read = BTreeSet::new();
    loop {
        let widened = widened(session, &before_all, &stored);
        let widened: BTreeSet<GroupId> =
            widened.union(&new_teams).copied().filter(|group| !read.contains(group)).collect();
        if widened.is_empty() {
            break;
        }
        let known: BTreeSet<GroupId> = stored.keys().filter(|group| !widened.contains(group)).copied().collect();
        let mut fresh = BTreeSet::new();
        for chunk in read_below(session, &widened, &known, &new_teams).await? {
            fresh.extend(take_in(&mut stored, &mut resolved.changed, chunk, &fresh));
        }
        touched.extend(&fresh);
        read.extend(fresh);
        read.extend(widened);
    }
    resolved.graph = graph_of(session, &stored);
    resolved.teams = teams::wanted(session, &resolved.graph).await?;
    resolved.groups =
        touched.into_iter().filter_map(|group| stored.remove(&group).map(|after| (group, after))).collect();
    Ok(resolved)
}

/// Groups that more roots reach than before, or more teams, those that are new among them:
/// their members may be in more teams now, or in scope at all.
fn widened(
    session: &Session<'_>,
    before: &BTreeMap<GroupId, StoredGroup>,
    after: &BTreeMap<GroupId, StoredGroup>,
) -> BTreeSet<GroupId> {
    let (before, after) = (graph_of(session, before), graph_of(session, after));
    let membership = |graph: &GroupGraph, group: GroupId| graph.membership(&BTreeSet::from([group]));
    let reached = after.groups().keys().copied().chain(after.unread());
    reached.filter(|group| membership(&after, *group) != membership(&before, *group)).collect()
}

/// Edits a group by its change and notes whose groups that changes. Answers whether the group differs.
fn edit(group: &mut StoredGroup, id: GroupId, change: &GroupChange, people: &mut ByPerson<MemberOf>) -> bool {
    let before = group.clone();
    if let Some(name) = change.name.as_ref().filter(|_| !group.name.is_empty()) {
        group.name.clone_from(name);
    }
    for (person, there) in &change.people {
        let member_of = people.entry(*person).or_default();
        if *there {
            member_of.joined.insert(id);
            group.members += 1;
        } else {
            member_of.left.insert(id);
            group.members = group.members.saturating_sub(1);
        }
    }
    group.children.extend(change.children.iter().filter(|(_, there)| **there).map(|(child, _)| *child));
    *group != before
}

/// Delta rows repeat, so the sizes kept by counting them are estimates until the next full run.
/// Before a group that lost half its members or more counts as empty, Graph is asked.
async fn settle_sizes(
    session: &Session<'_>,
    stored: &mut BTreeMap<GroupId, StoredGroup>,
    before: &BTreeMap<GroupId, u64>,
) -> Result<(), Failure> {
    let least = session.connection.limits.emptied_group;
    for (id, before) in before {
        let Some(group) = stored.get_mut(id).filter(|group| *before >= least && group.members <= before / 2) else {
            continue;
        };
        let page = session.graph.send(&groups::members(id.0, groups::Names::LeaveOut)).await?;
        let people = page.value.iter().filter(|member| member.kind == MemberKind::User).count() as u64;
        // With more pages there are more people; that the group is not empty is all that matters here.
        group.members = if page.next.is_some() { group.members.max(people).max(1) } else { people };
    }
    Ok(())
}

/// Takes in a page of a group that was read anew; `begun` are groups of which a page was taken in before.
fn take_in(
    stored: &mut BTreeMap<GroupId, StoredGroup>,
    changed: &mut ByPerson<MemberOf>,
    chunk: Chunk,
    begun: &BTreeSet<GroupId>,
) -> Option<GroupId> {
    let Chunk::Members { group, name, children, people, last: _ } = chunk else { return None };
    let known = stored.entry(group).or_default();
    if !begun.contains(&group) {
        known.members = 0;
    }
    known.name = name.unwrap_or_else(|| std::mem::take(&mut known.name));
    known.children.extend(children);
    known.members += people.len() as u64;
    for person in people {
        changed.entry(person).or_default().joined.insert(group);
    }
    Some(group)
}
