//! The groups that matter, as the table keeps them.

use std::collections::BTreeMap;

use rollcall_directory::identity::GroupId;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::{Group, GroupGraph, Scope};
use rollcall_store::group::StoredGroup;

use super::failure::Failure;
use super::session::Session;

/// The groups that matter, as the last read left them.
pub(super) async fn stored_graph(session: &Session<'_>) -> Result<GroupGraph, Failure> {
    let stored = session.table().groups(session.connection.id).await?;
    Ok(graph_of(session, &stored))
}

/// The groups that matter among these. Only of roots the name is known.
pub(super) fn graph_of(session: &Session<'_>, groups: &BTreeMap<GroupId, StoredGroup>) -> GroupGraph {
    graph(&session.connection.scope, &session.connection.rules, groups)
}

/// The groups that matter to a scope and to rules, among groups as the table keeps them.
#[must_use]
pub fn graph(scope: &Scope, rules: &Rules, groups: &BTreeMap<GroupId, StoredGroup>) -> GroupGraph {
    let named = groups.iter().map(|(group, stored)| (*group, stored.name.as_str()));
    let team_groups = rules.teams.groups(scope, named.filter(|(_, name)| !name.is_empty()));
    let plain = |(id, group): (&GroupId, &StoredGroup)| {
        (*id, Group { name: group.name.clone(), children: group.children.clone() })
    };
    GroupGraph::new(scope, team_groups, groups.iter().map(plain).collect())
}
