//! What a table and the secrets must do, as calls of the JSON protocol with their answers.
//!
//! One list for the simulated services and for the emulator, so that they cannot drift apart. Where the emulator is
//! known to answer otherwise than AWS documents, the case says so and is held against the simulation alone.

mod items;
mod limits;
mod queries;
mod secrets;
mod transactions;

use serde_json::{Value as Json, json};

/// Name of the table that the cases use. [`table`] makes it.
pub const TABLE: &str = "conformance";

/// One call, and what must come back.
#[derive(Clone, Debug)]
pub struct Call {
    /// `DynamoDB_20120810.GetItem`.
    pub target: String,
    /// The request.
    pub request: Json,
    /// The answer.
    pub answer: Expectation,
}

/// What must come back.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// Success, whatever the body.
    Done,
    /// Success with a body that has these members, and their values.
    Body(Json),
    /// An error of this code.
    Error(&'static str),
    /// A cancelled transaction with these reasons.
    Cancelled(Vec<&'static str>),
}

/// Some calls, one after the other.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// The calls.
    pub calls: Vec<Call>,
    /// Why it is not held against the emulator.
    pub not_emulated: Option<&'static str>,
}

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    [items::cases(), queries::cases(), limits::cases(), transactions::cases(), secrets::cases()].concat()
}

/// The call that makes the table: keys as the product's table has them, and two sparse indexes.
#[must_use]
pub fn table() -> Call {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let text = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let index = |name: &str, projection: &str| {
        json!({
            "IndexName": name, "KeySchema": [key("gpk", "HASH"), key("gsk", "RANGE")],
            "Projection": {"ProjectionType": projection},
        })
    };
    dynamodb(
        "CreateTable",
        json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [text("pk"), text("sk"), text("gpk"), text("gsk")],
            "GlobalSecondaryIndexes": [index("keys", "KEYS_ONLY"), index("all", "ALL")],
        }),
        Expectation::Done,
    )
}

impl Expectation {
    /// What is wrong with an answer, if something is.
    #[must_use]
    pub fn quarrel(&self, status: u16, body: &Json) -> Option<String> {
        let code = body.get("__type").and_then(Json::as_str).and_then(|name| name.rsplit('#').next());
        let shown = || format!("{status} {}", short(body));
        let is_fine = match self {
            Self::Done => status == 200,
            Self::Body(wanted) => {
                status == 200
                    && wanted.as_object().is_some_and(|wanted| {
                        wanted.iter().all(|(name, value)| same(body.get(name).unwrap_or(&Json::Null), value))
                    })
            }
            Self::Error(wanted) => status == 400 && code == Some(*wanted),
            Self::Cancelled(wanted) => code == Some("TransactionCanceledException") && reasons(body) == *wanted,
        };
        (!is_fine).then(|| format!("{self:?} was expected, {} came", shown()))
    }
}

/// Texts too long to read are cut.
fn short(body: &Json) -> String {
    let text = body.to_string();
    if text.len() > 600 { format!("{}…", text.chars().take(600).collect::<String>()) } else { text }
}

/// Lists of items are compared in order, unless they are marked as unordered by a leading null.
fn same(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Array(found), Json::Array(wanted)) if wanted.first() == Some(&Json::Null) => {
            let sorted = |list: &[Json]| -> Vec<String> {
                let mut texts: Vec<String> = list.iter().map(ToString::to_string).collect();
                texts.sort();
                texts
            };
            sorted(found) == sorted(wanted.get(1..).unwrap_or_default())
        }
        _ => found == wanted,
    }
}

fn reasons(body: &Json) -> Vec<&str> {
    let reasons = body.get("CancellationReasons").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    reasons.iter().map(|reason| reason.get("Code").and_then(Json::as_str).unwrap_or("None")).collect()
}

fn case(name: &'static str, calls: Vec<Call>) -> Case {
    Case { name, calls, not_emulated: None }
}

fn dynamodb(operation: &str, request: Json, answer: Expectation) -> Call {
    Call { target: format!("DynamoDB_20120810.{operation}"), request, answer }
}

/// A call about the table of the cases.
fn call(operation: &str, mut request: Json, answer: Expectation) -> Call {
    if let Some(members) = request.as_object_mut() {
        members.insert("TableName".to_owned(), TABLE.into());
    }
    dynamodb(operation, request, answer)
}

/// Puts an item with this key and these other attributes.
fn put(pk: &str, sk: &str, attributes: &Json) -> Call {
    call("PutItem", json!({"Item": item(pk, sk, attributes)}), Expectation::Done)
}

fn item(pk: &str, sk: &str, attributes: &Json) -> Json {
    let mut item = key(pk, sk);
    if let (Some(item), Some(attributes)) = (item.as_object_mut(), attributes.as_object()) {
        item.extend(attributes.clone());
    }
    item
}

fn key(pk: &str, sk: &str) -> Json {
    json!({"pk": {"S": pk}, "sk": {"S": sk}})
}

/// An item is there, and is so.
fn holds(pk: &str, sk: &str, attributes: &Json) -> Call {
    call(
        "GetItem",
        json!({"Key": key(pk, sk), "ConsistentRead": true}),
        Expectation::Body(json!({"Item": item(pk, sk, attributes)})),
    )
}

/// An item is not there.
fn lacks(pk: &str, sk: &str) -> Call {
    call("GetItem", json!({"Key": key(pk, sk), "ConsistentRead": true}), Expectation::Body(json!({"Item": null})))
}
