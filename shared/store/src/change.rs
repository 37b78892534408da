//! The history of a run: every change, per object.

use rollcall_directory::history::UserChange;
use rollcall_directory::identity::{TeamId, TeamSource};
use rollcall_directory::photo::PhotoChange;
use rollcall_directory::team::Team;
use serde::{Deserialize, Serialize};

use crate::problem::NotedProblem;

/// One change of one object. `V` is as in [`UserChange`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change<V = String> {
    /// Of an account.
    User(UserChange<V>),
    /// Of a team.
    Team(TeamChange),
    /// Of a photo. Never taken back: the directory has no older one.
    Photo(PhotoChange),
    /// None: somebody would have to see to this. Only in previews.
    Skipped(NotedProblem),
}

/// What happened to a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamAction {
    /// It was made.
    Created,
    /// Its name changed.
    Renamed,
    /// There is no reason for it any more.
    Retired,
    /// There is a reason for it again.
    Restored,
}

/// What changed on one team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamChange {
    /// The team.
    pub team: TeamId,
    /// For what it stands.
    #[serde(flatten)]
    pub source: TeamSource,
    /// What happened.
    pub action: TeamAction,
    /// The name before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_before: Option<String>,
    /// The name after.
    pub name_after: String,
}

/// What differs between a team before and after; `None` when nothing does.
#[must_use]
pub fn team_difference(before: Option<&Team>, after: &Team) -> Option<TeamChange> {
    let Team { id, source, name, active } = after;
    let action = match before {
        None => TeamAction::Created,
        Some(before) if before.active && !active => TeamAction::Retired,
        Some(before) if !before.active && *active => TeamAction::Restored,
        Some(before) if before.name != *name => TeamAction::Renamed,
        Some(_) => return None,
    };
    let name_before = before.map(|before| before.name.clone());
    Some(TeamChange { team: *id, source: *source, action, name_before, name_after: name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::identity::{GroupId, PersonId};
    use uuid::Uuid;

    fn team(name: &str, active: bool) -> Team {
        let source = TeamSource::Group(GroupId(Uuid::from_u128(2)));
        Team { id: TeamId(Uuid::from_u128(1)), source, name: name.to_owned(), active }
    }

    #[test]
    fn the_stored_form_names_the_group_or_the_manager() {
        let id = "00000000-0000-0000-0000-000000000002";
        for (kind, source) in [
            ("group", TeamSource::Group(GroupId(Uuid::from_u128(2)))),
            ("manager", TeamSource::Manager(PersonId(Uuid::from_u128(2)))),
        ] {
            let change = team_difference(None, &Team { source, ..team("Sales", true) }).unwrap();
            let value = serde_json::to_value(&change).unwrap();
            assert_eq!(value[kind], id);
            assert_eq!(serde_json::from_value::<TeamChange>(value).unwrap(), change);
        }
    }

    #[test]
    fn a_team_that_did_not_change_has_no_history() {
        assert_eq!(team_difference(Some(&team("Sales", true)), &team("Sales", true)), None);
    }

    #[test]
    fn each_kind_of_change_has_its_name() {
        let action = |before: Option<Team>, after| team_difference(before.as_ref(), &after).map(|change| change.action);
        assert_eq!(action(None, team("Sales", true)), Some(TeamAction::Created));
        assert_eq!(action(Some(team("Sale", true)), team("Sales", true)), Some(TeamAction::Renamed));
        assert_eq!(action(Some(team("Sales", true)), team("Sales", false)), Some(TeamAction::Retired));
        assert_eq!(action(Some(team("Sales", false)), team("Sales", true)), Some(TeamAction::Restored));
    }
}
