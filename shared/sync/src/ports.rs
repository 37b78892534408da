//! What a sync needs of the outside beside Graph and the table. `rollcall-runtime` provides
//! both with SQS and SES.

use futures::future::BoxFuture;

use crate::job::Message;

/// The queue refused or could not be reached. Whoever sent must try again.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message: {0}")]
pub struct QueueError(pub String);

/// The mail service refused or could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the mail was not accepted: {0}")]
pub struct MailError(pub String);

/// The sync queue.
pub trait Queue: Send + Sync {
    /// Queues a job for its connection.
    ///
    /// Messages with the same `key` within five minutes are one message (SQS, "Exactly-once processing").
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>>;
}

/// A mail to the owners of a connection. Plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Addresses of the owners.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Mail to owners.
pub trait Mail: Send + Sync {
    /// Hands a letter to the mail service.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>>;
}
