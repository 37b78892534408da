//! What a sign-in reads and writes, in as few calls as can be: somebody waits.

use rollcall_directory::identity::{ConnectionId, PersonId, UserId};
use uuid::Uuid;

use crate::client::PlatformClient;
use crate::connection::Connection;
use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{from_item, read_text};
use crate::keys::{CLIENTS, CONNECTIONS, ClientId, KEYS, Key, SESSION, Shard};
use crate::retention::HistoryDays;
use crate::retry::Patience;
use crate::session::{self, CodeGrant, Session, SessionKey};
use crate::sign_in_record::{self, SignInRecord};
use crate::table::Table;
use crate::transact::{Outcome, Transaction};
use crate::user::{self, StoredUser};
use crate::verification_keys::VerificationKeys;
use crate::write::Write;

/// What a sign-in is decided by. What does not exist is none.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The connection.
    pub connection: Option<Connection>,
    /// The client.
    pub client: Option<PlatformClient>,
    /// The account.
    pub account: Option<StoredUser>,
    /// The session.
    pub session: Option<Session>,
    /// The keys of the issuer.
    pub keys: Option<VerificationKeys>,
}

/// What is wanted of a [`Standing`].
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The connection.
    pub connection: Option<ConnectionId>,
    /// The client.
    pub client: Option<ClientId>,
    /// The account of a person, by the connection.
    pub account: Option<(UserId, PersonId)>,
    /// A session.
    pub session: Option<SessionKey>,
    /// The keys of an issuer of tokens.
    pub keys: Option<SecretDigest>,
}

impl Table {
    /// What a sign-in is decided by, as it is now. One call to `DynamoDB`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn standing(&self, wanted: &Wanted) -> Result<Standing, Error> {
        let Wanted { connection, client, account, session, keys: issuer } = wanted;
        let mut keys = Vec::with_capacity(4);
        keys.extend(connection.map(Key::connection));
        keys.extend(client.map(Key::client));
        keys.extend(connection.zip(*account).map(|(connection, (user, person))| account_key(connection, user, person)));
        keys.extend(session.map(|key| Key::session(key.connection, key.person, key.session)));
        keys.extend(issuer.as_ref().map(Key::verification_keys));
        let mut standing = Standing::default();
        if keys.is_empty() {
            return Ok(standing);
        }
        for item in self.get_many(&keys).await? {
            match read_text("item", &item, "pk")? {
                CONNECTIONS => standing.connection = Some(from_item("connection", item)?),
                CLIENTS => standing.client = Some(from_item("client", item)?),
                pk if pk.starts_with(KEYS) => standing.keys = Some(from_item("verification keys", item)?),
                _ if read_text("item", &item, "sk")?.starts_with(SESSION) => {
                    standing.session = Some(from_item("session", item)?);
                }
                _ => standing.account = Some(user::read(item)?),
            }
        }
        Ok(standing)
    }

    /// Begins a session with its code, and keeps the record of the sign-in, all or nothing. `None` when the account is not, or
    /// no more, as the session says: somebody was faster.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn begin_session(&self, begun: &BegunSession<'_>) -> Result<Option<()>, Error> {
        let BegunSession { session, code, grant, record, kept } = begun;
        let key = account_key(session.key.connection, session.key.user, session.key.person);
        let mut writes = session::begin(session, key, code, grant)?;
        writes.extend(sign_in_record::writes(session.key.connection, record, *kept)?);
        self.all_or_nothing(&writes).await
    }

    /// Keeps the record of a sign-in that was refused.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn record_sign_in(
        &self,
        connection: ConnectionId,
        record: &SignInRecord,
        kept: HistoryDays,
    ) -> Result<(), Error> {
        self.all_or_nothing(&sign_in_record::writes(connection, record, kept)?).await.map(drop)
    }

    /// `None` when the condition of the first write does not hold.
    async fn all_or_nothing(&self, writes: &[Write]) -> Result<Option<()>, Error> {
        let transaction = Transaction::new(self, writes, Uuid::new_v4())?;
        let mut patience = Patience::new("TransactWriteItems", self.chance.clone());
        loop {
            match transaction.send(self).await? {
                Outcome::Done => return Ok(Some(())),
                Outcome::Fenced => return Ok(None),
                Outcome::Busy(code) => patience.wait(&code).await?,
                Outcome::Unclear(error) => patience.wait(&error.to_string()).await?,
            }
        }
    }
}

/// Everything that is written when a session begins.
#[derive(Clone, Copy, Debug)]
pub struct BegunSession<'a> {
    /// The session.
    pub session: &'a Session,
    /// The digest of its code.
    pub code: &'a SecretDigest,
    /// What the code is exchanged for.
    pub grant: &'a CodeGrant,
    /// The record.
    pub record: &'a SignInRecord,
    /// How long the record is kept.
    pub kept: HistoryDays,
}

fn account_key(connection: ConnectionId, user: UserId, person: PersonId) -> Key {
    Key::user(connection, Shard::of(user), person)
}
