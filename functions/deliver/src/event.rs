//! What this function is called with.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use rollcall_sign_in::back_channel::change::Record;
use serde::Deserialize;

/// Records of the table's stream, or messages of the logout queue.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Of the stream.
    Stream {
        /// In their order.
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// Of the queue.
    Queue(SqsEvent),
}

/// The answer that names what has to come again (`ReportBatchItemFailures`): of a stream the first that failed, since all after it come
/// again with it.
#[must_use]
pub fn answer(failed: impl IntoIterator<Item = String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|identifier| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = identifier;
            failure
        })
        .collect();
    response
}

#[cfg(test)]
mod tests;
