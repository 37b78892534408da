use super::*;
use crate::adoption::{ExistingId, Match, MatchBy};
use crate::desired::Policy;
use crate::history::difference;
use crate::person::Person;
use crate::property::Attributes;
use crate::rules::{EmailSource, Guests, Leavers, ManagerTeams};
use crate::scope::{GroupGraph, Scope};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(99))
}

fn id() -> PersonId {
    PersonId(Uuid::from_u128(1))
}

fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

fn groups(numbers: &[u128]) -> BTreeSet<GroupId> {
    numbers.iter().map(|number| GroupId(Uuid::from_u128(*number))).collect()
}

fn ann() -> Person {
    let values = [
        (Property::GivenName, "Ann"),
        (Property::Surname, "Lee"),
        (Property::Department, "Sales"),
        (Property::UserPrincipalName, "ann@acme.example"),
    ];
    Person {
        id: id(),
        enabled: true,
        attributes: values.map(|(property, value)| (property, value.to_owned())).into_iter().collect(),
        manager: None,
    }
}

/// What somebody's account should be where groups 4 to 7 are in scope.
fn desired(rules: &Rules, person: &Person, member_of: &[u128]) -> Desired {
    desired_with(rules, person, member_of, None)
}

fn desired_with(rules: &Rules, person: &Person, member_of: &[u128], matched: Option<Match>) -> Desired {
    let scope = Scope::any_of(groups(&[4, 5, 6, 7]));
    let graph = GroupGraph::new(&scope, scope.groups(), BTreeMap::new());
    Policy { scope: &scope, rules, graph: &graph }.desired(person, &graph.membership(&groups(member_of)), matched)
}

fn planned(rules: &Rules, person: &Person, member_of: &[u128], observed: Option<&User>) -> PersonPlan {
    plan(tenant(), id(), rules, desired(rules, person, member_of), observed)
}

fn default_plan(person: &Person, member_of: &[u128], observed: Option<&User>) -> PersonPlan {
    planned(&Rules::default(), person, member_of, observed)
}

fn created() -> User {
    default_plan(&ann(), &[5], None).write.unwrap()
}

fn removal(loss: Loss) -> Removal {
    Removal { person: id(), loss }
}

#[test]
fn nothing_to_do_is_an_empty_plan() {
    assert_eq!(default_plan(&ann(), &[5], Some(&created())), PersonPlan::default());
}

#[test]
fn a_new_account_has_what_directory_and_rules_say() {
    let user = created();
    assert_eq!(user.id, UserId::derive(tenant(), id()));
    assert_eq!((user.email.as_deref(), user.status), (Some("ann@acme.example"), Status::Active));
    assert_eq!((&user.teams, &user.groups), (&groups(&[5]), &groups(&[5])));
    assert_eq!(user.attributes, ann().attributes);
    assert_eq!((user.linked, user.protected, user.manager, user.reports_to), (None, false, None, None));
}

#[test]
fn a_disabled_person_who_is_unknown_gets_no_account() {
    assert_eq!(default_plan(&Person { enabled: false, ..ann() }, &[5], None), PersonPlan::default());
}

#[test]
fn a_disabled_person_loses_the_account_and_nothing_is_written_before_that_is_confirmed() {
    let plan = default_plan(&Person { enabled: false, ..ann() }, &[5], Some(&created()));
    assert_eq!(plan.write, None);
    assert_eq!(plan.removals, [removal(Loss::Account(Leaving::Disabled))]);
}

#[test]
fn where_leavers_keep_their_access_nothing_is_taken() {
    let rules = Rules { leavers: Leavers::KeepAccess, ..Rules::default() };
    assert_eq!(planned(&rules, &ann(), &[], Some(&created())), PersonPlan::default());
    let protected = User { protected: true, ..created() };
    assert_eq!(planned(&rules, &ann(), &[], Some(&protected)), PersonPlan::default());
}

#[test]
fn a_protected_account_stays_and_somebody_has_to_see_to_it() {
    let protected = User { protected: true, ..created() };
    let plan = default_plan(&ann(), &[], Some(&protected));
    assert_eq!(plan.removals, []);
    assert_eq!(plan.problem, Some(Problem::Protected { leaving: Leaving::OutOfScope }));
    assert_eq!(take(protected.clone(), &Loss::Account(Leaving::Deleted), NOW), Some(protected));
}

#[test]
fn the_same_account_comes_back() {
    let gone = take(created(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    assert_eq!((gone.teams.len(), gone.reports_to), (0, None));
    assert_eq!(default_plan(&ann(), &[5], Some(&gone)).write, Some(created()));
    let linked = User { linked: Some(ExistingId("a".to_owned())), protected: true, ..gone };
    let back = default_plan(&ann(), &[5], Some(&linked)).write.unwrap();
    assert_eq!((back.linked, back.protected), (linked.linked, true));
}

#[test]
fn an_account_is_deleted_only_when_it_is_inactive_and_not_protected() {
    let gone = take(created(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    assert_eq!(take(gone.clone(), &Loss::Deletion, NOW), None);
    assert_eq!(take(created(), &Loss::Deletion, NOW), Some(created()));
    let protected = User { protected: true, ..gone };
    assert_eq!(take(protected.clone(), &Loss::Deletion, NOW), Some(protected));
}

#[test]
fn leaving_twice_changes_nothing() {
    let gone = take(created(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    let later = NOW + jiff::SignedDuration::from_hours(1);
    assert_eq!(take(gone.clone(), &Loss::Account(Leaving::Disabled), later), Some(gone));
}

#[test]
fn a_mover_joins_the_new_team_before_leaving_the_old() {
    let plan = default_plan(&ann(), &[6], Some(&created()));
    assert_eq!(plan.write.unwrap().teams, groups(&[5, 6]));
    assert_eq!(plan.removals, [removal(Loss::Team(GroupId(Uuid::from_u128(5))))]);
}

#[test]
fn a_cleared_value_is_a_removal_and_a_changed_one_is_not() {
    let mut person = ann();
    person.attributes.remove(&Property::Department);
    person.attributes.insert(Property::GivenName, "Anne".to_owned());
    let plan = default_plan(&person, &[5], Some(&created()));
    let write = plan.write.unwrap();
    assert_eq!(write.attributes[&Property::Department], "Sales");
    assert_eq!(write.attributes[&Property::GivenName], "Anne");
    assert_eq!(plan.removals, [removal(Loss::Attribute(Property::Department))]);
    assert_eq!(plan.problem, None);
    let after = take(write, &Loss::Attribute(Property::Department), NOW).unwrap();
    assert_eq!(after.attributes.get(&Property::Department), None);
}

#[test]
fn a_property_that_was_switched_off_goes_without_being_guarded() {
    let mut rules = Rules::default();
    rules.attributes.off.insert(Property::Department);
    let plan = planned(&rules, &ann(), &[5], Some(&created()));
    assert_eq!(plan.removals, []);
    assert!(!plan.write.unwrap().attributes.contains_key(&Property::Department));
}

#[test]
fn who_lacks_something_gets_no_account_and_is_listed() {
    let mut person = ann();
    person.attributes.remove(&Property::Surname);
    let problem = Problem::Lacks { what: BTreeSet::from([Required::Surname]) };
    let expected = PersonPlan { problem: Some(problem), ..PersonPlan::default() };
    assert_eq!(default_plan(&person, &[5], None), expected);
    let gone = take(created(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    assert_eq!(default_plan(&person, &[5], Some(&gone)), expected);
}

#[test]
fn who_has_an_account_keeps_what_the_directory_lost_and_is_listed() {
    let mut person = ann();
    person.attributes.remove(&Property::Surname);
    person.attributes.remove(&Property::UserPrincipalName);
    let plan = default_plan(&person, &[5], Some(&created()));
    assert_eq!(plan.write, None);
    assert_eq!(plan.removals, [removal(Loss::Attribute(Property::UserPrincipalName))]);
    assert_eq!(plan.problem, Some(Problem::Lacks { what: BTreeSet::from([Required::Surname, Required::Email]) }));
}

#[test]
fn an_address_that_nobody_must_have_can_be_lost() {
    let rules = Rules { required: BTreeSet::new(), email: EmailSource::Mail, ..Rules::default() };
    let mut person = ann();
    person.attributes.insert(Property::Mail, "ann@x".to_owned());
    let user = planned(&rules, &person, &[5], None).write.unwrap();
    assert_eq!(user.email.as_deref(), Some("ann@x"));
    let plan = planned(&rules, &ann(), &[5], Some(&user));
    assert_eq!(plan.removals, [removal(Loss::Attribute(Property::Mail)), removal(Loss::Email)]);
    assert_eq!(take(user, &Loss::Email, NOW).unwrap().email, None);
}

#[test]
fn a_manager_is_changed_at_once_and_lost_only_when_that_is_confirmed() {
    let mut rules = Rules::default();
    rules.teams.managers = Some(ManagerTeams::default());
    let with = |manager: Option<u128>| Person { manager: manager.map(person), ..ann() };
    let user = planned(&rules, &with(Some(8)), &[5], None).write.unwrap();
    assert_eq!((user.manager, user.reports_to), (Some(person(8)), Some(person(8))));
    let moved = planned(&rules, &with(Some(9)), &[5], Some(&user)).write.unwrap();
    assert_eq!((moved.manager, moved.reports_to), (Some(person(9)), Some(person(9))));
    let plan = planned(&rules, &with(None), &[5], Some(&user));
    assert_eq!((plan.write, plan.removals), (None, vec![removal(Loss::Manager)]));
    let alone = take(user.clone(), &Loss::Manager, NOW).unwrap();
    assert_eq!((alone.manager, alone.reports_to), (None, None));
    let without_teams = planned(&Rules::default(), &with(Some(8)), &[5], Some(&user)).write.unwrap();
    assert_eq!((without_teams.manager, without_teams.reports_to), (Some(person(8)), None));
}

#[test]
fn an_account_that_may_be_theirs_waits_for_a_decision() {
    let existing = ExistingId("a".to_owned());
    let rules = Rules::default();
    let with = |matched: Match| plan(tenant(), id(), &rules, desired_with(&rules, &ann(), &[5], Some(matched)), None);
    let found = Match::Proposed { account: existing.clone(), by: MatchBy::EmployeeId };
    let waiting = with(found.clone());
    assert_eq!((waiting.write, waiting.problem), (None, Some(Problem::Adoption { found: found.clone() })));
    let linked = with(Match::Linked { account: existing.clone() }).write.unwrap();
    assert_eq!(linked.linked, Some(existing));
    let known = plan(tenant(), id(), &rules, desired_with(&rules, &ann(), &[5], Some(found)), Some(&created()));
    assert_eq!(known, PersonPlan::default());
}

#[test]
fn whatever_differs_of_a_new_account_is_written() {
    let mut rules = Rules::default();
    rules.languages.default = Some("en".to_owned());
    rules.teams.managers = Some(ManagerTeams::default());
    let boss = Person { manager: Some(person(8)), ..ann() };
    let user = planned(&rules, &boss, &[5], None).write.unwrap();
    assert_eq!(
        (user.language.as_deref(), user.manager, user.reports_to),
        (Some("en"), Some(person(8)), Some(person(8)))
    );
    let gone = User { language: None, ..take(user.clone(), &Loss::Account(Leaving::Deleted), NOW).unwrap() };
    assert_eq!(planned(&rules, &boss, &[5], Some(&gone)).write, Some(user));
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    let names = proptest::sample::select(Property::FIXED);
    let rare = proptest::collection::btree_map(names, "[a-z]{0,2}", 0..4);
    (rare, proptest::bool::weighted(0.8), proptest::bool::weighted(0.8), proptest::bool::weighted(0.8)).prop_map(
        |(attributes, given, surname, name)| {
            let usual = [
                (given, Property::GivenName, "Ann"),
                (surname, Property::Surname, "Lee"),
                (name, Property::UserPrincipalName, "ann@x"),
            ];
            let mut attributes = Attributes::from_iter(attributes);
            for (there, property, value) in usual {
                if there {
                    attributes.insert(property, value.to_owned());
                }
            }
            attributes
        },
    )
}

fn any_person() -> impl Strategy<Value = Person> {
    (any::<bool>(), any_attributes(), proptest::option::of(0u128..3)).prop_map(|(enabled, attributes, manager)| {
        Person { id: id(), enabled, attributes, manager: manager.map(person) }
    })
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let some = || proptest::collection::btree_set(proptest::sample::select(Property::FIXED), 0..4);
    let required = proptest::collection::btree_set(proptest::sample::select(Required::ALL), 0..=3);
    let sources = vec![EmailSource::UserPrincipalName, EmailSource::Mail, EmailSource::MailThenUserPrincipalName];
    let language = proptest::option::of(Just("en".to_owned()));
    (any::<bool>(), required, proptest::sample::select(sources), some(), some(), language, any::<bool>()).prop_map(
        |(guests, required, email, off, more, language, managers)| {
            let mut rules = Rules { required, email, ..Rules::default() };
            rules.guests = if guests { Guests::In } else { Guests::Out };
            // A property that everybody must have can't be off.
            let needed: BTreeSet<Property> = rules.required.iter().filter_map(|required| required.property()).collect();
            rules.attributes.off = off.difference(&needed).cloned().collect();
            rules.attributes.more = more;
            rules.languages.default = language;
            rules.teams.managers = managers.then(ManagerTeams::default);
            rules
        },
    )
}

fn any_desired() -> impl Strategy<Value = (Rules, Desired)> {
    let member_of = proptest::collection::vec(3u128..8, 0..4);
    (any_rules(), any_person(), member_of).prop_map(|(rules, person, member_of)| {
        let desired = desired(&rules, &person, &member_of);
        (rules, desired)
    })
}

fn plan_of((rules, desired): &(Rules, Desired), observed: Option<&User>) -> PersonPlan {
    plan(tenant(), id(), rules, desired.clone(), observed)
}

fn apply(plan: PersonPlan, observed: Option<User>) -> Option<User> {
    let user = plan.write.or(observed);
    plan.removals.iter().fold(user, |user, removal| user.and_then(|user| take(user, &removal.loss, NOW)))
}

proptest! {
    /// One pass is a fixpoint: whatever the platform held, planning again after applying is empty.
    #[test]
    fn planning_again_after_applying_is_empty(before in any_desired(), after in any_desired()) {
        let observed = apply(plan_of(&before, None), None);
        let result = apply(plan_of(&after, observed.as_ref()), observed);
        let again = plan_of(&after, result.as_ref());
        prop_assert_eq!((again.write, again.removals), (None, vec![]));
    }

    /// Without its removals a plan never takes anything, but for what the rules have switched off.
    #[test]
    fn the_write_of_a_plan_only_gives(before in any_desired(), after in any_desired()) {
        let Some(observed) = apply(plan_of(&before, None), None) else { return Ok(()) };
        if let Some(write) = plan_of(&after, Some(&observed)).write {
            prop_assert!(write.status.is_active());
            if observed.status.is_active() {
                let kept = |property: &Property| !after.0.attributes.keeps(property) || write.attributes.contains_key(property);
                prop_assert!(write.teams.is_superset(&observed.teams));
                prop_assert!(observed.attributes.keys().all(kept));
                prop_assert!(observed.email.is_none() || write.email.is_some());
            }
        }
    }

    /// The account that is made has the fingerprint that was foretold.
    #[test]
    fn a_fingerprint_is_foretold((rules, person, member_of) in (any_rules(), any_person(), proptest::collection::vec(3u128..8, 0..4))) {
        let scope = Scope::any_of(groups(&[4, 5, 6, 7]));
        let graph = GroupGraph::new(&scope, scope.groups(), BTreeMap::new());
        let policy = Policy { scope: &scope, rules: &rules, graph: &graph };
        let made = planned(&rules, &person, &member_of, None).write.map(|user| user.fingerprint());
        prop_assert_eq!(policy.fingerprint(&person, &graph.membership(&groups(&member_of))), made);
    }

    /// What is shown of a change is exactly what the fingerprint sees, bookkeeping aside.
    #[test]
    fn a_shown_change_changes_the_fingerprint(before in any_desired(), after in any_desired()) {
        let Some(observed) = apply(plan_of(&before, None), None) else { return Ok(()) };
        let Some(result) = apply(plan_of(&after, Some(&observed)), Some(observed.clone())) else { return Ok(()) };
        if difference(Some(&observed), Some(&result)).is_some() {
            prop_assert_ne!(observed.fingerprint(), result.fingerprint());
        }
    }
}
