//! The sync queue: SQS, first in first out, with the connection as message group.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{DisplayErrorContext, SdkError};
use futures::future::BoxFuture;
use rollcall_sync::job::Message;
use rollcall_sync::ports::{Queue, QueueError};

use crate::clients::Clients;
use crate::config::QueueConfig;

/// The longest that SQS keeps a message invisible (`ChangeMessageVisibility`): 12 hours.
const LONGEST_DELAY: Duration = Duration::from_secs(12 * 60 * 60);

/// The queue of sync jobs.
#[derive(Clone, Debug)]
pub struct SyncQueue {
    client: Client,
    url: String,
}

impl SyncQueue {
    /// The queue at the configured URL.
    #[must_use]
    pub fn new(clients: &Clients, config: &QueueConfig) -> Self {
        Self { client: Client::new(clients.config()), url: config.url.to_string() }
    }

    /// Lets a message that failed come back after `delay` instead of after the queue's visibility timeout.
    ///
    /// # Errors
    /// The queue did not take it. The message then comes back after the queue's own time.
    pub async fn retry_after(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(delay.min(LONGEST_DELAY).as_secs()).unwrap_or(i32::MAX);
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds)
            .send()
            .await
            .map(drop)
            .map_err(refused)
    }

    async fn deliver(&self, message: &Message, key: &str) -> Result<(), QueueError> {
        let body = serde_json::to_string(message).map_err(|error| QueueError(error.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(message.connection.to_string())
            .message_deduplication_id(key)
            .send()
            .await
            .map(drop)
            .map_err(refused)
    }
}

impl Queue for SyncQueue {
    fn send<'a>(&'a self, message: &'a Message, key: &'a str) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(self.deliver(message, key))
    }
}

fn refused<E: std::error::Error + 'static, R: std::fmt::Debug>(error: SdkError<E, R>) -> QueueError {
    QueueError(DisplayErrorContext(error).to_string())
}
