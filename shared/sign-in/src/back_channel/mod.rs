//! Telling the platform that a session has ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! The table's stream says what has ended ([`change`]): an account was signed out everywhere or is gone, and then its sessions are
//! ended; or a session was ended, by whatever it was, and then its client is told. Nothing has to be written for that, so nothing can be
//! forgotten: what is told follows from the very transaction that closed the account.

pub mod change;

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use rollcall_store::{AccountStamp, ClientId, Error as StoreError, Session, SessionKey, Table};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::provider::signing_keys::{SigningKeyError, SigningKeys};
use crate::provider::tokens;
use change::Ended;

/// What has to be told to a client. It is a message of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackChannelLogout {
    /// The session that has ended.
    pub session: SessionKey,
    /// Whose it was.
    pub client: ClientId,
}

/// Takes what has to be told, and brings it again until it is.
pub trait Queue: Send + Sync {
    /// Queues it.
    fn send<'a>(&'a self, logout: &'a BackChannelLogout) -> BoxFuture<'a, Result<(), QueueError>>;
}

/// The queue did not take it.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message: {0}")]
pub struct QueueError(pub String);

/// Calls clients.
pub trait Poster: Send + Sync {
    /// Posts a logout token as a form.
    fn post<'a>(&'a self, address: &'a str, token: &'a SecretString) -> BoxFuture<'a, Result<(), PostError>>;
}

/// A client did not take a logout token. The texts have no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It says that the token is wrong: another try would change nothing.
    #[error("the client refuses the logout token (HTTP status {0})")]
    Refused(u16),
    /// It can't be reached, or is out of order.
    #[error("the client can't be told now: {0}")]
    Unavailable(&'static str),
}

/// Why something is to be told again.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] SigningKeyError),
    /// The client.
    #[error(transparent)]
    Post(#[from] PostError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Ends sessions and tells clients. One for each process.
pub struct BackChannel {
    /// The table.
    pub table: Table,
    /// The provider's keys.
    pub signing: SigningKeys,
    /// The provider's issuer.
    pub issuer: String,
    /// Where messages go.
    pub queue: Arc<dyn Queue>,
    /// The way to clients.
    pub poster: Arc<dyn Poster>,
}

impl std::fmt::Debug for BackChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackChannel").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl BackChannel {
    /// Follows a change of the table.
    ///
    /// # Errors
    /// [`TellError`]: then the change has to come again.
    pub async fn follow(&self, ended: &Ended) -> Result<(), TellError> {
        match ended {
            Ended::Session(logout) => Ok(self.queue.send(logout).await?),
            Ended::Account { connection, person, stamp } => {
                let sessions = self.table.sessions(*connection, *person).await?;
                for session in sessions.iter().filter(|session| is_over(session, stamp.as_ref())) {
                    self.table.end_session(&session.key).await?;
                }
                Ok(())
            }
        }
    }

    /// Tells a client. One that wants to hear nothing, or is gone, is told nothing.
    ///
    /// # Errors
    /// [`TellError`]: then it has to be told again.
    pub async fn tell(&self, logout: &BackChannelLogout, now: Timestamp) -> Result<(), TellError> {
        let BackChannelLogout { session, client } = logout;
        let found = self.table.client(*client).await?;
        let Some(address) = found.and_then(|client| client.backchannel_logout_uri) else { return Ok(()) };
        let ring = self.signing.ring(now).await?;
        let token = tokens::logout_token(&ring, &self.issuer, *client, session, now)?;
        match self.poster.post(&address, &token).await {
            Ok(()) => {
                tracing::info!(session.id = %session.session, person.id = %session.person, "the platform was told of a sign-out");
                Ok(())
            }
            Err(error @ PostError::Refused(_)) => {
                tracing::error!(session.id = %session.session, error = %error, "a sign-out can't be told");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a session is of an account as it was before.
fn is_over(session: &Session, stamp: Option<&AccountStamp>) -> bool {
    stamp != Some(&session.account)
}
