//! Batches, and how much fits. Source: `DynamoDB`, "Quotas", and the API reference of each operation.

use serde_json::{Value as Json, json};

use super::{Call, Case, Expectation, TABLE, call, case, dynamodb, holds, item, key, lacks, put};

const INVALID: Expectation = Expectation::Error("ValidationException");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("a batch gets what is there", batch_get()),
        case("a batch writes and deletes", batch_write()),
        case("an item has 400 KB at most", large_items()),
        Case {
            not_emulated: Some("the emulator does not end a page by its size"),
            ..case("a page ends behind the first megabyte that was read", large_pages())
        },
    ]
}

fn get(keys: &[Json], answer: Expectation) -> Call {
    dynamodb("BatchGetItem", json!({"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": true}}}), answer)
}

fn batch_get() -> Vec<Call> {
    let found = json!([null, item("batch", "a", &json!({})), item("batch", "c", &json!({}))]);
    let many: Vec<Json> = (0..101).map(|number| key("batch", &format!("{number}"))).collect();
    let some = many.get(..100).unwrap_or_default();
    vec![
        put("batch", "a", &json!({})),
        put("batch", "c", &json!({})),
        dynamodb(
            "BatchGetItem",
            json!({"RequestItems": {TABLE: {"Keys": [key("batch", "a"), key("batch", "b"), key("batch", "c")]}}}),
            Expectation::Body(json!({"UnprocessedKeys": {}})),
        ),
        // The order within one table is the service's own.
        Call { answer: Expectation::Done, ..get(&[key("batch", "c"), key("batch", "a")], Expectation::Body(found)) },
        get(&[key("batch", "a"), key("batch", "a")], INVALID),
        get(some, Expectation::Body(json!({"Responses": {TABLE: []}}))),
        get(&many, INVALID),
    ]
}

fn batch_write() -> Vec<Call> {
    let write =
        |requests: Vec<Json>, answer| dynamodb("BatchWriteItem", json!({"RequestItems": {TABLE: requests}}), answer);
    let delete = |sk: &str| json!({"DeleteRequest": {"Key": key("batches", sk)}});
    let add = |sk: &str| json!({"PutRequest": {"Item": item("batches", sk, &json!({}))}});
    vec![
        put("batches", "a", &json!({})),
        write(vec![delete("a"), delete("missing"), add("b")], Expectation::Body(json!({"UnprocessedItems": {}}))),
        lacks("batches", "a"),
        holds("batches", "b", &json!({})),
        write((0..26).map(|number| delete(&number.to_string())).collect(), INVALID),
        write(vec![delete("b"), delete("b")], INVALID),
    ]
}

fn large_items() -> Vec<Call> {
    let with = |size: usize, answer| {
        call("PutItem", json!({"Item": item("large", "a", &json!({"x": {"S": "x".repeat(size)}}))}), answer)
    };
    // The names pk, sk and x and the key's own texts count, too.
    let most = 400 * 1024 - "pk".len() - "large".len() - "sk".len() - "a".len() - "x".len();
    vec![with(most, Expectation::Done), with(most + 1, INVALID)]
}

fn large_pages() -> Vec<Call> {
    let large = json!({"x": {"S": "x".repeat(380 * 1024)}});
    let from = |start: Option<&str>| {
        let mut request = json!({
            "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "mega"}},
            "ProjectionExpression": "sk",
        });
        if let (Some(start), Some(members)) = (start, request.as_object_mut()) {
            members.insert("ExclusiveStartKey".to_owned(), key("mega", start));
        }
        request
    };
    let mut calls: Vec<Call> = ["a", "b", "c", "d"].map(|sk| put("mega", sk, &large)).into();
    calls.extend([
        call("Query", from(None), Expectation::Body(json!({"Count": 3, "LastEvaluatedKey": key("mega", "c")}))),
        call("Query", from(Some("c")), Expectation::Body(json!({"Count": 1, "LastEvaluatedKey": null}))),
    ]);
    calls
}
