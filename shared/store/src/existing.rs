//! Accounts that were on the platform before, as the platform told us of them.

use rollcall_directory::adoption::{Decision, Existing, ExistingId};
use rollcall_directory::identity::ConnectionId;
use uuid::Uuid;

use crate::error::Error;
use crate::item::{from_item, to_item};
use crate::keys::{EXISTING, Key, partition};
use crate::page::{Page, PageRequest};
use crate::table::{Span, Table};

const KIND: &str = "existing";

/// The platform's names may hold anything; keys are made of ids only.
fn key(connection: ConnectionId, id: &ExistingId) -> Key {
    Key::existing(connection, Uuid::new_v5(&connection.0, id.0.as_bytes()))
}

impl Table {
    /// All accounts that were there before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn existing(&self, connection: ConnectionId) -> Result<Vec<Existing>, Error> {
        let items = self.query_all(Span::prefixed(partition(connection), EXISTING)).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn existing_account(&self, connection: ConnectionId, id: &ExistingId) -> Result<Option<Existing>, Error> {
        self.get(&key(connection, id)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Some of them, in an order without meaning.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn existing_page(
        &self,
        connection: ConnectionId,
        request: &PageRequest,
    ) -> Result<Page<Existing>, Error> {
        let span = Span::prefixed(partition(connection), EXISTING);
        let page = self.span_page(&format!("existing {connection}"), span, request).await?;
        let items = page.items.into_iter().map(|item| from_item(KIND, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// Notes accounts that were there before. What was decided about one that is already noted stays.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn note_existing(&self, connection: ConnectionId, accounts: Vec<Existing>) -> Result<(), Error> {
        for account in accounts {
            let known = self.existing_account(connection, &account.id).await?;
            let decision = known.map_or(account.decision, |known| known.decision);
            self.put_existing(connection, &Existing { decision, ..account }).await?;
        }
        Ok(())
    }

    /// Notes what a person decided about an account that was there before.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not noted; [`Error::Unavailable`].
    pub async fn decide_existing(
        &self,
        connection: ConnectionId,
        id: &ExistingId,
        decision: Decision,
    ) -> Result<Existing, Error> {
        let known = self.existing_account(connection, id).await?.ok_or(Error::NotFound { item: KIND })?;
        let decided = Existing { decision, ..known };
        self.put_existing(connection, &decided).await?;
        Ok(decided)
    }

    async fn put_existing(&self, connection: ConnectionId, account: &Existing) -> Result<(), Error> {
        self.put(KIND, to_item(KIND, &key(connection, &account.id), account)?, None).await
    }
}
