//! What people let the application do for them, such as reading their calendar.
//!
//! The table says who has agreed to what, and when. The refresh token, which is the right itself, is in Secrets Manager alone. A link
//! by which somebody is asked carries a random token, of which the table has the digest.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{expire, from_item, to_item};
use crate::keys::{DELEGATION, Key, partition};
use crate::table::{Span, Table};

const KIND: &str = "delegation";
const LINK: &str = "delegation link";

/// What somebody has agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Who.
    pub person: PersonId,
    /// Delegated permissions of Graph, by name.
    pub permissions: BTreeSet<String>,
    /// When.
    pub granted_at: Timestamp,
}

/// What a link asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationLink {
    /// By which connection.
    pub connection: ConnectionId,
    /// Whom.
    pub person: PersonId,
    /// For which permissions.
    pub permissions: BTreeSet<String>,
    /// When it is good no more.
    pub ends_at: Timestamp,
}

impl Table {
    /// Keeps a link under the digest of its token.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_delegation_link(&self, token: &SecretDigest, link: &DelegationLink) -> Result<(), Error> {
        let mut item = to_item(LINK, &Key::delegation_link(token), link)?;
        expire(&mut item, link.ends_at);
        self.put(LINK, item, None).await
    }

    /// What a link asks for, if it is still good.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn delegation_link(&self, token: &SecretDigest, now: Timestamp) -> Result<Option<DelegationLink>, Error> {
        let found = self.get(&Key::delegation_link(token)).await?;
        let link: Option<DelegationLink> = found.map(|item| from_item(LINK, item)).transpose()?;
        Ok(link.filter(|link| now < link.ends_at))
    }

    /// What somebody has agreed to.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn delegation(&self, connection: ConnectionId, person: PersonId) -> Result<Option<Delegation>, Error> {
        self.get(&Key::delegation(connection, person)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// What everybody of a connection has agreed to.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn delegations(&self, connection: ConnectionId) -> Result<Vec<Delegation>, Error> {
        let items = self.query_all(Span::prefixed(partition(connection), DELEGATION)).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// Notes what somebody has agreed to, in place of what it was before.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_delegation(&self, connection: ConnectionId, delegation: &Delegation) -> Result<(), Error> {
        let key = Key::delegation(connection, delegation.person);
        self.put(KIND, to_item(KIND, &key, delegation)?, None).await
    }

    /// Forgets what somebody has agreed to. It is fine if that is nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_delegation(&self, connection: ConnectionId, person: PersonId) -> Result<(), Error> {
        self.delete(&Key::delegation(connection, person)).await
    }
}
