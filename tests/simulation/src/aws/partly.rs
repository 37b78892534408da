//! Requests of which only a part is worked on, or that meet another one's.

use serde_json::{Map, Value as Json, json};

use crate::dynamodb::{Reason, Refusal};

/// Items on a page that ends early.
const SHORT: u64 = 2;

/// What is left of a batch when the service works on the first half only, as a request, and what was left out, as
/// the member of the answer that tells it.
pub(super) fn halved(operation: &str, body: &[u8]) -> Option<(Vec<u8>, &'static str, Json)> {
    let mut request: Json = serde_json::from_slice(body).ok()?;
    let member = match operation {
        "BatchGetItem" => "UnprocessedKeys",
        "BatchWriteItem" => "UnprocessedItems",
        _ => return None,
    };
    let mut left = Map::new();
    for (table, wanted) in request.get_mut("RequestItems")?.as_object_mut()? {
        let (list, rest) = match operation {
            "BatchGetItem" => (wanted.get_mut("Keys")?.as_array_mut()?, Some(())),
            _ => (wanted.as_array_mut()?, None),
        };
        // At least one is worked on, so that whoever repeats the rest comes to an end.
        let tail = list.split_off(list.len().div_ceil(2));
        if !tail.is_empty() {
            left.insert(
                table.clone(),
                if rest.is_some() { json!({"Keys": tail, "ConsistentRead": true}) } else { json!(tail) },
            );
        }
    }
    Some((serde_json::to_vec(&request).ok()?, member, Json::Object(left)))
}

/// The answer to a batch of which nothing is worked on.
pub(super) fn untouched(operation: &str, body: &[u8]) -> Option<Json> {
    let request: Json = serde_json::from_slice(body).ok()?;
    let items = request.get("RequestItems")?;
    match operation {
        "BatchGetItem" => Some(json!({"Responses": {}, "UnprocessedKeys": items})),
        "BatchWriteItem" => Some(json!({"UnprocessedItems": items})),
        _ => None,
    }
}

/// A query whose page ends after two items, as if they were large. Where pages end is the service's to choose.
pub(super) fn shortened(body: &[u8]) -> Option<Vec<u8>> {
    let mut request: Json = serde_json::from_slice(body).ok()?;
    let members = request.as_object_mut()?;
    if members.get("Limit").and_then(Json::as_u64).is_some_and(|limit| limit <= SHORT) {
        return None;
    }
    members.insert("Limit".to_owned(), SHORT.into());
    serde_json::to_vec(&request).ok()
}

/// A transaction that is cancelled because some of its items are busy. Each third write is to blame.
pub(super) fn cancelled(body: &[u8], code: &'static str) -> Option<Refusal> {
    let request: Json = serde_json::from_slice(body).ok()?;
    let count = request.get("TransactItems")?.as_array()?.len();
    let reason = |number: usize| match number % 3 {
        0 => Reason { code: Some(code), message: "Transaction is ongoing for the item".to_owned(), item: None },
        _ => Reason::default(),
    };
    Some(Refusal::cancelled((0..count).map(reason).collect()))
}
