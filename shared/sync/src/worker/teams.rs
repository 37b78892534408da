//! Teams: one for each scope group.

use std::collections::BTreeMap;

use rollcall_directory::identity::{GroupId, TeamId};
use rollcall_directory::scope::GroupGraph;
use rollcall_directory::team::Team;
use rollcall_store::commit::TeamWrite;

use super::failure::Failure;
use super::session::Session;

/// Teams to make, to rename and to bring back.
pub(super) async fn wanted(session: &Session<'_>, graph: &GroupGraph) -> Result<Vec<TeamWrite>, Failure> {
    let stored = stored(session).await?;
    let writes = graph.roots().iter().map(|group| {
        let name = graph.groups().get(group).map(|known| known.name.clone()).unwrap_or_default();
        let before = stored.get(group).cloned();
        let after = Team { id: TeamId::derive(session.tenant, *group), group: *group, name, active: true };
        TeamWrite { before, after }
    });
    Ok(writes.filter(differs).collect())
}

/// Teams whose group is no longer a scope group.
pub(super) async fn retired(session: &Session<'_>, graph: &GroupGraph) -> Result<Vec<TeamWrite>, Failure> {
    let outside = stored(session).await?.into_values().filter(|team| !graph.roots().contains(&team.group));
    Ok(outside
        .map(|team| TeamWrite { after: Team { active: false, ..team.clone() }, before: Some(team) })
        .filter(differs)
        .collect())
}

async fn stored(session: &Session<'_>) -> Result<BTreeMap<GroupId, Team>, Failure> {
    let teams = session.table().teams(session.connection.id).await?;
    Ok(teams.into_iter().map(|team| (team.group, team)).collect())
}

fn differs(write: &TeamWrite) -> bool {
    write.before.as_ref() != Some(&write.after)
}
