//! Links by which a customer's administrator connects their tenant. The link's token is kept as a digest.

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{expire, from_item, to_item};
use crate::keys::Key;
use crate::table::Table;

const KIND: &str = "setup link";

/// A link that is good for one connection and a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupLink {
    /// The connection.
    pub connection: ConnectionId,
    /// When it is too old.
    pub ends_at: Timestamp,
}

impl Table {
    /// Keeps a link by the digest of its token.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_setup_link(&self, token: &SecretDigest, link: &SetupLink) -> Result<(), Error> {
        let mut item = to_item(KIND, &Key::setup_link(token), link)?;
        expire(&mut item, link.ends_at);
        self.put(KIND, item, None).await
    }

    /// The link of a token. Whether it is too old is the caller's to look at.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn setup_link(&self, token: &SecretDigest) -> Result<Option<SetupLink>, Error> {
        self.get(&Key::setup_link(token)).await?.map(|item| from_item(KIND, item)).transpose()
    }
}
