//! A worker that lost its lease writes nothing, whatever it tries.

use std::collections::BTreeSet;

use rollcall_directory::identity::HoldId;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::Leaving;
use rollcall_store::{Acquired, Commit, Cursor, Error, Hold, HoldStatus, HoldWrite, StateChange, StoredGroup};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, World, creations, group, person, run, working};

#[tokio::test]
async fn a_worker_that_was_taken_over_writes_nothing_any_more() {
    let world = World::new("fencing").await;
    let (stale, run) = working(&world.table, "slow").await;
    stale.checkpoint(run.clone(), vec![vec![1; 10]], NOW).await.unwrap();
    let (beat, epoch) = (stale.state().beat, stale.epoch());
    let fresh = match world.table.take_over(CONNECTION, "fast", beat, epoch).await.unwrap() {
        Acquired::Lease(lease) => lease,
        busy => panic!("{busy:?}"),
    };
    assert_eq!(fresh.epoch(), epoch + 1);

    let before = world.everything().await;
    let removals = BTreeSet::from([Removal { person: person(1), loss: Loss::Account(Leaving::Deleted) }]);
    let hold = Hold {
        id: HoldId(Uuid::from_u128(1)),
        run: run.id,
        hash: String::new(),
        status: HoldStatus::Open,
        reasons: Vec::new(),
        created_at: NOW,
        decided_at: None,
        decided_by: None,
        removals: 1,
    };
    let cursor = Cursor { users: "later".to_owned(), groups: None, read_at: NOW };
    let commits = [
        Commit { users: creations(0..3, &[1]), ..Commit::at(NOW) },
        Commit { groups: vec![(group(1), StoredGroup::default())], ..Commit::at(NOW) },
        Commit { groups_gone: vec![group(1)], ..Commit::at(NOW) },
        Commit { holds: vec![HoldWrite::Open { hold, removals }], ..Commit::at(NOW) },
        Commit { run: Some(run.clone()), chunks: vec![vec![2; 10]], ..Commit::at(NOW) },
        Commit { state: StateChange { cursor: Some(Some(cursor)), ..StateChange::default() }, ..Commit::at(NOW) },
        Commit::at(NOW),
    ];
    for commit in commits {
        assert!(matches!(stale.commit(commit).await, Err(Error::Lost)));
    }
    assert!(matches!(stale.beat().await, Err(Error::Lost)));
    assert!(matches!(stale.drop_snapshot(run.id).await, Err(Error::Lost)));
    assert!(matches!(stale.release().await, Err(Error::Lost)));
    assert_eq!(world.everything().await, before);

    fresh.commit(Commit { users: creations(0..3, &[1]), ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(fresh.state().active, 3);
}

#[tokio::test]
async fn only_an_owner_that_gives_no_sign_of_life_is_taken_over() {
    let world = World::new("sign-of-life").await;
    let lease = world.lease("owner").await;
    let Acquired::Busy { beat, epoch } = world.table.acquire(CONNECTION, "other").await.unwrap() else { panic!() };
    assert_eq!(epoch, lease.epoch());

    lease.beat().await.unwrap();
    let result = world.table.take_over(CONNECTION, "other", beat, epoch).await.unwrap();
    assert!(matches!(result, Acquired::Busy { .. }), "a beat was overlooked");

    let Acquired::Busy { beat, epoch } = world.table.acquire(CONNECTION, "other").await.unwrap() else { panic!() };
    lease.commit(Commit { run: Some(run(1)), ..Commit::at(NOW) }).await.unwrap();
    let result = world.table.take_over(CONNECTION, "other", beat, epoch).await.unwrap();
    assert!(matches!(result, Acquired::Busy { .. }), "a commit is a sign of life too");

    let Acquired::Busy { beat, epoch } = world.table.acquire(CONNECTION, "other").await.unwrap() else { panic!() };
    let (one, two) = tokio::join!(
        world.table.take_over(CONNECTION, "other", beat, epoch),
        world.table.take_over(CONNECTION, "third", beat, epoch),
    );
    let winners = [one.unwrap(), two.unwrap()].iter().filter(|won| matches!(won, Acquired::Lease(_))).count();
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_free_at_once_and_the_epoch_never_goes_down() {
    let world = World::new("release").await;
    for round in 1..=3 {
        let lease = world.lease(&format!("worker {round}")).await;
        assert_eq!(lease.epoch(), round);
        lease.release().await.unwrap();
        assert!(matches!(lease.commit(Commit::at(NOW)).await, Err(Error::Lost)));
    }
    assert_eq!(world.table.state(CONNECTION).await.unwrap().owner, None);
    let (one, two) = tokio::join!(world.table.acquire(CONNECTION, "one"), world.table.acquire(CONNECTION, "two"));
    let winners = [one.unwrap(), two.unwrap()].iter().filter(|won| matches!(won, Acquired::Lease(_))).count();
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn beats_and_commits_of_one_worker_do_not_disturb_each_other() {
    let world = World::new("heartbeat").await;
    let (lease, _) = working(&world.table, "worker").await;
    let other = lease.clone();
    let (beats, commits) = tokio::join!(
        async {
            for _ in 0..30 {
                other.beat().await?;
                tokio::task::yield_now().await;
            }
            Ok::<_, Error>(())
        },
        async {
            for round in 0..10u128 {
                let users = creations(round * 5..round * 5 + 5, &[1]);
                lease.commit(Commit { users, ..Commit::at(NOW) }).await?;
            }
            Ok::<_, Error>(())
        },
    );
    beats.unwrap();
    commits.unwrap();
    let state = world.table.state(CONNECTION).await.unwrap();
    assert_eq!((state.active, state.sequence, state.beat), (50, 11, 41));
    assert_eq!(lease.state(), state);
}
