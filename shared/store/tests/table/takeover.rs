//! A worker that is killed between two transactions, and the one that goes on.

use rollcall_directory::plan::Loss;
use rollcall_directory::user::{Leaving, Status};
use rollcall_store::{Acquired, Commit, Cursor, Error, Lease, PageRequest, StateChange, StoredGroup, Table, UserWrite};

use crate::faults::Fault;
use crate::world::{CONNECTION, NOW, TENANT, World, creation, group, person, team, user, working};

async fn take_over(table: &Table) -> Lease {
    let Acquired::Busy { beat, epoch } = table.acquire(CONNECTION, "second").await.unwrap() else { panic!() };
    match table.take_over(CONNECTION, "second", beat, epoch).await.unwrap() {
        Acquired::Lease(lease) => lease,
        busy => panic!("{busy:?}"),
    }
}

/// What is still to be written of 250 creations.
async fn missing(table: &Table) -> Vec<UserWrite> {
    let people: Vec<_> = (0..250).map(person).collect();
    let present = table.users_by_person(CONNECTION, TENANT, &people).await.unwrap();
    (0..250).map(|number| user(number, &[1])).filter(|user| !present.contains_key(&user.person)).map(creation).collect()
}

fn commit(users: Vec<UserWrite>) -> Commit {
    let cursor = Cursor { users: "after everything".to_owned(), groups: None, read_at: NOW };
    Commit {
        users,
        groups: vec![(group(1), StoredGroup::default())],
        state: StateChange { cursor: Some(Some(cursor)), ..StateChange::default() },
        ..Commit::at(NOW)
    }
}

#[tokio::test]
async fn killed_between_any_two_transactions_the_next_worker_finishes_the_same() {
    // 250 people in one team are six transactions.
    for killed_after in 0..6 {
        let world = World::new(&format!("killed-{killed_after}")).await;
        let (table, faults) = world.faulty();
        let (lease, run) = working(&table, "first").await;
        faults.transactions(std::iter::repeat_n(Fault::None, killed_after));
        faults.all(Fault::LoseRequest);
        let result = lease.commit(commit(missing(&world.table).await)).await;
        assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");

        // What is there has its history, and the cursor stands before it.
        let written = world.table.user_index(CONNECTION).await.unwrap().len();
        let page = PageRequest::first(999);
        let changes = world.table.changes_page(CONNECTION, run.id, &page).await.unwrap().items.len();
        let state = world.table.state(CONNECTION).await.unwrap();
        assert_eq!((changes, state.active, state.tally.created), (written, written as u64, written as u64));
        assert_eq!(state.cursor, None);
        assert_eq!(world.table.team_size(CONNECTION, team(1)).await.unwrap(), written as u64);
        assert_eq!(written > 0, killed_after > 0);
        assert!(written < 250 || world.table.groups(CONNECTION).await.unwrap().is_empty());

        let second = take_over(&world.table).await;
        let rest = missing(&world.table).await;
        assert_eq!(rest.len() + written, 250);
        second.commit(Commit { run: Some(run.clone()), ..commit(rest) }).await.unwrap();
        let changes = world.table.changes_page(CONNECTION, run.id, &page).await.unwrap().items.len();
        let stored = world.table.run(CONNECTION, run.id).await.unwrap().unwrap();
        assert_eq!((changes, stored.counts.tally.created), (250, 250));
        assert_eq!(world.table.team_size(CONNECTION, team(1)).await.unwrap(), 250);
        assert!(second.state().cursor.is_some());
    }
}

#[tokio::test]
async fn what_was_taken_is_counted_with_those_from_whom_it_was_taken() {
    let world = World::new("taken").await;
    let (table, faults) = world.faulty();
    let (lease, _) = working(&table, "first").await;
    lease.commit(Commit { users: missing(&world.table).await, ..Commit::at(NOW) }).await.unwrap();
    let leavers: Vec<UserWrite> = (0..250)
        .map(|number| {
            let before = user(number, &[1]);
            let loss = Loss::Account(Leaving::Deleted);
            let after = rollcall_directory::plan::take(before.clone(), &loss, NOW);
            assert_eq!(after.as_ref().unwrap().status, Status::Inactive { reason: Leaving::Deleted, since: NOW });
            UserWrite { before: Some(before), after, taken: vec![loss] }
        })
        .collect();
    faults.transactions([Fault::None, Fault::None]);
    faults.all(Fault::LoseRequest);
    assert!(lease.commit(Commit { users: leavers, ..Commit::at(NOW) }).await.is_err());

    let state = world.table.state(CONNECTION).await.unwrap();
    let gone = 250 - state.active;
    assert!(gone > 0 && gone < 250);
    assert_eq!(state.takings.lately(NOW).accounts, gone);
    assert_eq!(state.tally.deactivated, gone);
    assert_eq!(world.table.team_size(CONNECTION, team(1)).await.unwrap(), state.active);
}

#[tokio::test]
async fn a_commit_can_give_the_lease_back_also_when_its_answer_is_lost() {
    let world = World::new("given-back").await;
    for (worker, fault) in [("first", Fault::None), ("second", Fault::LoseAnswer)] {
        let (table, faults) = world.faulty();
        let (lease, _) = working(&table, worker).await;
        faults.transactions([fault]);
        lease.commit(Commit { release: true, ..Commit::at(NOW) }).await.unwrap();
        lease.beat().await.unwrap();
        lease.release().await.unwrap();
        assert!(matches!(lease.commit(Commit::at(NOW)).await, Err(Error::Lost | Error::Conflict { .. })));
        let next = world.table.acquire(CONNECTION, "somebody else").await.unwrap();
        let Acquired::Lease(next) = next else { panic!("{next:?}") };
        next.release().await.unwrap();
    }
}

#[tokio::test]
async fn a_short_history_is_in_the_record_of_its_run_and_read_after_the_rest() {
    let world = World::new("short-history").await;
    let (lease, run) = working(&world.table, "worker").await;
    lease.commit(Commit { users: vec![creation(user(0, &[1]))], ..Commit::at(NOW) }).await.unwrap();
    let run = rollcall_store::Run { status: rollcall_store::RunStatus::Succeeded, ..run };
    let users = vec![creation(user(1, &[1])), creation(user(2, &[1]))];
    lease.commit(Commit { users, run: Some(run.clone()), ..Commit::at(NOW) }).await.unwrap();
    let (mut people, mut request) = (Vec::new(), PageRequest::first(1));
    loop {
        let page = world.table.changes_page(CONNECTION, run.id, &request).await.unwrap();
        for change in page.items {
            let rollcall_store::Change::User(change) = change else { panic!("{change:?}") };
            people.push(change.person);
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(people, [person(0), person(1), person(2)]);
    assert_eq!(world.table.run(CONNECTION, run.id).await.unwrap().unwrap().counts.tally.created, 3);
}
