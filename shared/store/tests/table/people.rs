//! Accounts and team members stay of one mind.

use std::collections::BTreeSet;

use rollcall_directory::identity::PersonId;
use rollcall_directory::plan::{Loss, take};
use rollcall_directory::user::{Leaving, User};
use rollcall_store::{Commit, Error, PageRequest, Table, UserWrite};

use crate::world::{CONNECTION, NOW, TENANT, World, creations, group, groups, person, user, working};

async fn members(table: &Table, number: u128) -> BTreeSet<PersonId> {
    let (mut all, mut request) = (BTreeSet::new(), PageRequest::first(7));
    loop {
        let page = table.team_members(CONNECTION, group(number), &request).await.unwrap();
        assert!(page.items.len() <= 7);
        for person in page.items {
            assert!(all.insert(person), "{person} twice");
        }
        match page.next {
            Some(cursor) => request.cursor = Some(cursor),
            None => return all,
        }
    }
}

async fn change(lease: &rollcall_store::Lease, before: &User, after: &User) -> Result<(), Error> {
    let write = UserWrite { before: Some(before.clone()), after: after.clone(), taken: Vec::new() };
    lease.commit(Commit { users: vec![write], ..Commit::at(NOW) }).await
}

#[tokio::test]
async fn joining_leaving_and_coming_back_show_in_the_team_at_once() {
    let world = World::new("teams").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..40, &[1]), ..Commit::at(NOW) }).await.unwrap();
    let everybody: BTreeSet<PersonId> = (0..40).map(person).collect();
    assert_eq!(members(&world.table, 1).await, everybody);

    let there = user(3, &[1]);
    let moved = User { teams: groups([2]), ..there.clone() };
    change(&lease, &there, &moved).await.unwrap();
    assert_eq!(members(&world.table, 1).await.len(), 39);
    assert_eq!(members(&world.table, 2).await, BTreeSet::from([person(3)]));

    let gone = take(moved.clone(), Loss::Account(Leaving::Disabled), NOW);
    change(&lease, &moved, &gone).await.unwrap();
    assert_eq!(members(&world.table, 2).await, BTreeSet::new());
    assert_eq!(lease.state().active, 39);

    change(&lease, &gone, &moved).await.unwrap();
    assert_eq!(members(&world.table, 2).await, BTreeSet::from([person(3)]));
    let state = lease.state();
    assert_eq!((state.active, state.tally.reactivated, state.tally.deactivated), (40, 1, 1));
    assert_eq!((state.tally.memberships_added, state.tally.memberships_removed), (42, 2));
}

#[tokio::test]
async fn a_write_from_an_old_reading_is_a_conflict() {
    let world = World::new("stale").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..1, &[1]), ..Commit::at(NOW) }).await.unwrap();
    let old = User { teams: groups([9]), ..user(0, &[1]) };
    let before = world.everything().await;
    let result = change(&lease, &old, &user(0, &[2])).await;
    assert!(matches!(result, Err(Error::Conflict { item: "user" })), "{result:?}");
    let again = lease.commit(Commit { users: creations(0..1, &[1]), ..Commit::at(NOW) }).await;
    assert!(matches!(again, Err(Error::Conflict { item: "user" })));
    assert_eq!(world.everything().await, before);
    change(&lease, &user(0, &[1]), &user(0, &[2])).await.unwrap();
}

#[tokio::test]
async fn an_attribute_that_is_gone_is_gone_and_the_time_of_creation_stays() {
    let world = World::new("attributes").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..1, &[]), ..Commit::at(NOW) }).await.unwrap();
    let before = user(0, &[]);
    let mut after = User { manager: None, ..before.clone() };
    after.attributes.remove(&rollcall_directory::property::Property::City);
    let later = NOW + jiff::SignedDuration::from_secs(60);
    let write = UserWrite { before: Some(before), after: after.clone(), taken: Vec::new() };
    lease.commit(Commit { users: vec![write], ..Commit::at(later) }).await.unwrap();
    let stored = world.table.user(CONNECTION, TENANT, person(0)).await.unwrap().unwrap();
    assert_eq!((stored.user, stored.created_at, stored.updated_at), (after, NOW, later));
}

#[tokio::test]
async fn many_people_are_found_by_id_and_others_are_left_out() {
    let world = World::new("by-id").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..350, &[]), ..Commit::at(NOW) }).await.unwrap();
    let wanted: Vec<PersonId> = (100..450).map(person).chain((100..110).map(person)).collect();
    let found = world.table.users_by_person(CONNECTION, TENANT, &wanted).await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), (100..350).map(person).collect::<Vec<_>>());
    let index = world.table.user_index(CONNECTION).await.unwrap();
    assert!(index.is_sorted_by_key(|entry| entry.person));
    assert!(index.iter().all(|entry| entry.active));
    let entry = index.iter().find(|entry| entry.person == person(100)).unwrap();
    assert_eq!(entry.fingerprint, user(100, &[]).fingerprint());
}
