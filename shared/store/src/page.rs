//! Pages of long lists.
//!
//! A cursor says where the next page begins. It is authenticated (HMAC-SHA256) together with
//! the list that it belongs to, so that nobody can make one up or use one connection's for
//! another.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::table::Table;

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items, 1 to 999. Other numbers are moved to the nearest of these.
    pub limit: u32,
    /// Where to begin: `next` of the page before.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The first items of a list.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }

    pub(crate) fn size(&self) -> usize {
        self.limit.clamp(1, 999) as usize
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items. There may be fewer than asked for, even when more follow.
    pub items: Vec<T>,
    /// Cursor of the next page; `None` at the end of the list.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

/// Longest cursor that is looked at.
const MAX_CURSOR: usize = 8_192;
const MAC: usize = 32;

/// Seals and opens cursors.
#[derive(Clone)]
pub(crate) struct Cursors(hmac::Key);

impl Cursors {
    /// With a key from Secrets Manager, so that a cursor is good in every process.
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// With a random key: cursors are good in this process only.
    pub(crate) fn random() -> Result<Self, Error> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new());
        key.map(Self).map_err(|_| Error::Unavailable { operation: "random numbers", code: "exhausted".to_owned() })
    }

    /// A cursor of a list that stands at a position.
    pub(crate) fn seal(&self, list: &str, position: &str) -> String {
        let mut bytes = hmac::sign(&self.0, &message(list, position.as_bytes())).as_ref().to_vec();
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a cursor, if it is one of this list.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<String, Error> {
        if cursor.len() > MAX_CURSOR {
            return Err(Error::BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
        let (mac, position) = bytes.split_at_checked(MAC).ok_or(Error::BadCursor)?;
        // Compares in constant time.
        hmac::verify(&self.0, &message(list, position), mac).map_err(|_| Error::BadCursor)?;
        String::from_utf8(position.to_vec()).map_err(|_| Error::BadCursor)
    }
}

impl Table {
    /// A cursor for a list that is kept elsewhere and stands at a position. Nobody can make one up, but everybody who gets it
    /// can read the position.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a position with which nobody could come back; [`Error::Unavailable`].
    pub fn seal_cursor(&self, list: &str, position: &str) -> Result<String, Error> {
        let cursor = self.cursors()?.seal(list, position);
        if cursor.len() > MAX_CURSOR {
            Err(Error::TooLarge { item: "cursor", bytes: cursor.len() })
        } else {
            Ok(cursor)
        }
    }

    /// The position of a cursor, if it is one of this list.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`].
    pub fn open_cursor(&self, list: &str, cursor: &str) -> Result<String, Error> {
        self.cursors()?.open(list, cursor)
    }
}

/// The list's length comes first, so that no list and position run together like others.
fn message(list: &str, position: &[u8]) -> Vec<u8> {
    [&(list.len() as u64).to_be_bytes(), list.as_bytes(), position].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let cursors = Cursors::new(b"key");
        let cursor = cursors.seal("runs of a", "RUN#7");
        assert_eq!(cursors.open("runs of a", &cursor).unwrap(), "RUN#7");
    }

    #[test]
    fn a_cursor_of_another_list_or_key_is_refused() {
        let cursor = Cursors::new(b"key").seal("runs of a", "RUN#7");
        assert!(matches!(Cursors::new(b"key").open("runs of b", &cursor), Err(Error::BadCursor)));
        assert!(matches!(Cursors::new(b"other").open("runs of a", &cursor), Err(Error::BadCursor)));
        assert!(matches!(Cursors::random().unwrap().open("runs of a", &cursor), Err(Error::BadCursor)));
    }

    #[test]
    fn a_list_and_a_position_do_not_run_together() {
        let cursors = Cursors::new(b"key");
        let cursor = cursors.seal("ab", "c");
        let stolen = cursor.replace(&URL_SAFE_NO_PAD.encode("c"), &URL_SAFE_NO_PAD.encode("bc"));
        assert!(matches!(cursors.open("a", &stolen), Err(Error::BadCursor)));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_noticed(position in ".{0,60}", bit in 0usize..2_000) {
            let cursors = Cursors::new(b"key");
            let mut bytes = URL_SAFE_NO_PAD.decode(cursors.seal("list", &position)).unwrap();
            let bit = bit % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(matches!(cursors.open("list", &URL_SAFE_NO_PAD.encode(bytes)), Err(Error::BadCursor)));
        }

        #[test]
        fn whatever_is_sent_is_an_answer(cursor in ".{0,9000}") {
            prop_assert!(Cursors::new(b"key").open("list", &cursor).is_err());
        }
    }
}
