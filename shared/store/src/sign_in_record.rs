//! The history of sign-ins: when, who, to what, how it ended and why. No address, no code, no token.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::{expire, from_item, to_item};
use crate::keys::{ClientId, Key, SIGN_IN, SessionId, session_partition, sign_in_partition};
use crate::page::{Page, PageRequest};
use crate::retention::HistoryDays;
use crate::table::{Span, Table};
use crate::write::Write;

const KIND: &str = "sign-in";

/// One sign-in of somebody whom Entra vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRecord {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: PersonId,
    /// To which client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// The session that began, or would have begun.
    pub session: SessionId,
    /// Why not, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The writes that keep a record: for the connection, and for the person.
pub(crate) fn writes(connection: ConnectionId, record: &SignInRecord, kept: HistoryDays) -> Result<Vec<Write>, Error> {
    let keys = [
        Key::sign_in(connection, record.at, record.session),
        Key::sign_in_of(connection, record.person, record.at, record.session),
    ];
    let write = |key: &Key| {
        let mut item = to_item(KIND, key, record)?;
        expire(&mut item, kept.after(record.at));
        Write::put(KIND, &item)
    };
    keys.iter().map(write).collect()
}

impl Table {
    /// Sign-ins by a connection, the newest first.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn sign_ins(&self, connection: ConnectionId, request: &PageRequest) -> Result<Page<SignInRecord>, Error> {
        let span = Span { backward: true, ..Span::of(sign_in_partition(connection)) };
        self.sign_in_page(&format!("sign-ins {connection}"), span, request).await
    }

    /// Sign-ins of a person, the newest first.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn sign_ins_of(
        &self,
        connection: ConnectionId,
        person: PersonId,
        request: &PageRequest,
    ) -> Result<Page<SignInRecord>, Error> {
        let span = Span { backward: true, ..Span::prefixed(session_partition(connection, person), SIGN_IN) };
        self.sign_in_page(&format!("sign-ins {connection} {person}"), span, request).await
    }

    async fn sign_in_page(&self, list: &str, span: Span, request: &PageRequest) -> Result<Page<SignInRecord>, Error> {
        let page = self.span_page(list, span, request).await?;
        let items = page.items.into_iter().map(|item| from_item(KIND, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}
