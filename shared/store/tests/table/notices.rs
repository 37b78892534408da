//! Who tells what, when several want to.

use futures::future::join_all;
use rollcall_store::{Error, Matter, Told, Way};

use crate::faults::Fault;
use crate::world::{CONNECTION, NOW, World};

fn claim(told: &Told) -> Told {
    Told { since: Some(NOW), claimed_at: Some(NOW), ..told.clone() }
}

#[tokio::test]
async fn of_many_who_want_to_tell_the_same_thing_one_does() {
    let world = World::new("notice-race").await;
    let mut told = Told::nothing(Matter::Paused, Way::Mail);
    for round in 0..10 {
        let claimed = claim(&told);
        let tries = join_all((0..8).map(|_| world.table.write_told(CONNECTION, &claimed))).await;
        let (won, lost): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        assert!(lost.iter().all(|result| matches!(result, Err(Error::Conflict { item: "notice" }))), "{lost:?}");
        told = won.into_iter().next().unwrap().unwrap();
        assert_eq!(world.table.told(CONNECTION).await.unwrap(), [told.clone()]);
    }
}

#[tokio::test]
async fn whoever_read_before_it_was_over_is_too_late_afterwards() {
    let world = World::new("notice-late").await;
    let seen = world.table.write_told(CONNECTION, &claim(&Told::nothing(Matter::Trouble, Way::Mail))).await.unwrap();
    let over = Told { since: None, claimed_at: None, ..seen.clone() };
    let over = world.table.write_told(CONNECTION, &over).await.unwrap();
    // The same occurrence again, so that the item looks as it did.
    world.table.write_told(CONNECTION, &claim(&over)).await.unwrap();
    let late = world.table.write_told(CONNECTION, &claim(&seen)).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
}

#[tokio::test]
async fn each_matter_and_each_way_has_an_item_of_its_own_and_goes_with_the_connection() {
    let world = World::new("notice-items").await;
    for matter in Matter::ALL {
        for way in [Way::Mail, Way::Channel] {
            world.table.write_told(CONNECTION, &claim(&Told::nothing(matter, way))).await.unwrap();
        }
    }
    assert_eq!(world.table.told(CONNECTION).await.unwrap().len(), 2 * Matter::ALL.len());
    world.table.purge(CONNECTION, 1_000).await.unwrap();
    assert_eq!(world.table.told(CONNECTION).await.unwrap(), []);
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_not_taken_for_granted() {
    let world = World::new("notice-lost").await;
    let (table, faults) = world.faulty();
    faults.all(Fault::LoseAnswer);
    let result = table.write_told(CONNECTION, &claim(&Told::nothing(Matter::Paused, Way::Mail))).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
    faults.all(Fault::None);
    // It was written all the same, and says since when.
    let found = world.table.told(CONNECTION).await.unwrap();
    assert_eq!(found[0].claimed_at, Some(NOW));
    let next = world.table.write_told(CONNECTION, &Told { step: Some(0), claimed_at: None, ..found[0].clone() }).await;
    assert_eq!(next.unwrap().step, Some(0));
}
