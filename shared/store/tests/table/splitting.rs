//! Commits of any size.

use rollcall_store::{Commit, Error, PageRequest};

use crate::world::{CONNECTION, NOW, World, creation, creations, run, team, user, working};

#[tokio::test]
async fn a_commit_of_250_people_takes_several_transactions_and_each_has_its_history() {
    let world = World::new("split").await;
    let (lease, run) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..250, &[1, 2]), ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(world.table.user_index(CONNECTION).await.unwrap().len(), 250);

    let everything = world.everything().await;
    let pk = format!("C#{CONNECTION}#R#{}", run.id);
    let chunks = everything.keys().filter(|key| key.0 == pk && key.1.starts_with("CHANGE#")).count();
    // 97 writes of a transaction are 32 people with two team members each.
    assert_eq!(chunks, 250usize.div_ceil(32));
    assert_eq!(lease.state().sequence, 1 + chunks as u64);
    let changes = world.table.changes_page(CONNECTION, run.id, &PageRequest::first(999)).await.unwrap();
    assert_eq!(changes.items.len(), 250);
}

#[tokio::test]
async fn somebody_in_250_teams_is_written_in_stages_that_are_all_true() {
    let world = World::new("stages").await;
    let (lease, run) = working(&world.table, "worker").await;
    let teams: Vec<u128> = (0..250).collect();
    let member = user(1, &teams);
    lease.commit(Commit { users: vec![creation(member.clone())], ..Commit::at(NOW) }).await.unwrap();
    for number in [0, 100, 249] {
        assert_eq!(world.table.team_size(CONNECTION, team(number)).await.unwrap(), 1);
    }
    let stored = world.table.users_by_person(CONNECTION, crate::world::TENANT, &[member.person]).await.unwrap();
    assert_eq!(stored[&member.person], member);
    let state = lease.state();
    assert_eq!((state.active, state.tally.created, state.tally.memberships_added), (1, 1, 250));
    let changes = world.table.changes_page(CONNECTION, run.id, &PageRequest::first(999)).await.unwrap();
    assert_eq!(changes.items.len(), 3, "one for each stage");
}

#[tokio::test]
async fn a_checkpoint_of_many_megabytes_comes_back_in_order() {
    let world = World::new("checkpoint").await;
    let (lease, mut run) = working(&world.table, "worker").await;
    let piece = |number: u8| vec![number; 380_000];
    run.resume = Some("half-way".to_owned());
    lease.checkpoint(run.clone(), (0..12).map(piece).collect(), NOW).await.unwrap();
    lease.checkpoint(run.clone(), vec![piece(12)], NOW).await.unwrap();
    let chunks = world.table.snapshot_chunks(CONNECTION, run.id, NOW).await.unwrap();
    assert_eq!(chunks.len(), 13);
    assert!(
        chunks
            .iter()
            .enumerate()
            .all(|(place, (number, bytes))| place as u64 == *number && bytes == &piece(place as u8))
    );
    assert_eq!(world.table.run(CONNECTION, run.id).await.unwrap().unwrap().resume, run.resume);

    let later = NOW + jiff::SignedDuration::from_hours(8 * 24);
    let expired = world.table.snapshot_chunks(CONNECTION, run.id, later).await;
    assert!(matches!(expired, Err(Error::NotFound { .. })), "its time is over, though it is still there");

    lease.drop_snapshot(run.id).await.unwrap();
    assert!(!world.everything().await.keys().any(|key| key.1.starts_with("SNAPSHOT#")));
}

#[tokio::test]
async fn pieces_that_no_checkpoint_knows_of_are_not_read() {
    let world = World::new("orphans").await;
    let (table, faults) = world.faulty();
    let (lease, run) = working(&table, "worker").await;
    lease.checkpoint(run.clone(), vec![vec![1; 10]], NOW).await.unwrap();
    // The first transaction takes seven pieces, the second with the run's record never comes.
    faults.transactions([crate::faults::Fault::None]);
    faults.all(crate::faults::Fault::LoseRequest);
    assert!(lease.checkpoint(run.clone(), vec![vec![2; 380_000]; 9], NOW).await.is_err());
    faults.all(crate::faults::Fault::None);
    let left = world.everything().await.keys().filter(|key| key.1.starts_with("SNAPSHOT#")).count();
    assert!(left > 1, "the first transaction was written");
    let chunks = world.table.snapshot_chunks(CONNECTION, run.id, NOW).await.unwrap();
    assert_eq!(chunks, [(0, vec![1; 10])]);

    lease.checkpoint(run.clone(), vec![vec![3; 10]], NOW).await.unwrap();
    let chunks = world.table.snapshot_chunks(CONNECTION, run.id, NOW).await.unwrap();
    assert_eq!(chunks, [(0, vec![1; 10]), (1, vec![3; 10])]);
}

#[tokio::test]
async fn two_runs_that_take_turns_keep_their_own_counts() {
    let world = World::new("turns").await;
    let (lease, first) = working(&world.table, "worker").await;
    let second = run(2);
    for (round, run) in [&first, &second, &first, &second].into_iter().enumerate() {
        let users = creations(round as u128 * 10..round as u128 * 10 + 10, &[]);
        let chunks = vec![vec![round as u8; 3]];
        lease.commit(Commit { users, chunks, run: Some(run.clone()), ..Commit::at(NOW) }).await.unwrap();
    }
    for (run, rounds) in [(&first, [0, 2]), (&second, [1, 3])] {
        let stored = world.table.run(CONNECTION, run.id).await.unwrap().unwrap();
        assert_eq!(stored.counts.tally.created, 20);
        let chunks = world.table.snapshot_chunks(CONNECTION, run.id, NOW).await.unwrap();
        let expected: Vec<(u64, Vec<u8>)> = (0..).zip(rounds.map(|round| vec![round; 3])).collect();
        assert_eq!(chunks, expected);
    }
}

#[tokio::test]
async fn changes_without_a_run_to_belong_to_are_refused() {
    let world = World::new("no-run").await;
    let lease = world.lease("worker").await;
    let result = lease.commit(Commit { users: creations(0..1, &[]), ..Commit::at(NOW) }).await;
    assert!(matches!(result, Err(Error::Refused { .. })));
    assert_eq!(world.table.user_index(CONNECTION).await.unwrap(), []);
}
