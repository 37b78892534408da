//! History goes when the connection says.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::guard::{PlanHash, Reason};
use rollcall_directory::identity::HoldId;
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::Leaving;
use rollcall_store::{Commit, Decision, HistoryDays, Hold, HoldStatus, HoldWrite, Lease};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, World, creation, person, run, user, working};

/// In how many days the items whose partition ends and whose sort key begins so expire.
async fn days(world: &World, pk_end: &str, sk_start: &str) -> BTreeSet<Option<i64>> {
    let everything = world.everything().await;
    let items = everything.iter().filter(|((pk, sk), _)| pk.ends_with(pk_end) && sk.starts_with(sk_start));
    let left = |at: &str| Timestamp::from_second(at.parse().unwrap()).unwrap().duration_since(NOW).as_hours() / 24;
    items.map(|(_, item)| item.get("expires_at").map(|at| left(at.as_n().unwrap()))).collect()
}

async fn open(lease: &Lease, number: u128) -> Hold {
    let removals = BTreeSet::from([Removal { person: person(1), loss: Loss::Account(Leaving::Disabled) }]);
    let hold = Hold {
        id: HoldId(Uuid::from_u128(number)),
        run: run(1).id,
        hash: PlanHash::of(&removals).to_string(),
        status: HoldStatus::Open,
        reasons: vec![Reason::Accounts { people: 1, allowed: 0 }],
        created_at: NOW,
        decided_at: None,
        decided_by: None,
        removals: 1,
    };
    let holds = vec![HoldWrite::Open { hold: hold.clone(), removals }];
    lease.commit(Commit { holds, ..Commit::at(NOW) }).await.unwrap();
    hold
}

#[tokio::test]
async fn runs_and_changes_are_kept_as_long_as_the_connection_says() {
    let world = World::new("retention").await;
    let (lease, run) = working(&world.table, "worker").await;
    let (partition, sk) = (format!("C#{CONNECTION}"), format!("RUN#{}", run.id));
    assert_eq!(days(&world, &partition, &sk).await, BTreeSet::from([Some(400)]), "without a word");
    lease.keep_history(HistoryDays::new(30).unwrap());
    let users = vec![creation(user(1, &[]))];
    lease.commit(Commit { run: Some(run.clone()), users, ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(days(&world, &partition, &sk).await, BTreeSet::from([Some(30)]));
    assert_eq!(days(&world, &format!("#R#{}", run.id), "CHANGE#").await, BTreeSet::from([Some(30)]));
    assert_eq!(days(&world, "", &person(1).to_string()).await, BTreeSet::from([None]), "an account stays");
}

#[tokio::test]
async fn a_hold_that_waits_outlives_a_short_history_and_a_decided_one_does_not() {
    let world = World::new("retention-holds").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.keep_history(HistoryDays::LEAST);
    let sk = |hold: &Hold| format!("HOLD#{}", hold.id);
    let (first, second, third) = (open(&lease, 1).await, open(&lease, 2).await, open(&lease, 3).await);
    assert_eq!(days(&world, "", "HOLD#").await, BTreeSet::from([Some(400)]));
    assert_eq!(days(&world, &format!("#H#{}", first.id), "").await, BTreeSet::from([Some(400)]));

    let moved = HoldWrite::Move { hold: first.id, from: HoldStatus::Open, to: HoldStatus::Closed };
    lease.commit(Commit { holds: vec![moved], ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(days(&world, "", &sk(&first)).await, BTreeSet::from([Some(7)]));

    world.table.decide_hold(CONNECTION, second.id, Decision::Approved, "ann", NOW).await.unwrap();
    assert_eq!(days(&world, "", &sk(&second)).await, BTreeSet::from([Some(400)]), "it is still to be applied");

    // There is no row of the connection here, so the default holds.
    let later = NOW + SignedDuration::from_hours(24);
    world.table.decide_hold(CONNECTION, third.id, Decision::Rejected, "ann", later).await.unwrap();
    assert_eq!(days(&world, "", &sk(&third)).await, BTreeSet::from([Some(401)]));
}
