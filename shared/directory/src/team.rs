//! Teams as the platform has them.

use std::collections::BTreeSet;

use crate::identity::{GroupId, PersonId, TeamId, TeamSource, TenantId};
use crate::rules::{Rules, TeamRules};
use crate::team_name::team_of;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// For what it stands.
    pub source: TeamSource,
    /// What it is called: the group's display name, or by the manager's name.
    pub name: String,
    /// False once there is no reason for it any more. The team and its history stay.
    pub active: bool,
}

impl Team {
    /// The team of the people in a group.
    #[must_use]
    pub fn of_group(tenant: TenantId, group: GroupId, name: String) -> Self {
        let source = TeamSource::Group(group);
        Self { id: TeamId::derive(tenant, source), source, name, active: true }
    }

    /// The team of the people who report to a manager whom people call by this name.
    #[must_use]
    pub fn of_manager(tenant: TenantId, manager: PersonId, name: &str, rules: &Rules) -> Self {
        let source = TeamSource::Manager(manager);
        let template = rules.teams.managers.as_ref().and_then(|teams| teams.name_template.as_deref());
        let name = team_of(name, template, rules.languages.default.as_deref());
        Self { id: TeamId::derive(tenant, source), source, name, active: true }
    }

    /// The team once there is no reason for it any more.
    #[must_use]
    pub fn retired(self) -> Self {
        Self { active: false, ..self }
    }

    /// The person who supervises the team: the manager for whose reports it stands.
    #[must_use]
    pub const fn supervisor(&self) -> Option<PersonId> {
        match self.source {
            TeamSource::Manager(person) => Some(person),
            TeamSource::Group(_) => None,
        }
    }
}

impl TeamRules {
    /// The managers who have a team: those with an active account of their own and at least one
    /// active report.
    ///
    /// `reports_to` holds for each active account the manager in whose team the person is.
    #[must_use]
    pub fn supervisors(
        &self,
        reports_to: impl IntoIterator<Item = PersonId>,
        is_active: impl Fn(PersonId) -> bool,
    ) -> BTreeSet<PersonId> {
        if self.managers.is_none() {
            return BTreeSet::new();
        }
        let mut managers: BTreeSet<PersonId> = reports_to.into_iter().collect();
        managers.retain(|manager| is_active(*manager));
        managers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ManagerTeams;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    #[test]
    fn a_groups_team_has_its_name_and_no_supervisor() {
        let group = GroupId(Uuid::from_u128(2));
        let team = Team::of_group(TENANT, group, "Sales".to_owned());
        assert_eq!((team.source, team.name.as_str(), team.active), (TeamSource::Group(group), "Sales", true));
        assert_eq!((team.id, team.supervisor()), (TeamId::derive(TENANT, team.source), None));
    }

    #[test]
    fn a_managers_team_is_named_by_template_and_language_and_supervised_by_the_manager() {
        let boss = person(3);
        let mut rules = Rules::default();
        rules.languages.default = Some("de".to_owned());
        let team = Team::of_manager(TENANT, boss, "Max Braun", &rules);
        assert_eq!((team.name.as_str(), team.active, team.supervisor()), ("Team von Max Braun", true, Some(boss)));
        assert_eq!(team.id, TeamId::derive(TENANT, TeamSource::Manager(boss)));
        rules.teams.managers = Some(ManagerTeams { name_template: Some("{name's} Leute".to_owned()) });
        assert_eq!(Team::of_manager(TENANT, boss, "Max Braun", &rules).name, "Max Brauns Leute");
    }

    #[test]
    fn a_team_that_ends_keeps_all_but_its_reason() {
        let team = Team::of_group(TENANT, GroupId(Uuid::from_u128(2)), "Sales".to_owned());
        assert_eq!(team.clone().retired(), Team { active: false, ..team });
    }

    #[test]
    fn a_manager_has_a_team_with_an_active_account_and_an_active_report_where_managers_have_teams() {
        let mut rules = TeamRules::default();
        let supervisors =
            |rules: &TeamRules| rules.supervisors([person(1), person(2), person(1)], |id| id != person(2));
        assert_eq!(supervisors(&rules), BTreeSet::new());
        rules.managers = Some(ManagerTeams::default());
        assert_eq!(supervisors(&rules), BTreeSet::from([person(1)]));
        assert_eq!(rules.supervisors([], |_| true), BTreeSet::new());
    }
}
