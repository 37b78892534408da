//! How often something was done, by all instances together: in the minute that has begun, or at all.

use jiff::{SignedDuration, Timestamp};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{VERSION, expire, number, read_u64};
use crate::keys::{Item, Key};
use crate::table::{Condition, Table};
use crate::write::Change;

const KIND: &str = "rate";

impl Table {
    /// Uses something that may be used once until then, such as the id of an assertion. `false` when it was used before.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn use_once(&self, what: &SecretDigest, until: Timestamp) -> Result<bool, Error> {
        let mut item = Key::once(what).item();
        item.insert("v".to_owned(), number(VERSION));
        expire(&mut item, until);
        let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
        match self.put("used once", item, Some(condition)).await {
            Ok(()) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Counts one more, and gives how many there were in this minute. What is counted stands here as a digest: it may be an
    /// address.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn count_in_minute(&self, what: &SecretDigest, now: Timestamp) -> Result<u64, Error> {
        let minute = now.as_second().div_euclid(60);
        let ends = now.saturating_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
        let mut item = Item::from([("v".to_owned(), number(VERSION))]);
        expire(&mut item, ends);
        let change = Change::set(KIND, Key::rate(what, minute), item, &[]).raise("times");
        read_u64(KIND, &self.update(KIND, change).await?, "times")
    }
}
