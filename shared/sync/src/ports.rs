//! What a sync needs of the outside beside Graph and the table. `rollcall-runtime` provides it
//! with SQS, SES and HTTP.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::job::Message;
use crate::notice::channel::ChannelAddress;

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

/// Why a message is not in a channel. None of the texts repeats the address or the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Too many messages. Try again after that time, where Teams says it.
    #[error("Teams takes no more messages at the moment")]
    Throttled {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// The workflow is gone or switched off, or its address was changed: a person must make a new one.
    #[error("the workflow does not take messages any more (HTTP status {status})")]
    Gone {
        /// The HTTP status.
        status: u16,
    },
    /// The workflow did not take the message.
    #[error("the workflow refused the message (HTTP status {status})")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It could not be reached, or did not answer in time. Whether the message was posted is not known.
    #[error("the workflow could not be reached: {0}")]
    Unavailable(&'static str),
}

/// Messages to a Teams channel.
pub trait Channel: Send + Sync {
    /// Posts a message.
    fn post<'a>(&'a self, address: &'a ChannelAddress, message: &'a Value) -> BoxFuture<'a, Result<(), ChannelError>>;
}
