//! Refusals, with the names and texts by which `DynamoDB` says them.

use serde_json::{Map, Value as Json, json};

use super::value::Item;

/// Why a call is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The name of the error, without its namespace.
    pub(crate) code: &'static str,
    /// The text.
    pub(crate) message: String,
    /// For a cancelled transaction: why, in the order of its writes.
    pub(crate) reasons: Vec<Reason>,
}

/// Why one write of a transaction was not done; no code where it was not to blame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The code, as `ConditionalCheckFailed`.
    pub(crate) code: Option<&'static str>,
    /// The text.
    pub(crate) message: String,
    /// The item as it was, where the write asked for it.
    pub(crate) item: Option<Item>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), reasons: Vec::new() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    pub(crate) fn condition() -> Self {
        Self::new(400, "ConditionalCheckFailedException", "The conditional request failed")
    }

    pub(crate) fn no_table() -> Self {
        Self::new(400, "ResourceNotFoundException", "Requested resource not found")
    }

    /// A transaction in which some writes could not be done.
    pub(crate) fn cancelled(reasons: Vec<Reason>) -> Self {
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.unwrap_or("None")).collect();
        let message = format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        );
        Self { reasons, ..Self::new(400, "TransactionCanceledException", message) }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, namespace: &str) -> Json {
        let mut body = Map::new();
        body.insert("__type".to_owned(), format!("{namespace}#{}", self.code).into());
        let transaction = self.code == "TransactionCanceledException";
        body.insert(if transaction { "Message" } else { "message" }.to_owned(), self.message.clone().into());
        if transaction {
            body.insert("CancellationReasons".to_owned(), self.reasons.iter().map(Reason::body).collect());
        }
        Json::Object(body)
    }
}

impl Reason {
    fn body(&self) -> Json {
        let Some(code) = self.code else { return json!({"Code": "None"}) };
        let mut body = json!({"Code": code, "Message": self.message});
        if let (Some(item), Some(members)) = (&self.item, body.as_object_mut()) {
            members.insert("Item".to_owned(), json!(item));
        }
        body
    }
}
