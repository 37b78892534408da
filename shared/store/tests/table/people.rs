//! Accounts and team members stay of one mind.

use std::collections::BTreeSet;
use std::ops::Range;

use rollcall_directory::identity::{PersonId, TeamSource};
use rollcall_directory::plan::{Loss, take};
use rollcall_directory::user::{Leaving, User};
use rollcall_store::{Commit, Error, PageRequest, Table, UserWrite};

use crate::world::{CONNECTION, NOW, TENANT, World, creations, groups, person, team, user, working};

async fn members(table: &Table, number: u128) -> BTreeSet<PersonId> {
    let (mut all, mut request) = (BTreeSet::new(), PageRequest::first(7));
    loop {
        let page = table.team_members(CONNECTION, team(number), &request).await.unwrap();
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
    let write = UserWrite::giving(Some(before.clone()), after.clone());
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

    let gone = take(moved.clone(), &Loss::Account(Leaving::Disabled), NOW).unwrap();
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
    let write = UserWrite::giving(Some(before), after.clone());
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
    assert!(index.iter().all(rollcall_store::IndexEntry::is_active));
    let entry = index.iter().find(|entry| entry.person == person(100)).unwrap();
    assert_eq!(entry.fingerprint, user(100, &[]).fingerprint());
}

#[tokio::test]
async fn a_managers_team_shows_who_reports_to_them() {
    let world = World::new("reports").await;
    let (lease, _) = working(&world.table, "worker").await;
    let report = |number| User { reports_to: Some(person(900)), ..user(number, &[]) };
    let users = (0..30).map(|number| UserWrite::giving(None, report(number))).collect();
    lease.commit(Commit { users, ..Commit::at(NOW) }).await.unwrap();
    let (table, managed) = (&world.table, |number| TeamSource::Manager(person(number)));
    assert_eq!(table.team_size(CONNECTION, managed(900)).await.unwrap(), 30);
    change(&lease, &report(3), &User { reports_to: Some(person(901)), ..report(3) }).await.unwrap();
    let page = table.team_members(CONNECTION, managed(901), &PageRequest::first(7)).await.unwrap();
    assert_eq!(page.items, [person(3)]);
    assert_eq!(table.team_size(CONNECTION, managed(900)).await.unwrap(), 29);
    let besides = |people: Range<u128>| people.map(person).collect();
    for (team, besides, any) in [
        (901, besides(0..0), true),
        (901, besides(0..30), false),
        (900, besides(0..29), true),
        (900, besides(0..30), false),
        (902, besides(0..0), false),
    ] {
        assert_eq!(table.has_members_besides(CONNECTION, managed(team), &besides).await.unwrap(), any, "{team}");
    }
}

#[tokio::test]
async fn a_protected_account_can_neither_be_closed_nor_deleted_by_a_plan_made_before() {
    let world = World::new("protected").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..2, &[]), ..Commit::at(NOW) }).await.unwrap();
    let before = user(0, &[]);
    world.table.protect(CONNECTION, TENANT, person(0), true).await.unwrap();
    let gone = take(before.clone(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    assert!(matches!(change(&lease, &before, &gone).await, Err(Error::Conflict { .. })));
    // What does not take access is written, and the protection stays.
    let renamed = User { email: Some("new@example.com".to_owned()), ..before.clone() };
    change(&lease, &before, &renamed).await.unwrap();
    let stored = world.table.user(CONNECTION, TENANT, person(0)).await.unwrap().unwrap().user;
    assert_eq!(stored, User { protected: true, ..renamed });
    let entry = world.table.user_index(CONNECTION).await.unwrap().into_iter().find(|entry| entry.person == person(0));
    assert!(entry.unwrap().protected);
    assert!(world.table.protect(CONNECTION, TENANT, person(7), true).await.is_err());
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_but_its_history() {
    let world = World::new("deleted").await;
    let (lease, run) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..1, &[1]), ..Commit::at(NOW) }).await.unwrap();
    let before = user(0, &[1]);
    let gone = take(before.clone(), &Loss::Account(Leaving::Deleted), NOW).unwrap();
    change(&lease, &before, &gone).await.unwrap();
    let deletion = UserWrite { before: Some(gone.clone()), after: None, taken: vec![Loss::Deletion] };
    lease.commit(Commit { users: vec![deletion.clone()], ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(world.table.user(CONNECTION, TENANT, person(0)).await.unwrap(), None);
    assert!(world.table.user_index(CONNECTION).await.unwrap().is_empty());
    let state = lease.state();
    assert_eq!((state.active, state.tally.deleted, state.takings.lately(NOW).deletions), (0, 1, 1));
    let changes = world.table.changes_page(CONNECTION, run.id, &PageRequest::first(50)).await.unwrap().items;
    assert_eq!(
        changes.last(),
        deletion.change().map(|change| rollcall_store::Change::User(change.into_owned())).as_ref()
    );
    let again = lease.commit(Commit { users: vec![deletion], ..Commit::at(NOW) }).await;
    assert!(matches!(again, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn a_rehearsal_leaves_history_and_nothing_else() {
    let world = World::new("rehearsal").await;
    let (lease, run) = working(&world.table, "worker").await;
    let rehearsal = Commit { users: creations(0..250, &[1]), rehearsal: true, ..Commit::at(NOW) };
    lease.commit(rehearsal).await.unwrap();
    assert!(world.table.user_index(CONNECTION).await.unwrap().is_empty());
    assert_eq!(world.table.team_size(CONNECTION, team(1)).await.unwrap(), 0);
    let state = lease.state();
    assert_eq!((state.active, state.tally.created, state.tally.memberships_added), (0, 250, 250));
    let mut request = PageRequest::first(100);
    let mut changes = 0;
    loop {
        let page = world.table.changes_page(CONNECTION, run.id, &request).await.unwrap();
        changes += page.items.len();
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(changes, 250);
}
