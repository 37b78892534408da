//! What a sign-in asks of others.

use futures::future::BoxFuture;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_store::Connection;

/// What Graph says of somebody who has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The rules of the connection give them one.
    In,
    /// The scope rule does not let them in.
    NotInScope,
    /// Their account in the directory is disabled, or they are not in it.
    Disabled,
    /// They are a guest, and guests get none.
    Guest,
    /// The directory lacks what an account needs: a name, an address.
    Incomplete,
}

/// Graph or the queue did not answer.
#[derive(Debug, thiserror::Error)]
#[error("nobody can be let in at the moment: {0}")]
pub struct AdmissionError(pub String);

/// Lets people in who have no account yet, by the rule of the sync and through the sync.
pub trait Admission: Send + Sync {
    /// Whether the rules give somebody an account, by what the directory says now.
    fn ask<'a>(&'a self, connection: &'a Connection, person: PersonId) -> BoxFuture<'a, Result<Asked, AdmissionError>>;

    /// Which of the permissions that a connection needs its application lacks in the tenant, by name, as the calls of a sync find it.
    fn missing<'a>(
        &'a self,
        connection: &'a Connection,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, AdmissionError>>;

    /// Has somebody read anew by the sync, which makes the account. Does not wait for it.
    fn make_account(&self, connection: ConnectionId, person: PersonId) -> BoxFuture<'_, Result<(), AdmissionError>>;
}
