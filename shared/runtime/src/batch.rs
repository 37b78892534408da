//! A batch of queue messages, of which some may fail.
//!
//! SQS takes back exactly the messages that the answer names (`ReportBatchItemFailures`). In a
//! FIFO queue order within a group has to hold: once a message of a connection failed, the later
//! ones of the same connection are given back without being tried.

use std::collections::HashSet;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

/// Hands each message to `work`, in order, and answers with those that must come again.
pub async fn process<W, E>(event: SqsEvent, mut work: W) -> SqsBatchResponse
where
    W: AsyncFnMut(&SqsMessage) -> Result<(), E>,
{
    let mut failures = Vec::new();
    let mut stopped: HashSet<String> = HashSet::new();
    for record in &event.records {
        // In a queue without groups no message waits for another.
        let group = record.attributes.get("MessageGroupId").cloned();
        if group.as_ref().is_some_and(|group| stopped.contains(group)) || work(record).await.is_err() {
            stopped.extend(group);
            failures.push(failure(record));
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

/// An identifier that is missing is answered as an empty one: SQS then takes the whole batch back, and nothing is lost.
fn failure(record: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = record.message_id.clone().unwrap_or_default();
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, group: &str) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.to_owned());
        record.attributes.insert("MessageGroupId".to_owned(), group.to_owned());
        record
    }

    async fn failed(records: Vec<SqsMessage>, bad: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut event = SqsEvent::default();
        event.records = records;
        let mut tried = Vec::new();
        let response = process(event, async |record: &SqsMessage| {
            let id = record.message_id.clone().unwrap();
            tried.push(id.clone());
            if bad.contains(&id.as_str()) { Err(()) } else { Ok(()) }
        })
        .await;
        (response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect(), tried)
    }

    #[tokio::test]
    async fn a_batch_that_works_names_nothing() {
        assert_eq!(failed(vec![record("1", "a"), record("2", "a")], &[]).await.0, [""; 0]);
    }

    #[tokio::test]
    async fn one_bad_message_of_ten_fails_alone() {
        let records = (0..10).map(|number| record(&number.to_string(), &format!("group {number}"))).collect();
        let (failures, tried) = failed(records, &["4"]).await;
        assert_eq!(failures, ["4"]);
        assert_eq!(tried.len(), 10);
    }

    #[tokio::test]
    async fn later_messages_of_the_same_connection_wait_behind_a_failed_one() {
        let records = vec![record("1", "a"), record("2", "b"), record("3", "a"), record("4", "b")];
        let (failures, tried) = failed(records, &["1"]).await;
        assert_eq!(failures, ["1", "3"]);
        assert_eq!(tried, ["1", "2", "4"]);
    }
}
