//! Pages, connections and subscriptions.

use rollcall_directory::guard::Limits;
use rollcall_directory::identity::{ConnectionId, RunId};
use rollcall_directory::plan::{Loss, take};
use rollcall_directory::scope::Scope;
use rollcall_directory::user::Leaving;
use rollcall_store::{
    Commit, Connection, ConnectionStatus, CredentialKind, Error, PageRequest, Resource, Subscription, UserWrite,
};
use uuid::Uuid;

use crate::world::{CONNECTION, NOW, World, creations, group, run, team, user, working};

fn connection(number: u128) -> Connection {
    Connection {
        id: ConnectionId(Uuid::from_u128(number)),
        name: format!("Connection {number}"),
        status: ConnectionStatus::Draft,
        scope: Scope::any_of([group(1)].into()),
        rules: rollcall_directory::rules::Rules::default(),
        limits: Limits::default(),
        owners: vec!["owner@example.com".to_owned()],
        sync_every_hours: Some(6),
        history_days: rollcall_store::HistoryDays::default(),
        sign_in: None,
        unbound: false,
        credential_kind: CredentialKind::ClientSecret,
        secret_expires_at: None,
        settings_revision: 0,
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

#[tokio::test]
async fn of_two_changes_of_the_same_revision_one_wins() {
    let world = World::new("revision").await;
    let created = world.table.create_connection(&connection(1)).await.unwrap();
    assert_eq!(created.revision, 1);
    let twice = world.table.create_connection(&Connection { name: "Other".to_owned(), ..connection(1) }).await;
    assert!(matches!(twice, Err(Error::Conflict { .. })));

    let named = |name: &str| Connection { name: name.to_owned(), sync_every_hours: None, ..created.clone() };
    let (one, two) = (named("one"), named("two"));
    let (one, two) = tokio::join!(world.table.update_connection(&one, 1), world.table.update_connection(&two, 1));
    let (winner, loser) = if one.is_ok() { (one, two) } else { (two, one) };
    assert!(matches!(loser, Err(Error::Conflict { .. })));
    let stored = world.table.connection(created.id).await.unwrap().unwrap();
    assert_eq!((stored.revision, stored.sync_every_hours), (2, None));
    assert_eq!(winner.unwrap(), stored);

    world.table.remove_connection(created.id).await.unwrap();
    assert!(matches!(world.table.update_connection(&stored, 2).await, Err(Error::NotFound { .. })));
    assert_eq!(world.table.connection(created.id).await.unwrap(), None);
}

#[tokio::test]
async fn every_connection_is_on_exactly_one_page() {
    let world = World::new("connections").await;
    for number in 0..23 {
        world.table.create_connection(&connection(number)).await.unwrap();
    }
    let (mut request, mut seen) = (PageRequest::first(5), Vec::new());
    loop {
        let page = world.table.connections(&request).await.unwrap();
        seen.extend(page.items.iter().map(|connection| connection.id.0.as_u128()));
        match page.next {
            Some(cursor) => request.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(seen, (0..23).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_of_another_connection_or_list_or_with_a_flipped_bit_is_refused() {
    let world = World::new("cursors").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..30, &[1]), ..Commit::at(NOW) }).await.unwrap();
    let page = world.table.users_page(CONNECTION, &PageRequest::first(5), None).await.unwrap();
    let cursor = page.next.unwrap();
    let with = |cursor: &str| PageRequest { limit: 5, cursor: Some(cursor.to_owned()) };
    let table = &world.table;
    table.users_page(CONNECTION, &with(&cursor), None).await.unwrap();

    let other = ConnectionId(Uuid::from_u128(0xdead));
    let bad = |refused: bool| assert!(refused, "a foreign cursor was taken");
    bad(matches!(table.users_page(other, &with(&cursor), None).await, Err(Error::BadCursor)));
    bad(matches!(table.users_page(CONNECTION, &with(&cursor), Some(true)).await, Err(Error::BadCursor)));
    bad(matches!(table.team_members(CONNECTION, team(1), &with(&cursor)).await, Err(Error::BadCursor)));
    bad(matches!(table.runs_page(CONNECTION, &with(&cursor)).await, Err(Error::BadCursor)));
    bad(matches!(table.connections(&with(&cursor)).await, Err(Error::BadCursor)));
    let changes = table.changes_page(CONNECTION, RunId(Uuid::from_u128(1)), &with(&cursor)).await;
    bad(matches!(changes, Err(Error::BadCursor)));
    for place in 0..cursor.len() {
        let mut flipped = cursor.clone().into_bytes();
        flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        bad(matches!(table.users_page(CONNECTION, &with(&flipped), None).await, Err(Error::BadCursor)));
    }
    for odd in ["", "#", "\0", "🙂", &"x".repeat(2_048)] {
        bad(matches!(table.users_page(CONNECTION, &with(odd), None).await, Err(Error::BadCursor)));
    }
}

#[tokio::test]
async fn people_are_listed_by_whether_they_are_active() {
    let world = World::new("people-list").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..120, &[1]), ..Commit::at(NOW) }).await.unwrap();
    let leaving = (0..20).map(|number| {
        let (before, loss) = (user(number, &[1]), Loss::Account(Leaving::OutOfScope));
        UserWrite { after: take(before.clone(), &loss, NOW), before: Some(before), taken: vec![loss] }
    });
    lease.commit(Commit { users: leaving.collect(), ..Commit::at(NOW) }).await.unwrap();
    for (active, expected) in [(None, 120), (Some(true), 100), (Some(false), 20)] {
        let (mut request, mut seen) = (PageRequest::first(9), std::collections::BTreeSet::new());
        loop {
            let page = world.table.users_page(CONNECTION, &request, active).await.unwrap();
            assert!(page.items.len() <= 9);
            for stored in page.items {
                assert!(active.is_none_or(|active| stored.user.status.is_active() == active));
                assert!(seen.insert(stored.user.person), "somebody twice");
            }
            match page.next {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected);
    }
}

#[tokio::test]
async fn the_history_of_a_run_is_read_page_by_page_in_its_order() {
    let world = World::new("history").await;
    let (lease, first) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..300, &[]), ..Commit::at(NOW) }).await.unwrap();
    let whole = world.table.changes_page(CONNECTION, first.id, &PageRequest::first(999)).await.unwrap();
    assert_eq!((whole.items.len(), whole.next), (300, None));
    for limit in [1, 96, 97, 98, 150, 300] {
        let (mut request, mut pages) = (PageRequest::first(limit), Vec::new());
        loop {
            let page = world.table.changes_page(CONNECTION, first.id, &request).await.unwrap();
            assert!(page.items.len() <= limit as usize);
            pages.extend(page.items);
            match page.next {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(pages, whole.items, "pages of {limit}");
    }
    for number in 2..6 {
        lease.commit(Commit { run: Some(run(number)), ..Commit::at(NOW) }).await.unwrap();
    }
    let runs = world.table.runs_page(CONNECTION, &PageRequest::first(3)).await.unwrap();
    assert_eq!(runs.items.iter().map(|run| run.id.0.as_u128()).collect::<Vec<_>>(), [5, 4, 3]);
}

#[tokio::test]
async fn a_subscription_is_found_by_its_nonce_and_with_it_the_generation_of_its_connection() {
    let world = World::new("subscriptions").await;
    let nonce = Uuid::from_u128(5);
    let subscription = Subscription {
        nonce,
        resource: Resource::Users,
        id: None,
        expires_at: NOW,
        created_at: NOW,
        renewed_at: None,
        reauthorize_at: None,
    };
    world.table.put_subscription(CONNECTION, &subscription).await.unwrap();
    let known = Subscription { id: Some("graph".to_owned()), ..subscription };
    world.table.put_subscription(CONNECTION, &known).await.unwrap();
    let found = world.table.subscription_by_nonce(CONNECTION, nonce).await.unwrap();
    assert_eq!(found.as_ref(), Some(&known));
    assert_eq!(world.table.subscriptions(CONNECTION).await.unwrap(), [known]);
    let elsewhere = ConnectionId(Uuid::from_u128(0xdead));
    assert_eq!(world.table.subscription_by_nonce(elsewhere, nonce).await.unwrap(), None);
    let wanted = [(CONNECTION, nonce), (CONNECTION, Uuid::from_u128(6)), (elsewhere, nonce)].into();
    let generation = async || {
        let signals = world.table.signals(&wanted).await.unwrap();
        assert_eq!(signals.len(), 1);
        signals[0].generation
    };
    assert_eq!(generation().await, 0);
    world.lease("worker").await.release().await.unwrap();
    assert_eq!(generation().await, 1);
    world.table.note_reauthorization(CONNECTION, nonce, NOW).await.unwrap();
    world.table.note_reauthorization(elsewhere, nonce, NOW).await.unwrap();
    let found = world.table.subscription_by_nonce(CONNECTION, nonce).await.unwrap().unwrap();
    assert_eq!(found.reauthorize_at, Some(NOW));
    assert_eq!(world.table.subscription_by_nonce(elsewhere, nonce).await.unwrap(), None);
    world.table.remove_subscription(CONNECTION, nonce).await.unwrap();
    assert_eq!(world.table.subscriptions(CONNECTION).await.unwrap(), []);
}
