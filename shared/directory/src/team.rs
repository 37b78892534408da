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
