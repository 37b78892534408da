//! Photos. The account has what everybody sees of one (its format, size and digest); the image is an item of its own.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId, TenantId, UserId};
use rollcall_directory::photo::{Image, ImageFormat, Photo, PhotoChange};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::{VERSION, binary, check_version, from_item, number, read_binary, text, to_item};
use crate::keys::{Item, Key, Shard, user_partition};
use crate::table::{Span, Table};
use crate::users::Position;
use crate::write::{Change, Write};

const KIND: &str = "photo";
/// The attributes of an account that [`PhotoEntry`] needs.
const ENTRY: &str = "sk, id, #state, photo, v";

/// A photo to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoWrite {
    /// The account. It must be there.
    pub user: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// What was known.
    pub before: Option<Photo>,
    /// What is known now; none where there is no photo.
    pub after: Option<Photo>,
    /// The image, where `after` has one.
    pub bytes: Vec<u8>,
}

impl PhotoWrite {
    /// The change as the run's history shows it.
    #[must_use]
    pub fn change(&self) -> Option<PhotoChange> {
        PhotoChange::between(self.user, self.person, self.before.as_ref(), self.after.as_ref())
    }
}

/// What a look at photos has to know of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoEntry {
    /// The account.
    pub user: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// Whether the person may use the platform.
    pub active: bool,
    /// What is known of the photo.
    pub photo: Option<Photo>,
}

/// An image as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// Its format.
    pub format: ImageFormat,
    /// A digest of its bytes.
    pub digest: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What the item of an image tells beside its bytes.
#[derive(Serialize, Deserialize)]
struct Row {
    format: ImageFormat,
    digest: String,
}

#[derive(Deserialize)]
struct EntryRow {
    sk: PersonId,
    id: UserId,
    state: String,
    #[serde(default)]
    photo: Option<Photo>,
}

/// The writes of a photo: what the account shows, and the image.
pub(crate) fn writes(connection: ConnectionId, write: PhotoWrite, now: Timestamp) -> Result<Vec<Write>, Error> {
    let PhotoWrite { user, person, before: _, after, bytes } = write;
    let shard = Shard::of(user);
    let key = Key::photo(connection, shard, person);
    let image = match after.as_ref().and_then(Photo::image) {
        Some(Image { format, digest, bytes: _ }) => {
            let mut item = to_item(KIND, &key, &Row { format: *format, digest: digest.clone() })?;
            item.insert("bytes".to_owned(), binary(bytes));
            Write::put(KIND, &item)?
        }
        None => Write::Delete(key),
    };
    let mut shown = Item::from([("v".to_owned(), number(VERSION)), ("updated_at".to_owned(), text(now.to_string()))]);
    if let Some(photo) = &after {
        let value = serde_dynamo::to_attribute_value(photo)
            .map_err(|error: serde_dynamo::Error| Error::Corrupt { item: KIND, what: error.to_string() })?;
        shown.insert("photo".to_owned(), value);
    }
    let account = Change::set("user", Key::user(connection, shard, person), shown, &["photo"]);
    // An account that is gone does not come back as a photo alone.
    Ok(vec![Write::Update(account.require("sk", text(person.to_string()))), image])
}

impl Table {
    /// Somebody's image, if one is kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn image(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<StoredImage>, Error> {
        let key = Key::photo(connection, Shard::of(UserId::derive(tenant, person)), person);
        self.get(&key).await?.map(read).transpose()
    }

    /// Some accounts with their photos, from a position on, and the position after them; none at the end. The positions of a
    /// connection lead through all its accounts.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn photo_entries(
        &self,
        connection: ConnectionId,
        position: Option<&str>,
        most: usize,
    ) -> Result<(Vec<PhotoEntry>, Option<String>), Error> {
        let mut at = position.map_or(Ok(Position::START), Position::parse)?;
        let mut found = Vec::new();
        while found.len() < most {
            let span = Span {
                only: Some(ENTRY),
                after: at.after.clone(),
                limit: Some(most - found.len()),
                ..Span::of(user_partition(connection, at.shard))
            };
            let (items, last) = self.query(&span).await?;
            for item in items {
                found.push(entry(item)?);
            }
            match at.next(last) {
                Some(next) => at = next,
                None => return Ok((found, None)),
            }
        }
        Ok((found, Some(at.to_string())))
    }

    /// The accounts of these people with their photos. Who has none is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn photo_entries_of(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<Vec<PhotoEntry>, Error> {
        let key = |person: &PersonId| Key::user(connection, Shard::of(UserId::derive(tenant, *person)), *person);
        let people: std::collections::BTreeSet<&PersonId> = people.iter().collect();
        let keys: Vec<Key> = people.into_iter().map(key).collect();
        let mut found: Vec<PhotoEntry> =
            self.get_many(&keys).await?.into_iter().map(entry).collect::<Result<_, _>>()?;
        found.sort_unstable_by_key(|entry| entry.person);
        Ok(found)
    }
}

fn entry(item: Item) -> Result<PhotoEntry, Error> {
    let EntryRow { sk, id, state, photo } = from_item("user", item)?;
    Ok(PhotoEntry { user: id, person: sk, active: state == crate::user::state_word(true), photo })
}

fn read(item: Item) -> Result<StoredImage, Error> {
    check_version(KIND, &item)?;
    let bytes = read_binary(KIND, &item, "bytes")?.to_vec();
    let Row { format, digest } = from_item(KIND, item)?;
    Ok(StoredImage { format, digest, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;
    use rollcall_directory::photo::PhotoSize;
    use rollcall_directory::user::User;
    use uuid::Uuid;

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(9));
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const GIF: &[u8] = b"GIF89a..";

    fn write(after: Option<&[u8]>) -> PhotoWrite {
        let (user, person) = (UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let photo = after.map(|bytes| Photo::fetched("\"e\"".to_owned(), PhotoSize::default(), bytes));
        PhotoWrite { user, person, before: None, after: photo, bytes: after.unwrap_or_default().to_vec() }
    }

    fn made(write: PhotoWrite) -> (Change, Write) {
        match <[Write; 2]>::try_from(writes(CONNECTION, write, NOW).unwrap()) {
            Ok([Write::Update(account), image]) => (account, image),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_image_comes_back_as_it_was_written() {
        let (account, image) = made(write(Some(GIF)));
        let Write::Put { item, condition: None, .. } = image else { panic!("{image:?}") };
        let read = read(item.item()).unwrap();
        let photo = write(Some(GIF)).after.unwrap();
        assert_eq!((read.bytes.as_slice(), read.format), (GIF, ImageFormat::Gif));
        assert_eq!(Some(&read.digest), photo.image().map(|image| &image.digest));
        assert!(account.expression.contains("#photo = :photo"), "{}", account.expression);
        assert_eq!(account.condition, "#sk = :was_sk");
        let shown: Photo = serde_dynamo::from_attribute_value(account.values[":photo"].clone()).unwrap();
        assert_eq!(shown, photo);
    }

    #[test]
    fn where_no_image_is_kept_none_stays() {
        for after in [None, Some(&b"<svg/>"[..])] {
            let (account, image) = made(write(after));
            assert!(matches!(image, Write::Delete(_)), "{image:?}");
            assert_eq!(account.expression.contains("REMOVE #photo"), after.is_none(), "{}", account.expression);
        }
    }

    #[test]
    fn an_account_is_read_with_its_photo_and_keeps_it_when_it_changes() {
        let user = User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let giving = crate::UserWrite::giving(None, user.clone());
        let Write::Put { item, .. } = crate::user::writes(CONNECTION, &giving, NOW).unwrap().swap_remove(0) else {
            panic!("no account")
        };
        let mut item = item.item();
        assert_eq!(entry(item.clone()).unwrap().photo, None);
        let photo = write(Some(GIF)).after.unwrap();
        item.insert("photo".to_owned(), serde_dynamo::to_attribute_value(&photo).unwrap());
        let found = entry(item.clone()).unwrap();
        assert_eq!(
            (found.person, found.user, found.active, found.photo),
            (user.person, user.id, true, Some(photo.clone()))
        );
        assert_eq!(crate::user::read(item).unwrap().photo, Some(photo));
        let changed = crate::UserWrite::giving(Some(user.clone()), User { email: Some("a@x".to_owned()), ..user });
        match crate::user::writes(CONNECTION, &changed, NOW).unwrap().swap_remove(0) {
            Write::Update(change) => assert!(!change.names.contains_key("#photo"), "{}", change.expression),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_account_that_is_deleted_takes_its_photo_along() {
        let user = User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let key = Key::photo(CONNECTION, Shard::of(user.id), user.person);
        let deletes = |write: &crate::UserWrite| {
            let writes = crate::user::writes(CONNECTION, write, NOW).unwrap();
            writes.iter().any(|write| matches!(write, Write::Delete(deleted) if *deleted == key))
        };
        assert!(deletes(&crate::UserWrite { before: Some(user.clone()), after: None, taken: Vec::new() }));
        assert!(!deletes(&crate::UserWrite::giving(Some(user.clone()), user)));
    }

    #[test]
    fn a_damaged_image_is_an_error() {
        let (_, image) = made(write(Some(GIF)));
        let Write::Put { item, .. } = image else { panic!("{image:?}") };
        let mut item = item.item();
        item.insert("bytes".to_owned(), AttributeValue::Bool(true));
        assert!(matches!(read(item), Err(Error::Corrupt { .. })));
    }
}
