//! One pass of the engine's pure core, put together as the worker does it.

use std::collections::{BTreeMap, BTreeSet};

use reference::{Account, Platform, Status, World};
use rollcall_directory::adoption::{ExistingAccounts, Match};
use rollcall_directory::desired::{Policy, Problem};
use rollcall_directory::evidence::{Answer, Finding, examine};
use rollcall_directory::guard::PlanHash;
use rollcall_directory::identity::{GroupId, PersonId, TeamId, TeamSource, UserId};
use rollcall_directory::person::Person;
use rollcall_directory::plan::{Loss, PersonPlan, Removal, plan, take};
use rollcall_directory::scope::{Group, GroupGraph};
use rollcall_directory::seal::{Completeness, Source, absent};
use rollcall_directory::team::Team;
use rollcall_directory::user::{self, Fingerprint, User, shared_emails};

use crate::values::TENANT;

/// The platform as the engine knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) users: BTreeMap<PersonId, User>,
    pub(crate) teams: BTreeMap<TeamSource, Team>,
}

/// How a pass comes by its inputs. None of this may make a difference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Whether only those are read whom the scope lets in, and all others are just not seen.
    pub(crate) scope_only: bool,
    /// Whether everything arrives in the other order.
    pub(crate) reversed: bool,
}

/// What a pass has planned and done.
pub(crate) struct Pass {
    pub(crate) plans: BTreeMap<PersonId, PersonPlan>,
    /// How the accounts of those who are in would look if they are as they should be.
    pub(crate) looks: BTreeMap<PersonId, Fingerprint>,
    /// Everything that the pass wanted to take.
    pub(crate) removals: BTreeSet<Removal>,
    /// What was taken after the directory was asked once more.
    pub(crate) taken: BTreeSet<Removal>,
    pub(crate) problems: BTreeMap<PersonId, Problem>,
    pub(crate) shared_emails: BTreeMap<String, BTreeSet<PersonId>>,
    pub(crate) after: Stored,
}

impl Pass {
    /// The plan as bytes.
    pub(crate) fn bytes(&self) -> String {
        let teams = &self.after.teams;
        format!("{:?} {:?} {} {teams:?}", self.plans, self.removals, PlanHash::of(&self.removals))
    }
}

pub(crate) fn stored(platform: &Platform) -> Stored {
    let users = platform.accounts.iter().map(|(person, account)| (*person, user(*person, account)));
    let team = |(source, team): (&TeamSource, &reference::Team)| {
        let id = TeamId::derive(TENANT, *source);
        (*source, Team { id, source: *source, name: team.name.clone(), active: team.active })
    };
    Stored { users: users.collect(), teams: platform.teams.iter().map(team).collect() }
}

fn user(person: PersonId, account: &Account) -> User {
    User {
        status: match account.status {
            Status::Active => user::Status::Active,
            Status::Inactive { reason, since } => user::Status::Inactive { reason, since },
        },
        attributes: account.attributes.clone().into_iter().collect(),
        email: account.email.clone(),
        language: account.language.clone(),
        manager: account.manager,
        teams: account.teams.clone(),
        reports_to: account.manager_team,
        linked: account.linked.clone(),
        protected: account.protected,
        ..User::new(UserId::derive(TENANT, person), person)
    }
}

fn ordered<T>(items: impl Iterator<Item = T>, manner: Manner) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    if manner.reversed {
        items.reverse();
    }
    items
}

fn graph(world: &World, manner: Manner) -> GroupGraph {
    let groups = ordered(world.directory.groups.iter(), manner);
    let named = groups.iter().map(|(id, group)| (**id, group.name.as_str()));
    let team_groups = world.rules.teams.groups(&world.scope, named);
    let plain = |(id, group): &(&GroupId, &reference::Group)| {
        (**id, Group { name: group.name.clone(), children: group.groups.clone() })
    };
    GroupGraph::new(&world.scope, team_groups, groups.iter().map(plain).collect())
}

fn person(id: PersonId, person: &reference::Person) -> Person {
    Person {
        id,
        enabled: person.enabled,
        attributes: person.properties.clone().into_iter().collect(),
        manager: person.manager,
    }
}

/// What Graph would say of somebody. Who belongs to which group it works out itself.
fn answer(world: &World, graph: &GroupGraph, id: PersonId) -> Answer {
    let Some(found) = world.directory.people.get(&id) else { return Answer::Deleted };
    let nesting = world.scope.nesting();
    let belongs = |group: &&GroupId| reference::members(&world.directory, **group, nesting).contains(&id);
    Answer::Present {
        enabled: Some(found.enabled),
        guest: Some(person(id, found).is_guest()),
        member_of: graph.roots().iter().filter(belongs).copied().collect(),
    }
}

pub(crate) fn pass(world: &World, before: &Stored, manner: Manner) -> Pass {
    let graph = graph(world, manner);
    let policy = Policy { scope: &world.scope, rules: &world.rules, graph: &graph };
    let existing = ExistingAccounts::new(
        ordered(world.existing.iter().cloned(), manner),
        &world.rules.adoption,
        ordered(world.directory.verified_domains.iter().cloned(), manner),
    );
    let mut users = before.users.clone();
    let mut seen = BTreeSet::new();
    let mut plans = BTreeMap::new();
    let mut looks = BTreeMap::new();
    let mut problems = BTreeMap::new();
    for (id, found) in ordered(world.directory.people.iter(), manner) {
        let groups = world.directory.groups.iter().filter(|(_, group)| group.people.contains(id));
        let direct: BTreeSet<GroupId> = groups.map(|(group, _)| *group).collect();
        if manner.scope_only && !world.scope.admits(*id, &graph.member_of(&direct)) {
            continue;
        }
        seen.insert(*id);
        let person = person(*id, found);
        let matched: Option<Match> = existing.find(&person);
        let desired = policy.desired(&person, &policy.graph.membership(&direct), matched);
        let observed = before.users.get(id);
        let planned = plan(TENANT, *id, &world.rules, desired, observed);
        looks.extend(
            policy.fingerprint(&person, &policy.graph.membership(&direct)).map(|fingerprint| (*id, fingerprint)),
        );
        if let Some(mut after) = planned.write.clone() {
            after.protected |= observed.is_none() && existing.protects(*id);
            users.insert(*id, after);
        }
        problems.extend(planned.problem.clone().map(|problem| (*id, problem)));
        plans.insert(*id, planned);
    }

    let mut wanted: BTreeSet<Removal> = plans.values().flat_map(|plan| plan.removals.clone()).collect();
    let mut completeness = Completeness::default();
    completeness.open(Source::People);
    completeness.close(Source::People, seen.len() as u64, Some(seen.len() as u64));
    let seal = completeness.seal().unwrap();
    let has_seen = |person: PersonId| seen.contains(&person);
    let active = |protected: bool| {
        let users = before.users.values().filter(move |user| user.status.is_active() && user.protected == protected);
        users.map(|user| user.person)
    };
    let mut spared = BTreeSet::new();
    if world.rules.takes_access() {
        wanted.extend(absent(&seal, active(false), &has_seen));
        spared = absent(&seal, active(true), &has_seen);
    }
    let due = users.values().filter(|user| world.rules.deletion_due(user).is_some_and(|due| due <= world.now));
    wanted.extend(due.map(|user| Removal { person: user.person, loss: Loss::Deletion }));

    let mut taken = BTreeSet::new();
    for removal in &wanted {
        if let Finding::Confirmed(loss) = examine(removal, &policy, &answer(world, &graph, removal.person), world.now) {
            if let Some(user) = users.remove(&removal.person) {
                users.extend(take(user, &loss, world.now).map(|user| (removal.person, user)));
            }
            taken.insert(Removal { person: removal.person, loss });
        }
    }
    for removal in spared {
        if let Finding::Confirmed(Loss::Account(leaving)) =
            examine(&removal, &policy, &answer(world, &graph, removal.person), world.now)
        {
            problems.insert(removal.person, Problem::Protected { leaving });
        }
    }
    let teams = teams(world, &graph, &users, before);
    let shared_emails = shared_emails(users.values());
    Pass { plans, looks, removals: wanted, taken, problems, shared_emails, after: Stored { users, teams } }
}

fn teams(
    world: &World,
    graph: &GroupGraph,
    users: &BTreeMap<PersonId, User>,
    before: &Stored,
) -> BTreeMap<TeamSource, Team> {
    let mut teams: BTreeMap<TeamSource, Team> =
        before.teams.iter().map(|(source, team)| (*source, team.clone().retired())).collect();
    for group in graph.team_groups() {
        let name = graph.groups()[group].name.clone();
        teams.insert(TeamSource::Group(*group), Team::of_group(TENANT, *group, name));
    }
    let active = |person: PersonId| users.get(&person).filter(|user| user.status.is_active());
    let reports = users.values().filter(|user| user.status.is_active()).filter_map(|user| user.reports_to);
    for manager in world.rules.teams.supervisors(reports, |manager| active(manager).is_some()) {
        let name = active(manager).unwrap().name();
        teams.insert(TeamSource::Manager(manager), Team::of_manager(TENANT, manager, &name, &world.rules));
    }
    teams
}
