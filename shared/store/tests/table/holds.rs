//! Held removals and those who decide about them.

use std::collections::BTreeSet;

use rollcall_directory::guard::{PlanHash, Reason};
use rollcall_directory::identity::{HoldId, RunId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::Leaving;
use rollcall_store::{Commit, Decision, Error, Hold, HoldStatus, HoldWrite, Lease, PageRequest};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, World, group, person, working};

fn removals(count: u128) -> BTreeSet<Removal> {
    let account = (0..count).map(|number| Removal { person: person(number), loss: Loss::Account(Leaving::Disabled) });
    let team = (0..count).map(|number| Removal { person: person(number), loss: Loss::Team(group(1)) });
    account.chain(team).collect()
}

fn hold(number: u128, run: RunId, removals: &BTreeSet<Removal>) -> Hold {
    Hold {
        id: HoldId(Uuid::from_u128(number)),
        run,
        hash: PlanHash::of(removals).to_string(),
        status: HoldStatus::Open,
        reasons: vec![Reason::Accounts { people: removals.len() as u64, allowed: 5 }],
        created_at: NOW,
        decided_at: None,
        decided_by: None,
        removals: removals.len() as u64,
    }
}

async fn open(lease: &Lease, number: u128, run: RunId, removals: BTreeSet<Removal>) -> Hold {
    let hold = hold(number, run, &removals);
    let holds = vec![HoldWrite::Open { hold: hold.clone(), removals }];
    lease.commit(Commit { holds, ..Commit::at(NOW) }).await.unwrap();
    hold
}

async fn settle(lease: &Lease, hold: HoldId, from: HoldStatus, to: HoldStatus) -> Result<(), Error> {
    lease.commit(Commit { holds: vec![HoldWrite::Move { hold, from, to }], ..Commit::at(NOW) }).await
}

#[tokio::test]
async fn exactly_what_was_held_is_what_is_read_back() {
    let world = World::new("held").await;
    let (lease, run) = working(&world.table, "worker").await;
    // Some 2 MB: several chunks.
    let removals = removals(8_000);
    let hold = open(&lease, 1, run.id, removals.clone()).await;
    assert_eq!(world.table.hold(CONNECTION, hold.id).await.unwrap(), Some(hold.clone()));
    let back = world.table.hold_removals(CONNECTION, hold.id).await.unwrap();
    assert_eq!(PlanHash::of(&back).to_string(), hold.hash);
    assert_eq!(back, removals);

    // A chunk that is lost is noticed.
    let pk = format!("C#{CONNECTION}#H#{}", hold.id);
    let lost = world.everything().await.keys().find(|key| key.0 == pk).cloned().unwrap();
    let delete = world.client.delete_item().table_name("rollcall");
    let key = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    delete.key("pk", key(lost.0)).key("sk", key(lost.1)).send().await.unwrap();
    assert!(matches!(world.table.hold_removals(CONNECTION, hold.id).await, Err(Error::Corrupt { .. })));
}

#[tokio::test]
async fn of_two_people_who_decide_at_once_one_wins() {
    let world = World::new("decide").await;
    let (lease, run) = working(&world.table, "worker").await;
    let hold = open(&lease, 1, run.id, removals(3)).await;
    let (yes, no) = tokio::join!(
        world.table.decide_hold(CONNECTION, hold.id, Decision::Approved, "ann", NOW),
        world.table.decide_hold(CONNECTION, hold.id, Decision::Rejected, "bob", NOW),
    );
    let (winner, loser) = if yes.is_ok() { (yes, no) } else { (no, yes) };
    assert!(matches!(loser, Err(Error::Conflict { .. })));
    let stored = world.table.hold(CONNECTION, hold.id).await.unwrap().unwrap();
    assert_eq!(winner.unwrap(), stored);
    assert_eq!(stored.decided_at, Some(NOW));
    let unknown = HoldId(Uuid::from_u128(77));
    let result = world.table.decide_hold(CONNECTION, unknown, Decision::Approved, "ann", NOW).await;
    assert!(matches!(result, Err(Error::NotFound { .. })));
    assert_eq!(world.table.hold(CONNECTION, unknown).await.unwrap(), None);
}

#[tokio::test]
async fn a_hold_that_was_just_approved_is_not_superseded() {
    let world = World::new("superseded").await;
    let (lease, run) = working(&world.table, "worker").await;
    let hold = open(&lease, 1, run.id, removals(3)).await;
    world.table.decide_hold(CONNECTION, hold.id, Decision::Approved, "ann", NOW).await.unwrap();
    let result = settle(&lease, hold.id, HoldStatus::Open, HoldStatus::Superseded).await;
    assert!(matches!(result, Err(Error::Conflict { item: "hold" })), "{result:?}");
    settle(&lease, hold.id, HoldStatus::Approved, HoldStatus::Applied).await.unwrap();
    let stored = world.table.hold(CONNECTION, hold.id).await.unwrap().unwrap();
    assert_eq!((stored.status, stored.decided_by.as_deref()), (HoldStatus::Applied, Some("ann")));
    let late = world.table.decide_hold(CONNECTION, hold.id, Decision::Rejected, "bob", NOW).await;
    assert!(matches!(late, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn the_newest_hold_comes_first() {
    let world = World::new("holds-list").await;
    let (lease, run) = working(&world.table, "worker").await;
    for number in 1..=5 {
        open(&lease, number, run.id, removals(1)).await;
    }
    let first = world.table.holds_page(CONNECTION, &PageRequest::first(3)).await.unwrap();
    let numbers: Vec<u128> = first.items.iter().map(|hold| hold.id.0.as_u128()).collect();
    assert_eq!(numbers, [5, 4, 3]);
    let second = PageRequest { limit: 3, cursor: first.next };
    let second = world.table.holds_page(CONNECTION, &second).await.unwrap();
    assert_eq!((second.items.len(), second.next), (2, None));
}
