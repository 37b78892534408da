use std::slice::from_ref;

use super::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

/// A row whose subscription was created a day ago and lasts 28 days more.
fn row(number: u128, resource: Resource) -> Subscription {
    Subscription {
        nonce: Uuid::from_u128(number),
        resource,
        id: Some(Uuid::from_u128(number + 100).to_string()),
        expires_at: now() + DAY * 28,
        created_at: now() - DAY,
        renewed_at: None,
        reauthorize_at: None,
    }
}

fn listed(row: &Subscription) -> Listed {
    Listed {
        id: Uuid::from_u128(row.nonce.as_u128() + 100),
        resource: Some(row.resource),
        nonce: Some(row.nonce),
        expires_at: row.expires_at,
    }
}

fn users() -> BTreeSet<Resource> {
    BTreeSet::from([Resource::Users])
}

fn create(resource: Resource) -> Step {
    Step::Create { resource }
}

#[test]
fn nothing_to_do_while_everything_wanted_is_alive() {
    let rows = [row(1, Resource::Users), row(2, Resource::Groups)];
    let listed: Vec<Listed> = rows.iter().map(listed).collect();
    assert_eq!(audit(now(), &rows, &listed, &BTreeSet::from([Resource::Users, Resource::Groups])), []);
    assert_eq!(audit(now(), &[], &[], &BTreeSet::new()), []);
}

#[test]
fn what_is_wanted_and_missing_is_created() {
    assert_eq!(
        audit(now(), &[], &[], &BTreeSet::from([Resource::Users, Resource::Groups])),
        [create(Resource::Users), create(Resource::Groups)]
    );
}

#[test]
fn one_that_vanished_is_recreated() {
    let row = row(1, Resource::Users);
    let nonce = row.nonce;
    assert_eq!(audit(now(), &[row], &[], &users()), [Step::Forget { nonce }, create(Resource::Users)]);
}

#[test]
fn one_that_is_listed_but_expired_is_recreated() {
    let row = row(1, Resource::Users);
    let mut found = listed(&row);
    found.expires_at = now();
    let (id, nonce) = (found.id, row.nonce);
    assert_eq!(
        audit(now(), &[row], &[found], &users()),
        [Step::Delete { id }, Step::Forget { nonce }, create(Resource::Users)]
    );
}

#[test]
fn it_is_renewed_at_half_of_its_life_and_not_before() {
    let row = row(1, Resource::Users);
    let found = listed(&row);
    let half = row.created_at + SignedDuration::from_hours(29 * 12);
    assert_eq!(audit(half - MINUTE, from_ref(&row), from_ref(&found), &users()), []);
    assert_eq!(
        audit(half, from_ref(&row), from_ref(&found), &users()),
        [Step::Renew { nonce: row.nonce, id: found.id }]
    );
}

#[test]
fn life_counts_from_the_last_renewal() {
    let mut row = row(1, Resource::Users);
    row.created_at = now() - DAY * 300;
    row.renewed_at = Some(now() - DAY);
    let found = listed(&row);
    assert_eq!(audit(now(), &[row], &[found], &users()), []);
}

#[test]
fn a_new_authorisation_is_given_when_asked_for_but_not_twice_in_ten_minutes() {
    let mut row = row(1, Resource::Users);
    row.reauthorize_at = Some(now());
    let found = listed(&row);
    let renew = Step::Renew { nonce: row.nonce, id: found.id };
    assert_eq!(audit(now(), from_ref(&row), from_ref(&found), &users()), from_ref(&renew));
    row.renewed_at = Some(now() - MINUTE * 9);
    assert_eq!(audit(now(), from_ref(&row), from_ref(&found), &users()), []);
    row.renewed_at = Some(now() - MINUTE * 10);
    assert_eq!(audit(now(), &[row], &[found], &users()), [renew]);
}

#[test]
fn a_creation_whose_answer_was_lost_is_adopted() {
    let mut row = row(1, Resource::Users);
    row.id = None;
    let found = listed(&row);
    let adopt = Step::Adopt { nonce: row.nonce, id: found.id, expires_at: found.expires_at };
    assert_eq!(audit(now(), &[row], &[found], &users()), [adopt]);
}

#[test]
fn a_creation_under_way_is_left_alone_for_five_minutes() {
    let mut row = row(1, Resource::Users);
    row.id = None;
    row.created_at = now() - MINUTE * 4;
    assert_eq!(audit(now(), from_ref(&row), &[], &users()), []);
    row.created_at = now() - MINUTE * 5;
    let nonce = row.nonce;
    assert_eq!(audit(now(), &[row], &[], &users()), [Step::Forget { nonce }, create(Resource::Users)]);
}

#[test]
fn duplicates_and_orphans_of_ours_are_deleted() {
    let row = row(1, Resource::Users);
    let orphan = Listed { id: Uuid::from_u128(900), nonce: Some(Uuid::from_u128(9)), ..listed(&row) };
    let duplicate = Listed { id: Uuid::from_u128(901), expires_at: now() + DAY, ..listed(&row) };
    assert_eq!(
        audit(now(), from_ref(&row), &[orphan.clone(), listed(&row), duplicate.clone()], &users()),
        [Step::Delete { id: orphan.id }, Step::Delete { id: duplicate.id }]
    );
}

#[test]
fn of_two_rows_for_the_same_resource_the_newer_one_stays() {
    let old = Subscription { created_at: now() - DAY * 2, ..row(1, Resource::Users) };
    let new = row(2, Resource::Users);
    assert_eq!(
        audit(now(), &[old.clone(), new.clone()], &[listed(&old), listed(&new)], &users()),
        [Step::Delete { id: listed(&old).id }, Step::Forget { nonce: old.nonce }]
    );
}

#[test]
fn a_subscription_of_another_deployment_is_not_touched() {
    let row = row(1, Resource::Users);
    let foreign = Listed { id: Uuid::from_u128(900), nonce: None, ..listed(&row) };
    assert_eq!(audit(now(), from_ref(&row), &[foreign, listed(&row)], &users()), []);
}

#[test]
fn one_with_an_address_we_no_longer_have_is_replaced() {
    let row = row(1, Resource::Users);
    let moved = Listed { nonce: None, ..listed(&row) };
    let nonce = row.nonce;
    assert_eq!(
        audit(now(), &[row], from_ref(&moved), &users()),
        [Step::Delete { id: moved.id }, Step::Forget { nonce }, create(Resource::Users)]
    );
}

#[test]
fn what_is_not_wanted_any_more_ends() {
    let rows = [row(1, Resource::Users), row(2, Resource::Groups)];
    let found: Vec<Listed> = rows.iter().map(listed).collect();
    assert_eq!(
        audit(now(), &rows, &found, &users()),
        [Step::Delete { id: found[1].id }, Step::Forget { nonce: rows[1].nonce }]
    );
    assert_eq!(audit(now(), &rows, &found, &BTreeSet::new()).len(), 4);
}

#[test]
fn after_the_steps_were_taken_there_is_nothing_to_do() {
    let mut row = row(1, Resource::Users);
    row.id = None;
    let found = listed(&row);
    let steps = audit(now(), from_ref(&row), from_ref(&found), &users());
    let [Step::Adopt { id, expires_at, .. }] = steps.as_slice() else { panic!("adopted") };
    let adopted = Subscription { id: Some(id.to_string()), expires_at: *expires_at, ..row };
    assert_eq!(audit(now(), &[adopted], &[found], &users()), []);
}
