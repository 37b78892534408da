//! Teams that stand for groups.

use std::collections::BTreeMap;

use rollcall_directory::identity::{GroupId, TeamSource};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::team::Team;
use rollcall_store::commit::TeamWrite;

use super::failure::Failure;
use super::session::Session;

/// Teams to make, to rename and to bring back.
pub(super) async fn wanted(session: &Session<'_>, graph: &GroupGraph) -> Result<Vec<TeamWrite>, Failure> {
    let stored = stored(session).await?;
    let writes = graph.team_groups().iter().map(|group| {
        let name = graph.groups().get(group).map(|known| known.name.clone()).unwrap_or_default();
        let before = stored.get(group).cloned();
        TeamWrite { before, after: Team::of_group(session.tenant, *group, name) }
    });
    Ok(writes.filter(differs).collect())
}

/// Teams whose group is no team any more.
pub(super) async fn retired(session: &Session<'_>, graph: &GroupGraph) -> Result<Vec<TeamWrite>, Failure> {
    let outside = stored(session).await?.into_iter().filter(|(group, _)| !graph.team_groups().contains(group));
    Ok(outside.map(|(_, team)| retire(team)).filter(differs).collect())
}

async fn stored(session: &Session<'_>) -> Result<BTreeMap<GroupId, Team>, Failure> {
    let teams = session.table().teams(session.connection.id).await?;
    let of_groups = teams.into_iter().filter_map(|team| match team.source {
        TeamSource::Group(group) => Some((group, team)),
        TeamSource::Manager(_) => None,
    });
    Ok(of_groups.collect())
}

/// A team for which there is no reason any more. It and its history stay.
pub(super) fn retire(team: Team) -> TeamWrite {
    TeamWrite { after: team.clone().retired(), before: Some(team) }
}

pub(super) fn differs(write: &TeamWrite) -> bool {
    write.before.as_ref() != Some(&write.after)
}
