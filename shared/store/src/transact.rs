//! One transaction, and what its answer means.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use uuid::Uuid;

use crate::error::Error;
use crate::table::Table;
use crate::write::Write;

/// What became of a transaction whose first write is a fence.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Written.
    Done,
    /// Not written, because the fence did not hold; or written before by an attempt of which the
    /// answer was lost.
    Fenced,
    /// Not written, because the table is busy.
    Busy(String),
    /// Nobody knows.
    Unclear(Error),
}

/// A transaction that can be sent more than once.
pub(crate) struct Transaction {
    kinds: Vec<&'static str>,
    /// The body of the request.
    body: Bytes,
}

impl Transaction {
    /// The first write is the fence. The token makes repeated attempts one (`DynamoDB`,
    /// `ClientRequestToken`, for ten minutes).
    pub(crate) fn new(table: &Table, writes: &[Write], token: Uuid) -> Result<Self, Error> {
        let mut body = Vec::with_capacity(writes.iter().map(|write| 300 + write.bytes() * 5 / 4).sum());
        body.extend_from_slice(format!(r#"{{"ClientRequestToken":"{token}","TransactItems":["#).as_bytes());
        for (number, write) in writes.iter().enumerate() {
            if number > 0 {
                body.push(b',');
            }
            write.encode(&table.name, &mut body)?;
        }
        body.extend_from_slice(b"]}");
        Ok(Self { kinds: writes.iter().map(Write::kind).collect(), body: body.into() })
    }

    /// Sends it once (the SDK may repeat that by itself).
    ///
    /// # Errors
    /// [`Error::Conflict`] when a condition beside the fence does not hold; what AWS refuses or denies.
    pub(crate) async fn send(&self, table: &Table) -> Result<Outcome, Error> {
        let body = self.body.clone();
        let call = table.client.transact_write_items().customize().mutate_request(move |request| {
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body.clone());
        });
        let Err(error) = call.send().await else { return Ok(Outcome::Done) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                self.cancelled(cancelled.cancellation_reasons())
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                Ok(Outcome::Busy("TransactionInProgressException".to_owned()))
            }
            _ => match Error::of_sdk("TransactWriteItems", &error) {
                unclear @ Error::Unavailable { .. } => Ok(Outcome::Unclear(unclear)),
                error => Err(error),
            },
        }
    }

    /// Reasons stand in the order of the writes. Several kinds can come together: what forbids
    /// the write for good comes before what only asks to wait.
    fn cancelled(&self, reasons: &[CancellationReason]) -> Result<Outcome, Error> {
        let codes = || self.kinds.iter().zip(reasons.iter().map(|reason| reason.code().unwrap_or("None")));
        let failed = |(_, code): &(&&'static str, &str)| *code == "ConditionalCheckFailed";
        if codes().next().as_ref().is_some_and(failed) {
            return Ok(Outcome::Fenced);
        }
        if let Some((kind, _)) = codes().find(failed) {
            return Err(Error::Conflict { item: kind });
        }
        match codes().find(|(_, code)| *code != "None") {
            Some((_, code)) => match Error::of_code("TransactWriteItems", code, None) {
                Error::Unavailable { code, .. } => Ok(Outcome::Busy(code)),
                error => Err(error),
            },
            None => Ok(Outcome::Busy("TransactionCanceledException".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(codes: &[&str]) -> Result<Outcome, Error> {
        let kinds = ["lease", "user", "change"].into_iter().take(codes.len()).collect();
        let reasons: Vec<_> = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        Transaction { kinds, body: Bytes::new() }.cancelled(&reasons)
    }

    #[test]
    fn a_failed_fence_says_nothing_of_the_rest() {
        let result = outcome(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]);
        assert!(matches!(result, Ok(Outcome::Fenced)));
    }

    #[test]
    fn of_mixed_reasons_a_failed_condition_counts_more_than_a_busy_table() {
        let result = outcome(&["TransactionConflict", "ConditionalCheckFailed", "ThrottlingError"]);
        assert!(matches!(result, Err(Error::Conflict { item: "user" })));
    }

    #[test]
    fn a_busy_table_is_tried_again_and_a_wrong_request_is_not() {
        for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert!(matches!(outcome(&["None", code]), Ok(Outcome::Busy(_))), "{code}");
        }
        assert!(matches!(outcome(&["None", "ValidationError"]), Err(Error::Refused { .. })));
        assert!(matches!(outcome(&["None", "ItemCollectionSizeLimitExceeded"]), Err(Error::Refused { .. })));
    }
}
