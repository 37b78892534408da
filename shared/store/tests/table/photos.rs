//! Photos beside their accounts.

use rollcall_directory::photo::{Photo, PhotoSize};
use rollcall_directory::user::User;
use rollcall_store::{Change, Commit, Error, PageRequest, PhotoWrite, UserWrite};

use crate::world::{CONNECTION, NOW, TENANT, World, creations, person, user, working};

fn image(number: u128) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.resize(90_000, u8::try_from(number % 256).unwrap());
    bytes
}

/// Somebody's first photo, near the limit.
pub(crate) fn photo(number: u128) -> PhotoWrite {
    let bytes = image(number);
    let after = Some(Photo::fetched(format!("\"{number}\""), PhotoSize::default(), &bytes));
    PhotoWrite { user: user(number, &[]).id, person: person(number), before: None, after, bytes }
}

#[tokio::test]
async fn many_photos_are_written_in_several_transactions_and_read_back_beside_their_accounts() {
    let world = World::new("photos").await;
    let (lease, run) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(0..80, &[]), ..Commit::at(NOW) }).await.unwrap();
    let photos: Vec<PhotoWrite> = (0..50).map(photo).collect();
    lease.commit(Commit { photos: photos.clone(), run: Some(run.clone()), ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(world.table.run(CONNECTION, run.id).await.unwrap().unwrap().counts.tally.photos, 50);

    let mut found = Vec::new();
    let (mut position, mut pages) = (None, 0);
    loop {
        let (entries, next) = world.table.photo_entries(CONNECTION, position.as_deref(), 7).await.unwrap();
        assert!(entries.len() <= 7);
        found.extend(entries);
        pages += 1;
        match next {
            Some(next) => position = Some(next),
            None => break,
        }
    }
    assert!(pages >= 12, "{pages}");
    found.sort_by_key(|entry| entry.person);
    assert_eq!(found.len(), 80, "each account once");
    for (number, entry) in (0..80).zip(&found) {
        let expected = (number < 50).then(|| photo(number).after.unwrap());
        assert_eq!((entry.person, entry.active, &entry.photo), (person(number), true, &expected));
    }
    let some = world.table.photo_entries_of(CONNECTION, TENANT, &[person(49), person(3), person(3), person(99)]).await;
    assert_eq!(some.unwrap(), [found[3].clone(), found[49].clone()]);
    let kept = world.table.image(CONNECTION, TENANT, person(49)).await.unwrap().unwrap();
    assert_eq!(kept.bytes, image(49));
    assert_eq!(world.table.image(CONNECTION, TENANT, person(50)).await.unwrap(), None);
    let changes = world.table.changes_page(CONNECTION, run.id, &PageRequest::first(500)).await.unwrap().items;
    assert_eq!(changes.iter().filter(|change| matches!(change, Change::Photo(_))).count(), 50);
    assert!(matches!(world.table.photo_entries(CONNECTION, Some("odd"), 7).await, Err(Error::BadCursor)));
}

#[tokio::test]
async fn a_photo_stays_while_its_account_changes_and_goes_with_it() {
    let world = World::new("photo-of-one").await;
    let (lease, _) = working(&world.table, "worker").await;
    lease.commit(Commit { users: creations(1..2, &[]), ..Commit::at(NOW) }).await.unwrap();
    lease.commit(Commit { photos: vec![photo(1)], ..Commit::at(NOW) }).await.unwrap();
    let (before, after) = (user(1, &[]), User { email: Some("ann@x".to_owned()), ..user(1, &[]) });
    let users = vec![UserWrite::giving(Some(before), after.clone())];
    lease.commit(Commit { users, ..Commit::at(NOW) }).await.unwrap();
    let stored = world.table.user(CONNECTION, TENANT, person(1)).await.unwrap().unwrap();
    assert_eq!((&stored.user, &stored.photo), (&after, &photo(1).after));

    let cleared = PhotoWrite { before: photo(1).after, after: None, bytes: Vec::new(), ..photo(1) };
    lease.commit(Commit { photos: vec![cleared], ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(world.table.image(CONNECTION, TENANT, person(1)).await.unwrap(), None);
    assert_eq!(world.table.user(CONNECTION, TENANT, person(1)).await.unwrap().unwrap().photo, None);

    lease.commit(Commit { photos: vec![photo(1)], ..Commit::at(NOW) }).await.unwrap();
    let users = vec![UserWrite { before: Some(after), after: None, taken: Vec::new() }];
    lease.commit(Commit { users, ..Commit::at(NOW) }).await.unwrap();
    assert_eq!(world.table.image(CONNECTION, TENANT, person(1)).await.unwrap(), None);
    // Nobody gets a photo without an account.
    let late = lease.commit(Commit { photos: vec![photo(1)], ..Commit::at(NOW) }).await;
    assert!(matches!(late, Err(Error::Conflict { item: "user" })), "{late:?}");
    assert_eq!(world.table.user(CONNECTION, TENANT, person(1)).await.unwrap(), None);
}
