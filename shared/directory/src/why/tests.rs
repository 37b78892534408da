use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::adoption::{ExistingId, MatchBy};
use crate::identity::{PersonId, UserId};
use crate::rules::{Guests, Rules};
use crate::scope::{Group, GroupGraph, Nesting};
use crate::user::Status;

const TENANT: TenantId = TenantId(Uuid::from_u128(100));
const ANN: PersonId = PersonId(Uuid::from_u128(1));

fn group(number: u128) -> GroupId {
    GroupId(Uuid::from_u128(number))
}

fn set(numbers: &[u128]) -> BTreeSet<GroupId> {
    numbers.iter().map(|number| group(*number)).collect()
}

fn ann() -> Person {
    let values = [(Property::GivenName, "Ann"), (Property::Surname, "Lee"), (Property::UserPrincipalName, "ann@x")];
    Person {
        id: ANN,
        enabled: true,
        attributes: values.map(|(property, value)| (property, value.to_owned())).into_iter().collect(),
        manager: None,
    }
}

fn scope(combine: Combine, groups: &[u128], excluded: &[u128]) -> Scope {
    Scope::Groups { groups: set(groups), combine, excluded: set(excluded), nesting: Nesting::Followed }
}

/// Group 2 is nested in 1, and 3 in 2.
fn graph(scope: &Scope) -> GroupGraph {
    let nested = |children: &[u128]| Group { name: String::new(), children: set(children) };
    let groups = BTreeMap::from([(group(1), nested(&[2])), (group(2), nested(&[3])), (group(3), nested(&[]))]);
    GroupGraph::new(scope, scope.groups(), groups)
}

fn ask(scope: &Scope, rules: &Rules, person: Option<&Person>, direct: &[u128], observed: Option<&User>) -> Why {
    let graph = graph(scope);
    let policy = Policy { scope, rules, graph: &graph };
    let found = why(TENANT, &policy, person, &set(direct), None, observed);
    // Whatever is told, it is what a sync decides.
    if let Some(person) = person {
        let desired = policy.desired(person, &policy.graph.membership(&set(direct)), None);
        assert_eq!(matches!(found.verdict, Verdict::Out(_)), matches!(desired, Desired::Nothing(_)));
    }
    found
}

fn account(status: Status) -> User {
    User { status, ..User::new(UserId::derive(TENANT, ANN), ANN) }
}

#[test]
fn who_is_in_by_a_nested_group_is_told_the_way() {
    let found = ask(&scope(Combine::Any, &[1], &[]), &Rules::default(), Some(&ann()), &[3], None);
    assert!(matches!(found.verdict, Verdict::In(_)));
    let way = Way { path: vec![group(1), group(2), group(3)], admits: true, excludes: false, is_team: true };
    assert_eq!(found.ways, [way]);
    assert_eq!(found.remedies, [Remedy::LeaveAll(set(&[1])), Remedy::Disable]);
    assert!(found.plan.write.is_some());
}

#[test]
fn who_is_out_is_told_everything_that_keeps_them_out() {
    let rules = Rules { guests: Guests::Out, ..Rules::default() };
    let mut guest = Person { enabled: false, ..ann() };
    guest.attributes.insert(Property::UserType, "Guest".to_owned());
    let found = ask(&scope(Combine::Any, &[1], &[8]), &rules, Some(&guest), &[8], None);
    assert_eq!(found.verdict, Verdict::Out(Leaving::Disabled));
    let left = [Remedy::Enable, Remedy::LetGuestsIn, Remedy::JoinOne(set(&[1])), Remedy::LeaveAll(set(&[8]))];
    assert_eq!(found.remedies, left);
    let way = Way { path: vec![group(8)], admits: false, excludes: true, is_team: false };
    assert_eq!(found.ways, [way]);
}

#[test]
fn where_all_groups_are_asked_for_only_the_missing_ones_are_named() {
    let all = scope(Combine::All, &[1, 7], &[]);
    let found = ask(&all, &Rules::default(), Some(&ann()), &[1], None);
    assert_eq!(found.remedies, [Remedy::JoinAll(set(&[7]))]);
    let found = ask(&all, &Rules::default(), Some(&ann()), &[1, 7], None);
    assert_eq!(found.remedies, [Remedy::LeaveOne(set(&[1, 7])), Remedy::Disable]);
}

#[test]
fn chosen_people_and_everyone() {
    let nobody = Scope::People { people: BTreeSet::new() };
    assert_eq!(ask(&nobody, &Rules::default(), Some(&ann()), &[], None).remedies, [Remedy::Choose]);
    let chosen = Scope::People { people: BTreeSet::from([ANN]) };
    let found = ask(&chosen, &Rules::default(), Some(&ann()), &[], None);
    assert_eq!(found.remedies, [Remedy::Dismiss, Remedy::Disable]);
    let rules = Rules { disabled_accounts: DisabledAccounts::In, ..Rules::default() };
    assert_eq!(ask(&Scope::everyone(), &rules, Some(&ann()), &[], None).remedies, []);
    let most = Scope::Everyone { excluded: set(&[1]), nesting: Nesting::Followed };
    assert_eq!(ask(&most, &rules, Some(&ann()), &[], None).remedies, [Remedy::JoinOne(set(&[1]))]);
    assert_eq!(ask(&most, &rules, Some(&ann()), &[3], None).remedies, [Remedy::LeaveAll(set(&[1]))]);
}

#[test]
fn what_is_missing_skips_only_who_has_no_active_account() {
    let mut ann = ann();
    ann.attributes.remove(&Property::Surname);
    let everyone = Scope::everyone();
    let missing = Problem::Lacks { what: BTreeSet::from([Required::Surname]) };
    let since = Timestamp::UNIX_EPOCH;
    for observed in [None, Some(account(Status::Inactive { reason: Leaving::Disabled, since }))] {
        let found = ask(&everyone, &Rules::default(), Some(&ann), &[], observed.as_ref());
        assert_eq!(found.verdict, Verdict::Skipped(missing.clone()));
        assert_eq!(found.remedies, [Remedy::Enter(Required::Surname)]);
    }
    let found = ask(&everyone, &Rules::default(), Some(&ann), &[], Some(&account(Status::Active)));
    assert!(matches!(found.verdict, Verdict::In(_)));
    assert_eq!(found.plan.problem, Some(missing));
}

#[test]
fn an_account_that_was_there_before_is_to_be_decided() {
    let (everyone, rules) = (Scope::everyone(), Rules::default());
    let graph = graph(&everyone);
    let policy = Policy { scope: &everyone, rules: &rules, graph: &graph };
    let matched = Match::Proposed { account: ExistingId("a".to_owned()), by: MatchBy::Mail };
    let found = why(TENANT, &policy, Some(&ann()), &set(&[]), Some(matched.clone()), None);
    assert_eq!(found.verdict, Verdict::Skipped(Problem::Adoption { found: matched.clone() }));
    assert_eq!(found.remedies, [Remedy::Decide(matched)]);
}

#[test]
fn who_is_not_in_the_directory_is_out_and_a_protected_account_stays() {
    let found = ask(&Scope::everyone(), &Rules::default(), None, &[], Some(&account(Status::Active)));
    assert_eq!((&found.verdict, &found.remedies), (&Verdict::Out(Leaving::Deleted), &vec![Remedy::Restore]));
    assert_eq!(found.plan.removals.len(), 1);
    let protected = User { protected: true, ..account(Status::Active) };
    let found = ask(&Scope::everyone(), &Rules::default(), None, &[], Some(&protected));
    assert_eq!(found.plan.removals, []);
    assert_eq!(found.plan.problem, Some(Problem::Protected { leaving: Leaving::Deleted }));
}

#[test]
fn who_is_in_every_group_that_is_asked_for_has_only_to_leave_the_excluded_one() {
    for combine in [Combine::Any, Combine::All] {
        let found = ask(&scope(combine, &[1], &[8]), &Rules::default(), Some(&ann()), &[1, 8], None);
        assert_eq!(found.verdict, Verdict::Out(Leaving::OutOfScope));
        assert_eq!(found.remedies, [Remedy::LeaveAll(set(&[8]))]);
    }
}

/// A graph in which each of so many groups is nested in each other one, and all of them are teams.
fn tangle(scope: &Scope, groups: u128) -> GroupGraph {
    let all: BTreeSet<GroupId> = (0..groups).map(group).collect();
    let each = |id: &GroupId| (*id, Group { name: String::new(), children: all.clone() });
    GroupGraph::new(scope, all.clone(), all.iter().map(each).collect())
}

#[test]
fn of_very_many_ways_through_a_tangle_of_groups_the_deciding_ones_are_told_first() {
    const GROUPS: u128 = 150;
    let rules = Rules { guests: Guests::Out, ..Rules::default() };
    let scope = scope(Combine::Any, &[148], &[149]);
    let graph = tangle(&scope, GROUPS);
    let policy = Policy { scope: &scope, rules: &rules, graph: &graph };
    let mut ann = Person { enabled: false, ..ann() };
    ann.attributes.insert(Property::UserType, "Guest".to_owned());
    let found = why(TENANT, &policy, Some(&ann), &set(&[7]), None, None);
    assert_eq!(found.ways.len(), WAYS_TOLD);
    let roots: Vec<GroupId> = found.ways.iter().map(|way| way.path[0]).collect();
    assert_eq!(roots[..3], [group(148), group(149), group(0)]);
    assert!(found.ways[0].admits && found.ways[1].excludes && found.ways.iter().all(|way| way.path.len() <= 2));
    assert_eq!(found.remedies, [Remedy::Enable, Remedy::LetGuestsIn, Remedy::LeaveAll(set(&[149]))]);
}

#[test]
fn as_many_ways_as_are_told_are_all_told() {
    let scope = scope(Combine::Any, &[0], &[]);
    let graph = tangle(&scope, 100);
    let (rules, ann) = (Rules::default(), ann());
    let policy = Policy { scope: &scope, rules: &rules, graph: &graph };
    let found = why(TENANT, &policy, Some(&ann), &set(&[0, 50]), None, None);
    assert_eq!(found.ways.len(), 100);
    assert_eq!(found.ways.iter().filter(|way| way.path.len() == 1).count(), 2);
}
