//! Why a person has an account or has none, by which ways they belong to groups, and what would change it.
//!
//! Nothing is decided here: [`Policy::desired`] and [`plan`] decide, as in a sync, and this says how they came to it.

use std::collections::BTreeSet;

use crate::adoption::Match;
use crate::desired::{Account, Desired, Policy, Problem};
use crate::identity::{GroupId, TenantId};
use crate::person::Person;
use crate::plan::{PersonPlan, plan};
use crate::property::Property;
use crate::rules::{DisabledAccounts, Required};
use crate::scope::{Combine, Scope};
use crate::user::{Leaving, User};

/// The most ways that are told. Those by which it is decided who is in come first.
pub const WAYS_TOLD: usize = 100;

/// What can keep a person out who is in the directory, each mended once.
const OBSTACLES: [Leaving; 3] = [Leaving::Disabled, Leaving::Guest, Leaving::OutOfScope];

/// Everything about one person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// How it stands.
    pub verdict: Verdict,
    /// How the person belongs to the roots of the scope and to the groups that are teams: [`WAYS_TOLD`] of them at most.
    pub ways: Vec<Way>,
    /// What a sync would do now.
    pub plan: PersonPlan,
    /// What would change it.
    pub remedies: Vec<Remedy>,
}

/// How it stands with a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They have this account, or get it with the next sync.
    In(Box<Account>),
    /// They are in scope, and get no account until somebody has seen to this.
    Skipped(Problem),
    /// They shall have no active account.
    Out(Leaving),
}

/// How a person belongs to a group: by a shortest way down from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The groups from the root to the one of which the person is a direct member, both included.
    pub path: Vec<GroupId>,
    /// Whether the root is a scope group.
    pub admits: bool,
    /// Whether the root is an excluded group.
    pub excludes: bool,
    /// Whether the root is a team.
    pub is_team: bool,
}

/// Something that would let a person in, or out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Create or restore the person in the directory.
    Restore,
    /// Enable the account in the directory.
    Enable,
    /// Let guests in, or make the person a member of the tenant.
    LetGuestsIn,
    /// Add the person to one of these groups, or to one nested in it.
    JoinOne(BTreeSet<GroupId>),
    /// Add the person to each of these groups, or to one nested in it.
    JoinAll(BTreeSet<GroupId>),
    /// Take the person out of each of these groups, and of those nested in them.
    LeaveAll(BTreeSet<GroupId>),
    /// Take the person out of one of these groups, and of those nested in it.
    LeaveOne(BTreeSet<GroupId>),
    /// Add the person to those who are chosen.
    Choose,
    /// Take the person out of those who are chosen.
    Dismiss,
    /// Enter what is missing in the directory.
    Enter(Required),
    /// Decide whose these accounts are that were there before.
    Decide(Match),
    /// Disable the account in the directory.
    Disable,
}

/// Why a person has an account, or has none. `person` is none who is not in the directory.
///
/// `matched` is as for [`Policy::desired`], and `observed` the account that is there.
#[must_use]
pub fn why(
    tenant: TenantId,
    policy: &Policy<'_>,
    person: Option<&Person>,
    direct: &BTreeSet<GroupId>,
    matched: Option<Match>,
    observed: Option<&User>,
) -> Why {
    let Some(person) = person else { return gone(tenant, policy, observed) };
    let desired = policy.desired(person, &policy.graph.membership(direct), matched);
    let plan = plan(tenant, person.id, policy.rules, desired.clone(), observed);
    let is_active = observed.is_some_and(|user| user.status.is_active());
    let verdict = match (desired, &plan.problem) {
        (Desired::Nothing(leaving), _) => Verdict::Out(leaving),
        (Desired::Account(_), Some(problem)) if !is_active => Verdict::Skipped(problem.clone()),
        (Desired::Account(account), _) => Verdict::In(account),
    };
    let member_of = policy.graph.member_of(direct);
    let remedies = match &verdict {
        Verdict::Out(_) => ways_in(policy, person, &member_of),
        Verdict::Skipped(problem) => solutions(problem),
        Verdict::In(_) => ways_out(policy, &member_of),
    };
    Why { verdict, ways: ways(policy, direct), plan, remedies }
}

fn gone(tenant: TenantId, policy: &Policy<'_>, observed: Option<&User>) -> Why {
    let plan = observed
        .map(|user| plan(tenant, user.person, policy.rules, Desired::Nothing(Leaving::Deleted), observed))
        .unwrap_or_default();
    Why { verdict: Verdict::Out(Leaving::Deleted), ways: Vec::new(), plan, remedies: vec![Remedy::Restore] }
}

fn ways(policy: &Policy<'_>, direct: &BTreeSet<GroupId>) -> Vec<Way> {
    let (admitting, excluding) = (policy.scope.groups(), excluded(policy.scope));
    let decides = |root: &&GroupId| admitting.contains(*root) || excluding.contains(*root);
    // Only of these there is a way, so that no other one is looked for.
    let member_of = policy.graph.member_of(direct);
    let (deciding, others): (Vec<&GroupId>, Vec<&GroupId>) = member_of.iter().partition(decides);
    let way = |root: &GroupId| {
        policy.graph.path(*root, direct).map(|path| Way {
            path,
            admits: admitting.contains(root),
            excludes: excluding.contains(root),
            is_team: policy.graph.team_groups().contains(root),
        })
    };
    deciding.into_iter().chain(others).filter_map(way).take(WAYS_TOLD).collect()
}

fn excluded(scope: &Scope) -> BTreeSet<GroupId> {
    match scope {
        Scope::Everyone { excluded, .. } | Scope::Groups { excluded, .. } => excluded.clone(),
        Scope::People { .. } => BTreeSet::new(),
    }
}

/// Everything that keeps somebody out, one after the other: what is mended in thought shows what is left. Nothing keeps
/// anybody out twice.
fn ways_in(policy: &Policy<'_>, person: &Person, member_of: &BTreeSet<GroupId>) -> Vec<Remedy> {
    let mut person = person.clone();
    let mut remedies = Vec::new();
    for _ in OBSTACLES {
        match policy.admits(&person, member_of) {
            Ok(()) => break,
            Err(Leaving::Disabled) => {
                remedies.push(Remedy::Enable);
                person.enabled = true;
            }
            Err(Leaving::Guest) => {
                remedies.push(Remedy::LetGuestsIn);
                person.attributes.remove(&Property::UserType);
                person.attributes.remove(&Property::UserPrincipalName);
            }
            Err(Leaving::OutOfScope | Leaving::Deleted | Leaving::Undone) => {
                remedies.extend(ways_into_scope(policy.scope, member_of));
                break;
            }
        }
    }
    remedies
}

fn ways_into_scope(scope: &Scope, member_of: &BTreeSet<GroupId>) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    match scope {
        Scope::Groups { groups, combine: Combine::Any, .. } if groups.is_disjoint(member_of) => {
            remedies.push(Remedy::JoinOne(groups.clone()));
        }
        Scope::Groups { groups, combine: Combine::All, .. } if !groups.is_subset(member_of) => {
            remedies.push(Remedy::JoinAll(groups.difference(member_of).copied().collect()));
        }
        Scope::People { .. } => remedies.push(Remedy::Choose),
        Scope::Groups { .. } | Scope::Everyone { .. } => {}
    }
    let excluding: BTreeSet<GroupId> = excluded(scope).intersection(member_of).copied().collect();
    if !excluding.is_empty() {
        remedies.push(Remedy::LeaveAll(excluding));
    }
    remedies
}

fn solutions(problem: &Problem) -> Vec<Remedy> {
    match problem {
        Problem::Lacks { what } => what.iter().map(|required| Remedy::Enter(*required)).collect(),
        Problem::Adoption { found } => vec![Remedy::Decide(found.clone())],
        Problem::Protected { .. }
        | Problem::SharedEmail { .. }
        | Problem::EnabledUnknown
        | Problem::Unanswered
        | Problem::Photo { .. } => Vec::new(),
    }
}

fn ways_out(policy: &Policy<'_>, member_of: &BTreeSet<GroupId>) -> Vec<Remedy> {
    let by_scope = match policy.scope {
        Scope::Everyone { excluded, .. } if excluded.is_empty() => None,
        Scope::Everyone { excluded, .. } => Some(Remedy::JoinOne(excluded.clone())),
        Scope::Groups { groups, combine: Combine::Any, .. } => {
            Some(Remedy::LeaveAll(groups.intersection(member_of).copied().collect()))
        }
        Scope::Groups { groups, combine: Combine::All, .. } => Some(Remedy::LeaveOne(groups.clone())),
        Scope::People { .. } => Some(Remedy::Dismiss),
    };
    let by_rule = (policy.rules.disabled_accounts == DisabledAccounts::Out).then_some(Remedy::Disable);
    by_scope.into_iter().chain(by_rule).collect()
}

#[cfg(test)]
mod tests;
