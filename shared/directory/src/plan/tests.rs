use super::*;
use crate::property::Attributes;
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(99))
}

fn id() -> PersonId {
    PersonId(Uuid::from_u128(1))
}

fn groups(numbers: &[u128]) -> BTreeSet<GroupId> {
    numbers.iter().map(|number| GroupId(Uuid::from_u128(*number))).collect()
}

fn ann() -> Person {
    Person {
        id: id(),
        enabled: true,
        attributes: Attributes::from([
            (Property::GivenName, "Ann".to_owned()),
            (Property::Department, "Sales".to_owned()),
        ]),
        manager: None,
    }
}

fn desired(person: Person, teams: &[u128]) -> Desired {
    Desired::of(person, groups(teams), Standing::In { teams: groups(teams) })
}

fn created() -> User {
    plan(tenant(), id(), &desired(ann(), &[5]), None).write.unwrap()
}

#[test]
fn nothing_to_do_is_an_empty_plan() {
    assert_eq!(plan(tenant(), id(), &desired(ann(), &[5]), Some(&created())), PersonPlan::default());
}

#[test]
fn a_disabled_person_who_is_unknown_gets_no_account() {
    let desired = desired(Person { enabled: false, ..ann() }, &[5]);
    assert_eq!(plan(tenant(), id(), &desired, None), PersonPlan::default());
}

#[test]
fn a_disabled_person_loses_the_account_and_nothing_is_written_before_that_is_confirmed() {
    let plan = plan(tenant(), id(), &desired(Person { enabled: false, ..ann() }, &[5]), Some(&created()));
    assert_eq!(plan.write, None);
    assert_eq!(plan.removals, [Removal { person: id(), loss: Loss::Account(Leaving::Disabled) }]);
}

#[test]
fn the_same_account_comes_back() {
    let gone = take(created(), Loss::Account(Leaving::Deleted), NOW);
    assert_eq!(gone.teams, BTreeSet::new());
    assert_eq!(plan(tenant(), id(), &desired(ann(), &[5]), Some(&gone)).write, Some(created()));
}

#[test]
fn a_mover_joins_the_new_team_before_leaving_the_old() {
    let plan = plan(tenant(), id(), &desired(ann(), &[6]), Some(&created()));
    assert_eq!(plan.write.unwrap().teams, groups(&[5, 6]));
    let [left] = groups(&[5]).into_iter().collect::<Vec<_>>()[..] else { unreachable!() };
    assert_eq!(plan.removals, [Removal { person: id(), loss: Loss::Team(left) }]);
}

#[test]
fn a_cleared_value_is_a_removal_and_a_changed_one_is_not() {
    let mut person = ann();
    person.attributes.remove(&Property::Department);
    person.attributes.insert(Property::GivenName, "Anne".to_owned());
    let plan = plan(tenant(), id(), &desired(person, &[5]), Some(&created()));
    let write = plan.write.unwrap();
    assert_eq!(write.attributes[&Property::Department], "Sales");
    assert_eq!(write.attributes[&Property::GivenName], "Anne");
    assert_eq!(plan.removals, [Removal { person: id(), loss: Loss::Attribute(Property::Department) }]);
}

#[test]
fn the_history_of_a_new_account_names_every_value() {
    insta::assert_json_snapshot!(difference(None, &created()));
}

#[test]
fn the_history_of_a_leaver_says_why_and_which_teams() {
    let after = take(created(), Loss::Account(Leaving::OutOfScope), NOW);
    insta::assert_json_snapshot!(difference(Some(&created()), &after));
}

#[test]
fn a_change_of_bookkeeping_is_not_shown() {
    let after = User { groups: groups(&[7]), ..created() };
    assert_eq!(difference(Some(&created()), &after), None);
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    proptest::collection::btree_map(proptest::sample::select(Property::ALL), "[a-z]{0,2}", 0..4)
}

fn any_person() -> impl Strategy<Value = Person> {
    (any::<bool>(), any_attributes(), proptest::option::of(0u128..3)).prop_map(|(enabled, attributes, manager)| {
        Person { id: id(), enabled, attributes, manager: manager.map(|number| PersonId(Uuid::from_u128(number))) }
    })
}

fn any_groups() -> impl Strategy<Value = BTreeSet<GroupId>> {
    proptest::collection::btree_set((0u128..4).prop_map(|number| GroupId(Uuid::from_u128(number))), 0..4)
}

fn any_desired() -> impl Strategy<Value = Desired> {
    (any_person(), any_groups(), any::<bool>()).prop_map(|(person, groups, out)| {
        let standing = if out { Standing::Out } else { Standing::In { teams: groups.clone() } };
        Desired::of(person, groups, standing)
    })
}

fn apply(plan: PersonPlan, observed: Option<User>) -> Option<User> {
    let mut user = plan.write.or(observed);
    for removal in plan.removals {
        user = user.map(|user| take(user, removal.loss, NOW));
    }
    user
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// One pass is a fixpoint: whatever the platform held, planning again after applying is empty.
    #[test]
    fn planning_again_after_applying_is_empty(before in any_desired(), after in any_desired()) {
        let observed = apply(plan(tenant(), id(), &before, None), None);
        let result = apply(plan(tenant(), id(), &after, observed.as_ref()), observed);
        prop_assert_eq!(plan(tenant(), id(), &after, result.as_ref()), PersonPlan::default());
    }

    /// Without its removals a plan never takes anything.
    #[test]
    fn the_write_of_a_plan_only_gives(before in any_desired(), after in any_desired()) {
        let Some(observed) = apply(plan(tenant(), id(), &before, None), None) else { return Ok(()) };
        if let Some(write) = plan(tenant(), id(), &after, Some(&observed)).write {
            prop_assert!(write.status.is_active());
            if observed.status.is_active() {
                prop_assert!(write.teams.is_superset(&observed.teams));
                prop_assert!(observed.attributes.keys().all(|property| write.attributes.contains_key(property)));
            }
        }
    }

    /// What is shown of a change is exactly what the fingerprint sees, bookkeeping aside.
    #[test]
    fn a_shown_change_changes_the_fingerprint(before in any_desired(), after in any_desired()) {
        let Some(observed) = apply(plan(tenant(), id(), &before, None), None) else { return Ok(()) };
        let Some(result) = apply(plan(tenant(), id(), &after, Some(&observed)), Some(observed.clone())) else { return Ok(()) };
        if difference(Some(&observed), &result).is_some() {
            prop_assert_ne!(observed.fingerprint(), result.fingerprint());
        }
    }
}
