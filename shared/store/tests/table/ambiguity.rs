//! Answers that are lost: nothing is written twice, and nothing that was written is forgotten.

use std::time::Duration;

use rollcall_store::{Commit, Error, PageRequest};

use crate::faults::Fault;
use crate::world::{CONNECTION, NOW, World, creations, working};

/// Every account has exactly one record of its creation, and the counters agree.
async fn check(world: &World, accounts: usize) {
    let users = world.table.user_index(CONNECTION).await.unwrap();
    let state = world.table.state(CONNECTION).await.unwrap();
    let run = state.run.unwrap();
    let changes = world.table.changes_page(CONNECTION, run, &PageRequest::first(999)).await.unwrap();
    assert_eq!((users.len(), changes.items.len()), (accounts, accounts));
    assert_eq!((state.active, state.tally.created), (accounts as u64, accounts as u64));
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_known_to_be_done() {
    let world = World::new("lost-answer").await;
    let (table, faults) = world.faulty();
    let (lease, _) = working(&table, "worker").await;
    faults.transactions([Fault::LoseAnswer]);
    lease.commit(Commit { users: creations(0..5, &[1]), ..Commit::at(NOW) }).await.unwrap();
    check(&world, 5).await;
    assert_eq!(lease.state(), world.table.state(CONNECTION).await.unwrap());
    lease.commit(Commit { users: creations(5..8, &[1]), ..Commit::at(NOW) }).await.unwrap();
    check(&world, 8).await;
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_sent_again() {
    let world = World::new("lost-request").await;
    let (table, faults) = world.faulty();
    let (lease, _) = working(&table, "worker").await;
    faults.transactions([Fault::LoseRequest, Fault::LoseRequest, Fault::LoseAnswer]);
    lease.commit(Commit { users: creations(0..5, &[1]), ..Commit::at(NOW) }).await.unwrap();
    check(&world, 5).await;
}

#[tokio::test]
async fn after_a_commit_of_which_nobody_knows_the_next_one_looks_first() {
    let world = World::new("unclear").await;
    let (table, faults) = world.faulty();
    let (lease, _) = working(&table, "worker").await;
    // The transaction is done, and from then on nothing can be read.
    faults.transactions([Fault::LoseAnswer]);
    faults.all(Fault::LoseRequest);
    let result = lease.commit(Commit { users: creations(0..5, &[1]), ..Commit::at(NOW) }).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
    faults.all(Fault::None);

    // The same again is seen not to fit any more, so that the caller reads before deciding.
    let again = lease.commit(Commit { users: creations(0..5, &[1]), ..Commit::at(NOW) }).await;
    assert!(matches!(again, Err(Error::Conflict { item: "user" })), "{again:?}");
    lease.commit(Commit { users: creations(5..8, &[1]), ..Commit::at(NOW) }).await.unwrap();
    check(&world, 8).await;
    assert_eq!(lease.state(), world.table.state(CONNECTION).await.unwrap());
}

#[tokio::test]
async fn a_commit_that_is_dropped_at_any_moment_leaves_no_half_truth() {
    let world = World::new("dropped").await;
    let (lease, _) = working(&world.table, "worker").await;
    let mut next = 0;
    for round in 0..60u64 {
        let users = creations(next..next + 4, &[1, 2]);
        let commit = lease.commit(Commit { users, ..Commit::at(NOW) });
        // From "not even sent" to "done": which one it is, is for the clock to say.
        let finished = tokio::time::timeout(Duration::from_micros(round * 150), commit).await;
        // A request that was given up may still be under way.
        tokio::time::sleep(Duration::from_millis(15)).await;
        let present = world.table.user_index(CONNECTION).await.unwrap().len() as u128;
        assert!(present == next || present == next + 4, "an account without its fellows");
        if let Ok(result) = finished {
            match result {
                Ok(()) => assert_eq!(present, next + 4),
                Err(error) => assert!(matches!(error, Error::Conflict { .. }), "{error}"),
            }
        }
        next = present;
    }
    assert!(next > 0, "nothing was ever written");
    lease.commit(Commit { users: creations(next..next + 4, &[1]), ..Commit::at(NOW) }).await.unwrap();
    check(&world, next as usize + 4).await;
}
