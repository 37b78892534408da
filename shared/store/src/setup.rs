//! Setup links: with one an administrator of a customer binds a connection to their tenant.
//!
//! A link carries a random token, of which the table has the digest. It is good for a while, for one connection.

use jiff::Timestamp;
use rollcall_directory::identity::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{expire, from_item, to_item};
use crate::keys::Key;
use crate::table::{Condition, Table};

const KIND: &str = "setup link";

/// What a setup link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupLink {
    /// The connection that is bound with it.
    pub connection: ConnectionId,
    /// When it is good no more.
    pub ends_at: Timestamp,
}

impl Table {
    /// Keeps a setup link under the digest of its token.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is one with this token; [`Error::Unavailable`].
    pub async fn create_setup_link(&self, token: &SecretDigest, link: &SetupLink) -> Result<(), Error> {
        let mut item = to_item(KIND, &Key::setup(token), link)?;
        expire(&mut item, link.ends_at);
        let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
        match self.put(KIND, item, Some(condition)).await {
            // The SDK may have repeated what had worked.
            Err(Error::Conflict { .. }) if self.read_setup_link(token).await?.as_ref() == Some(link) => Ok(()),
            result => result,
        }
    }

    /// What a setup link is good for, if it still is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn setup_link(&self, token: &SecretDigest, now: Timestamp) -> Result<Option<SetupLink>, Error> {
        // `DynamoDB` deletes what is over days later.
        Ok(self.read_setup_link(token).await?.filter(|link| now < link.ends_at))
    }

    /// Removes a setup link. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_setup_link(&self, token: &SecretDigest) -> Result<(), Error> {
        self.delete(&Key::setup(token)).await
    }

    async fn read_setup_link(&self, token: &SecretDigest) -> Result<Option<SetupLink>, Error> {
        self.get(&Key::setup(token)).await?.map(|item| from_item(KIND, item)).transpose()
    }
}
