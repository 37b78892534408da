//! Why a person has an account, or has none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollcall_directory::desired::Problem;
use rollcall_directory::history::difference;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::plan::Loss;
use rollcall_directory::rules::AttributeRules;
use rollcall_directory::scope::{Combine, Scope};
use rollcall_directory::why::{Remedy, Verdict, Way as Found, Why as Answer};
use rollcall_store::StoredUser;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::change::UserAction;
use super::matter::{Matter, in_words};
use super::user::{Reason, User};

/// Why a person has an account, or has none, as the directory says at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Why {
    /// The person's object id in Entra.
    person: Uuid,
    /// What people call the person.
    name: String,
    /// How it stands.
    status: Standing,
    /// Why the person is out, by scope and rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Since when the account is inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    out_since: Option<Timestamp>,
    /// What a person has to see to.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Matter>,
    /// What decides, in a sentence.
    because: String,
    /// How the person belongs to scope groups, excluded groups and groups that are teams: 100 ways at most, scope groups and
    /// excluded ones first.
    ways: Vec<Way>,
    /// The teams in which the person is, or would be.
    teams: Vec<NamedGroup>,
    /// The object id of the manager in whose team the person is, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_to: Option<Uuid>,
    /// The account as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<User>,
    /// What the next run does with the account. Absent if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<UserAction>,
    /// What would change it.
    would_change_it: Vec<String>,
    /// When the nesting of the groups was last read in full. Absent before the first run: then only direct memberships count here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    groups_read_at: Option<Timestamp>,
}

/// How it stands with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WhyStatus)]
enum Standing {
    /// They have an active account, or get one with the next run.
    In,
    /// They are in scope, and get no account until somebody has seen to what is missing.
    Skipped,
    /// They shall have no active account.
    Out,
}

/// How a person belongs to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Way {
    /// Whether members of the first group are in.
    admits: bool,
    /// Whether members of the first group are out.
    excludes: bool,
    /// Whether the first group is a team.
    team: bool,
    /// From that group down to the one of which the person is a direct member: a shortest way.
    path: Vec<NamedGroup>,
}

/// A group by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NamedGroup {
    /// The object id.
    id: Uuid,
    /// The name, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// What is known of a person, beside the answer.
#[derive(Clone, Debug)]
pub(crate) struct About<'a> {
    /// Who.
    pub(crate) person: PersonId,
    /// What people call them.
    pub(crate) name: String,
    /// Who is in.
    pub(crate) scope: &'a Scope,
    /// What the platform calls attributes.
    pub(crate) attributes: &'a AttributeRules,
    /// The account as it is.
    pub(crate) account: Option<StoredUser>,
    /// Names of groups.
    pub(crate) names: BTreeMap<GroupId, String>,
    /// When the nesting of the groups was last read in full.
    pub(crate) groups_read_at: Option<Timestamp>,
}

impl About<'_> {
    fn group(&self, id: GroupId) -> NamedGroup {
        NamedGroup { id: id.0, name: self.names.get(&id).cloned() }
    }

    fn call(&self, id: GroupId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Groups as people name several things.
    fn list(&self, groups: &BTreeSet<GroupId>, word: &str) -> String {
        let names: Vec<String> = groups.iter().map(|group| self.call(*group)).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
            None => String::new(),
        }
    }

    fn way(&self, found: &Found) -> Way {
        let Found { path, admits, excludes, is_team } = found;
        let path = path.iter().map(|group| self.group(*group)).collect();
        Way { admits: *admits, excludes: *excludes, team: *is_team, path }
    }
}

impl Why {
    /// The answer about a person.
    pub(crate) fn of(answer: Answer, about: About<'_>) -> Self {
        let because = because(&answer, &about);
        let next = next(&answer, &about);
        let Answer { verdict, ways, plan, remedies } = answer;
        let would_change_it = remedies.iter().map(|remedy| sentence(remedy, &about)).collect();
        let (status, reason, teams, reports_to) = match verdict {
            Verdict::In(account) => {
                (Standing::In, None, account.teams.into_iter().collect(), account.reports_to.map(|manager| manager.0))
            }
            Verdict::Skipped(_) => (Standing::Skipped, None, Vec::new(), None),
            Verdict::Out(leaving) => (Standing::Out, Some(leaving.into()), Vec::new(), None),
        };
        let account: Option<User> = about.account.clone().map(|account| User::of(account, about.attributes));
        Self {
            person: about.person.0,
            name: about.name.clone(),
            status,
            reason,
            out_since: account.as_ref().and_then(User::inactive_since),
            problem: plan.problem.map(Matter::from),
            because,
            ways: ways.iter().map(|way| about.way(way)).collect(),
            teams: teams.into_iter().map(|team: GroupId| about.group(team)).collect(),
            reports_to,
            account,
            next,
            would_change_it,
            groups_read_at: about.groups_read_at,
        }
    }
}

/// What the next run does with the account.
fn next(answer: &Answer, about: &About<'_>) -> Option<UserAction> {
    let stored = about.account.as_ref().map(|stored| &stored.user);
    if answer.plan.removals.iter().any(|removal| matches!(removal.loss, Loss::Account(_))) {
        return Some(UserAction::Deactivated);
    }
    let written = answer.plan.write.as_ref().and_then(|after| difference(stored, Some(after)));
    let lost = (!answer.plan.removals.is_empty()).then_some(UserAction::Updated);
    written.map(|change| change.action.into()).or(lost)
}

fn because(answer: &Answer, about: &About<'_>) -> String {
    let active = about.account.as_ref().is_some_and(|stored| stored.user.status.is_active());
    match &answer.verdict {
        Verdict::In(_) => in_because(about),
        Verdict::Skipped(problem) => skipped_because(problem),
        Verdict::Out(leaving) => {
            let why = out_because(Reason::from(*leaving), answer, about);
            match (active && answer.plan.removals.is_empty(), &answer.plan.problem) {
                (true, Some(Problem::Protected { .. })) => format!("{why} The account is protected and stays active."),
                (true, _) => format!("{why} The rules let leavers keep their access."),
                (false, _) => why,
            }
        }
    }
}

fn in_because(about: &About<'_>) -> String {
    match about.scope {
        Scope::Everyone { excluded, .. } if excluded.is_empty() => "Everybody of the tenant is in.".to_owned(),
        Scope::Everyone { .. } => "Everybody of the tenant is in who is in no excluded group.".to_owned(),
        Scope::Groups { groups, combine: Combine::Any, .. } if groups.len() == 1 => {
            format!("Members of {} are in.", about.list(groups, "and"))
        }
        Scope::Groups { combine: Combine::Any, .. } => "Members of at least one scope group are in.".to_owned(),
        Scope::Groups { combine: Combine::All, .. } => "Members of all scope groups are in.".to_owned(),
        Scope::People { .. } => "The person is among those who are chosen.".to_owned(),
    }
}

fn skipped_because(problem: &Problem) -> String {
    match problem {
        Problem::Lacks { what } => {
            let names: Vec<&str> = what.iter().map(|required| in_words(*required)).collect();
            format!("In scope, but without {}, which an account must have.", names.join(" and "))
        }
        Problem::Adoption { .. } => {
            "In scope, but an account that was there before may be theirs, and nobody has decided.".to_owned()
        }
        Problem::EnabledUnknown => {
            "In scope, but Microsoft Graph does not say whether the account is enabled.".to_owned()
        }
        Problem::Protected { .. } | Problem::SharedEmail { .. } | Problem::Unanswered | Problem::Photo { .. } => {
            "In scope, but somebody has to act.".to_owned()
        }
    }
}

fn out_because(reason: Reason, answer: &Answer, about: &About<'_>) -> String {
    let excluding = answer.ways.iter().find(|way| way.excludes).and_then(|way| way.path.first());
    match reason {
        Reason::Disabled => "The account is disabled in Entra.".to_owned(),
        Reason::Deleted => "The person is not in the directory.".to_owned(),
        Reason::Guest => "The person is a guest, and guests are out.".to_owned(),
        Reason::Undone => "A person has undone the run that made the account.".to_owned(),
        Reason::OutOfScope => match (excluding, about.scope) {
            (Some(group), _) => format!("Members of {} are excluded.", about.call(*group)),
            (None, Scope::Groups { combine: Combine::All, .. }) => "Not a member of all scope groups.".to_owned(),
            (None, Scope::People { .. }) => "Not among the people who are chosen.".to_owned(),
            (None, _) => "Not a member of any scope group.".to_owned(),
        },
    }
}

/// What would change it, in a sentence.
fn sentence(remedy: &Remedy, about: &About<'_>) -> String {
    let name = &about.name;
    let nested = |groups: &BTreeSet<GroupId>| if groups.len() == 1 { "one nested in it" } else { "one nested in them" };
    match remedy {
        Remedy::Restore => format!("Restore {name} in Entra, or create the person anew."),
        Remedy::Enable => "Enable the account in Entra.".to_owned(),
        Remedy::LetGuestsIn => {
            "Set the rule for guests to in, or make the person a member of the tenant in Entra.".to_owned()
        }
        Remedy::JoinOne(groups) => {
            format!("Add {name} to the group {} or {}.", about.list(groups, "or"), nested(groups))
        }
        Remedy::JoinAll(groups) => {
            format!("Add {name} to the group {} as well, or to {}.", about.list(groups, "and"), nested(groups))
        }
        Remedy::LeaveAll(groups) => {
            format!("Take {name} out of the group {} and of those nested in it.", about.list(groups, "and"))
        }
        Remedy::LeaveOne(groups) => {
            format!("Take {name} out of the group {} and of those nested in it.", about.list(groups, "or"))
        }
        Remedy::Choose => format!("Add {name} to the people of the scope."),
        Remedy::Dismiss => format!("Take {name} out of the people of the scope."),
        Remedy::Enter(required) => format!("Enter {} in the directory.", in_words(*required)),
        Remedy::Decide(_) => "Link the existing account, or keep it apart.".to_owned(),
        Remedy::Disable => "Disable the account in Entra.".to_owned(),
    }
}
