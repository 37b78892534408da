//! What changes of groups mean for those in scope.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::identity::GroupId;
use rollcall_directory::scope::{Group, GroupGraph, Scope};
use rollcall_graph::{MemberKind, groups};
use rollcall_store::commit::TeamWrite;
use rollcall_store::group::StoredGroup;

use super::ByPerson;
use super::changes::{Changes, GroupChange};
use crate::worker::closure::read_below;
use crate::worker::failure::Failure;
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
    before: BTreeMap<GroupId, u64>,
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

/// Works out the groups in scope after the changes.
///
/// # Errors
/// [`Failure::GroupGone`] when a scope group was deleted. [`Failure::NeedsFull`] when a group is
/// no longer nested in the scope: that takes from many at once, and wants a sealed snapshot.
pub(super) async fn resolve(session: &Session<'_>, changes: &Changes) -> Result<Memberships, Failure> {
    let roots = match &session.connection.scope {
        Scope::Everyone => return Ok(Memberships::default()),
        Scope::Groups { groups } => groups,
    };
    if let Some(gone) = roots.iter().find(|root| changes.groups.get(root).is_some_and(|change| change.removed)) {
        return Err(Failure::GroupGone(*gone));
    }
    let mut stored = session.table().groups(session.connection.id).await?;
    let relevant: BTreeMap<GroupId, &GroupChange> =
        changes.groups.iter().filter(|(group, _)| stored.contains_key(*group)).map(|(group, change)| (*group, change)).collect();
    let mut resolved = Memberships::default();
    let mut touched = BTreeSet::new();
    let mut nested = BTreeSet::new();
    for (group, change) in relevant {
        let Some(before) = stored.get_mut(&group) else { continue };
        resolved.before.insert(group, before.members);
        if change.removed || change.children.iter().any(|(child, there)| !there && before.children.contains(child)) {
            return Err(Failure::NeedsFull("a group is no longer nested in the scope"));
        }
        if edit(before, group, change, &mut resolved.changed) {
            touched.insert(group);
        }
        nested.extend(change.children.iter().filter(|(_, there)| **there).map(|(child, _)| *child));
    }
    settle_sizes(session, &mut stored, &resolved.before).await?;
    let known: BTreeSet<GroupId> = stored.keys().copied().collect();
    for chunk in read_below(session, &nested.difference(&known).copied().collect(), &known).await? {
        touched.extend(take_in(&mut stored, &mut resolved.changed, chunk));
    }
    let as_groups = stored.iter().map(|(id, group)| (*id, Group { name: group.name.clone(), children: group.children.clone() }));
    resolved.graph = GroupGraph::new(roots.clone(), as_groups.collect());
    resolved.teams = teams::wanted(session, &resolved.graph).await?;
    resolved.groups = touched.into_iter().filter_map(|group| stored.remove(&group).map(|after| (group, after))).collect();
    Ok(resolved)
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

/// Adds what was read of a group that is new in the scope.
fn take_in(
    stored: &mut BTreeMap<GroupId, StoredGroup>,
    changed: &mut ByPerson<MemberOf>,
    chunk: Chunk,
) -> Option<GroupId> {
    let Chunk::Members { group, name, children, people, last: _ } = chunk else { return None };
    let known = stored.entry(group).or_default();
    known.name = name.unwrap_or_else(|| std::mem::take(&mut known.name));
    known.children.extend(children);
    known.members += people.len() as u64;
    for person in people {
        changed.entry(person).or_default().joined.insert(group);
    }
    Some(group)
}
