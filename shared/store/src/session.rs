//! Who is signed in, and what a client holds for that: a session, a code for a minute, a refresh token.
//!
//! A session is good only together with its account: it names the account's making and how often the account had been signed out
//! everywhere when it began. Whoever is deactivated is counted as signed out in that very transaction, so that every session and
//! every refresh token of theirs is dead in it too, and stays so when they come back.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{expire, from_item, is_expired, number, read_text, text, to_item};
use crate::keys::{ClientId, Item, Key, SESSION, SessionId, session_partition};
use crate::table::{Span, Table};
use crate::user::StoredUser;
use crate::write::{Change, Write};

const KIND: &str = "session";
const CODE: &str = "code";

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionKey {
    /// The connection by which the person signed in.
    pub connection: ConnectionId,
    /// Whose account it is for. The platform knows it as `sub`.
    pub user: UserId,
    /// Who.
    pub person: PersonId,
    /// Which of theirs. The platform knows it as `sid`.
    pub session: SessionId,
}

/// Somebody is signed in to a client, in one browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Where it is.
    #[serde(flatten)]
    pub key: SessionKey,
    /// To which client.
    pub client: ClientId,
    /// The browser's cookie.
    pub cookie: SecretDigest,
    /// The client's refresh token, where it asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<SecretDigest>,
    /// What the client asked for.
    pub scope: String,
    /// The session at Entra, by a digest of its issuer and `sid`: by it Entra tells us that it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<SecretDigest>,
    /// For which account it is good.
    pub account: AccountStamp,
    /// When the person proved at Entra who they are.
    pub authenticated_at: Timestamp,
    /// When it ends, whatever happens.
    pub ends_at: Timestamp,
}

/// An account as it was when a session began. The session is good while the account has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStamp {
    /// When it was made: another account of the same person has another.
    pub created_at: Timestamp,
    /// How often it had been signed out everywhere.
    pub sign_outs: u64,
}

impl AccountStamp {
    /// That of an account.
    #[must_use]
    pub const fn of(account: &StoredUser) -> Self {
        Self { created_at: account.created_at, sign_outs: account.sign_outs }
    }
}

impl Session {
    /// Whether it is still good: its time is not over, and the account is active and was not signed out since.
    #[must_use]
    pub fn is_good(&self, account: Option<&StoredUser>, now: Timestamp) -> bool {
        let is_same =
            |account: &StoredUser| account.user.status.is_active() && AccountStamp::of(account) == self.account;
        now < self.ends_at && account.is_some_and(is_same)
    }
}

/// What a code is exchanged for. It is good once, and for a minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    /// The session that began with it.
    pub session: SessionKey,
    /// The client that may use it.
    pub client: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The client's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The client's PKCE challenge (S256).
    pub challenge: String,
    /// What was asked for.
    pub scope: String,
    /// When it is too old.
    pub ends_at: Timestamp,
}

/// What came of using a code.
#[derive(Debug)]
pub enum CodeUse {
    /// It is good, and used up now.
    First(CodeGrant),
    /// It was used before: somebody has stolen it, so what it led to must end (RFC 6749, section 4.1.2).
    Again(CodeGrant),
    /// There is none, or it is too old.
    Unknown,
}

/// A session, in the transaction that begins it only if the account still is as it was read.
pub(crate) fn begin(
    session: &Session,
    account_key: Key,
    code: &SecretDigest,
    grant: &CodeGrant,
) -> Result<Vec<Write>, Error> {
    let account = Change::none("user", account_key).require("state", text("active"));
    let account = account.require("created_at", text(session.account.created_at.to_string()));
    let account = match session.account.sign_outs {
        0 => account.require_absent("sign_outs"),
        some => account.require("sign_outs", number(some)),
    };
    let key = Key::session(session.key.connection, session.key.person, session.key.session);
    let mut item = to_item(KIND, &key, session)?;
    expire(&mut item, session.ends_at);
    let mut granted = to_item(CODE, &Key::code(code), grant)?;
    expire(&mut granted, session.ends_at);
    let mut writes = vec![Write::Check(account), Write::put(KIND, &item)?, Write::put(CODE, &granted)?];
    if let Some(upstream) = &session.upstream {
        let mut link = to_item("upstream session", &Key::upstream(upstream, session.key.session), &session.key)?;
        expire(&mut link, session.ends_at);
        writes.push(Write::put("upstream session", &link)?);
    }
    Ok(writes)
}

impl Table {
    /// A session, as it is now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn session(&self, key: &SessionKey) -> Result<Option<Session>, Error> {
        let found = self.get(&Key::session(key.connection, key.person, key.session)).await?;
        found.map(|item| from_item(KIND, item)).transpose()
    }

    /// All sessions of a person, those whose time is over among them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn sessions(&self, connection: ConnectionId, person: PersonId) -> Result<Vec<Session>, Error> {
        let items = self.query_all(Span::prefixed(session_partition(connection, person), SESSION)).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// The sessions that began with one at Entra.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn sessions_upstream(&self, upstream: &SecretDigest) -> Result<Vec<SessionKey>, Error> {
        let items = self.query_all(Span::of(Key::upstream(upstream, SessionId(Uuid::nil())).pk)).await?;
        items.into_iter().map(|item| from_item("upstream session", item)).collect()
    }

    /// Notes the refresh token of a session. `false` when the session is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn give_refresh_token(&self, key: &SessionKey, refresh: &SecretDigest) -> Result<bool, Error> {
        let item = Item::from([("refresh".to_owned(), text(refresh.to_string()))]);
        let change = Change::set(KIND, Key::session(key.connection, key.person, key.session), item, &[]);
        match self.update(KIND, change.require("user", text(key.user.to_string()))).await {
            Ok(_) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a session. It is fine if there is none. The table's stream tells whoever has to be told.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_session(&self, key: &SessionKey) -> Result<(), Error> {
        self.delete(&Key::session(key.connection, key.person, key.session)).await
    }

    /// Uses a code: the first caller gets what it is good for, every other one is told that it was used.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn use_code(&self, code: &SecretDigest, client: ClientId, now: Timestamp) -> Result<CodeUse, Error> {
        let used = Item::from([("used_at".to_owned(), text(now.to_string()))]);
        let change = Change::set(CODE, Key::code(code), used, &[]).require("client", text(client.to_string()));
        match self.update(CODE, change.require_absent("used_at")).await {
            Ok(item) => {
                let grant: CodeGrant = from_item(CODE, item)?;
                Ok(if now < grant.ends_at { CodeUse::First(grant) } else { CodeUse::Unknown })
            }
            Err(Error::Conflict { .. }) => {
                let found = self.get(&Key::code(code)).await?;
                let found = found.filter(|item| !is_expired(item, now) && item.contains_key("used_at"));
                // A code of another client is none of this one's business.
                let found =
                    found.filter(|item| read_text(CODE, item, "client").is_ok_and(|of| of == client.to_string()));
                found.map_or(Ok(CodeUse::Unknown), |item| from_item(CODE, item).map(CodeUse::Again))
            }
            Err(error) => Err(error),
        }
    }
}
