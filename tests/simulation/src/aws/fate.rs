//! What becomes of one call to AWS.

use std::time::Duration;

/// Decides what becomes of each call.
pub trait Weather: Send + Sync {
    /// The fate of a call to `service` (`DynamoDB` or `secretsmanager`) by the client of this name.
    fn fate(&self, client: &str, service: &str, operation: &str) -> Fate;
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Time until the service has the request.
    pub there: Duration,
    /// Time until the client has the answer.
    pub back: Duration,
    /// What happens in between.
    pub what: What,
}

/// What a service does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// What was asked.
    Serve,
    /// An error; nothing is done.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: &'static str,
    },
    /// It is done, and the answer is lost: the client waits for ever.
    LoseAnswer,
    /// It is done, and the connection breaks before the answer.
    BreakAfter,
    /// No connection comes about; nothing is done.
    NoConnection,
    /// Of a batch, only the first keys or writes are worked on. Of a transaction, some writes meet this code.
    Partly {
        /// The code of a cancelled transaction's reason.
        code: &'static str,
    },
    /// Of a batch, nothing is worked on.
    Untouched,
    /// Of a query, a page shows only the first item or two.
    Short,
}

impl Fate {
    /// Served in this time, half of it each way.
    #[must_use]
    pub fn served_in(time: Duration) -> Self {
        Self { there: time / 2, back: time / 2, what: What::Serve }
    }
}

/// Nothing ever goes wrong, and every call takes two milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fair;

impl Weather for Fair {
    fn fate(&self, _client: &str, _service: &str, _operation: &str) -> Fate {
        Fate::served_in(Duration::from_millis(2))
    }
}
