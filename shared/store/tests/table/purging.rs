//! Deleting everything of a connection.

use std::collections::BTreeSet;

use rollcall_directory::identity::{ConnectionId, HoldId, TeamId, TeamSource};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::team::Team;
use rollcall_directory::user::Leaving;
use rollcall_store::{
    Acquired, Commit, Error, Hold, HoldStatus, HoldWrite, Purged, Resource, StoredGroup, Subscription, TeamWrite,
};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, World, creations, group, person, run, working};

async fn fill(world: &World) -> rollcall_store::Lease {
    let (lease, first) = working(&world.table, "worker").await;
    let team = |number| Team {
        id: TeamId(Uuid::from_u128(number)),
        source: TeamSource::Group(group(number)),
        name: format!("Team {number}"),
        active: true,
    };
    let removals = BTreeSet::from([Removal { person: person(1), loss: Loss::Account(Leaving::Deleted) }]);
    let hold = Hold {
        id: HoldId(Uuid::from_u128(1)),
        run: first.id,
        hash: String::new(),
        status: HoldStatus::Open,
        reasons: Vec::new(),
        created_at: NOW,
        decided_at: None,
        decided_by: None,
        removals: 1,
    };
    let teams = [1, 2].map(|number| TeamWrite { before: None, after: team(number) }).to_vec();
    let groups = vec![(group(1), StoredGroup::default())];
    let holds = vec![HoldWrite::Open { hold, removals }];
    let (users, run) = (creations(0..200, &[1, 2]), Some(run(2)));
    lease.commit(Commit { users, teams, groups, holds, run, chunks: vec![vec![1]], ..Commit::at(NOW) }).await.unwrap();
    let photos = (0..20).map(crate::photos::photo).collect();
    lease.commit(Commit { photos, ..Commit::at(NOW) }).await.unwrap();
    let subscription = Subscription {
        nonce: Uuid::from_u128(5),
        resource: Resource::Groups,
        id: None,
        expires_at: NOW,
        created_at: NOW,
        renewed_at: None,
        reauthorize_at: None,
    };
    world.table.put_subscription(CONNECTION, &subscription).await.unwrap();
    lease
}

#[tokio::test]
async fn a_purge_in_small_steps_leaves_nothing_of_the_connection_and_touches_no_other() {
    let world = World::new("purge").await;
    let other = ConnectionId(Uuid::from_u128(0xc1));
    let Acquired::Lease(_) = world.table.acquire(other, "other").await.unwrap() else { panic!() };
    let kept = world.everything().await;
    let lease = fill(&world).await;
    assert!(world.everything().await.len() > 620);

    let mut steps = 0;
    while world.table.purge(CONNECTION, 50).await.unwrap() == Purged::Some {
        steps += 1;
        assert!(steps < 100, "it does not end");
    }
    assert!(steps > 5);
    assert_eq!(world.everything().await, kept);
    assert_eq!(world.table.purge(CONNECTION, 50).await.unwrap(), Purged::All);
    // Who still held the lease does not bring anything back.
    let late = lease.commit(Commit { users: creations(0..1, &[]), ..Commit::at(NOW) }).await;
    assert!(matches!(late, Err(Error::Lost)), "{late:?}");
    assert_eq!(world.everything().await, kept);
}
