//! Transactions: all or nothing, and why not.

use serde_json::{Value as Json, json};

use super::{Call, Case, Expectation, TABLE, case, dynamodb, holds, item, key, lacks, put};

const INVALID: Expectation = Expectation::Error("ValidationException");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("a transaction does all of its writes", all()),
        case("a transaction that fails in one place does nothing, and says where", none()),
        case("a transaction names each item once, and a hundred at most", limits()),
        case("a repeated transaction is done once", tokens()),
    ]
}

fn transact(writes: &[Json], token: Option<&str>, answer: Expectation) -> Call {
    let mut request = json!({"TransactItems": writes});
    if let (Some(token), Some(members)) = (token, request.as_object_mut()) {
        members.insert("ClientRequestToken".to_owned(), token.into());
    }
    dynamodb("TransactWriteItems", request, answer)
}

fn add(pk: &str, sk: &str) -> Json {
    json!({"Put": {"TableName": TABLE, "Item": item(pk, sk, &json!({}))}})
}

fn fresh(pk: &str, sk: &str) -> Json {
    let item = item(pk, sk, &json!({}));
    json!({"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}})
}

fn remove(pk: &str, sk: &str) -> Json {
    json!({"Delete": {"TableName": TABLE, "Key": key(pk, sk)}})
}

fn count(pk: &str, sk: &str, was: u64) -> Json {
    json!({"Update": {
        "TableName": TABLE, "Key": key(pk, sk), "UpdateExpression": "SET n = if_not_exists(n, :zero) + :one",
        "ConditionExpression": "n = :was",
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}, ":was": {"N": was.to_string()}},
    }})
}

fn present(pk: &str, sk: &str) -> Json {
    json!({"ConditionCheck": {"TableName": TABLE, "Key": key(pk, sk), "ConditionExpression": "attribute_exists(pk)"}})
}

fn all() -> Vec<Call> {
    vec![
        put("tall", "n", &json!({"n": {"N": "4"}})),
        put("tall", "gone", &json!({})),
        transact(
            &[count("tall", "n", 4), add("tall", "a"), remove("tall", "gone"), fresh("tall", "b")],
            None,
            Expectation::Done,
        ),
        holds("tall", "n", &json!({"n": {"N": "5"}})),
        holds("tall", "a", &json!({})),
        holds("tall", "b", &json!({})),
        lacks("tall", "gone"),
    ]
}

fn none() -> Vec<Call> {
    vec![
        put("tnone", "n", &json!({"n": {"N": "1"}})),
        put("tnone", "old", &json!({})),
        transact(
            &[count("tnone", "n", 1), fresh("tnone", "old"), add("tnone", "a"), present("tnone", "missing")],
            None,
            Expectation::Cancelled(vec!["None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"]),
        ),
        transact(
            &[count("tnone", "n", 2), add("tnone", "a")],
            None,
            Expectation::Cancelled(vec!["ConditionalCheckFailed", "None"]),
        ),
        transact(&[present("tnone", "old"), present("tnone", "n")], None, Expectation::Done),
        holds("tnone", "n", &json!({"n": {"N": "1"}})),
        lacks("tnone", "a"),
    ]
}

fn limits() -> Vec<Call> {
    let many: Vec<Json> = (0..101).map(|number| add("tmany", &format!("{number:03}"))).collect();
    vec![
        transact(&[add("tmany", "a"), remove("tmany", "a")], None, INVALID),
        transact(many.get(..100).unwrap_or_default(), None, Expectation::Done),
        holds("tmany", "099", &json!({})),
        transact(&many, None, INVALID),
        transact(&[], None, INVALID),
    ]
}

fn tokens() -> Vec<Call> {
    let (token, other) = ("11111111-aaaa-4aaa-8aaa-000000000001", "11111111-aaaa-4aaa-8aaa-000000000002");
    vec![
        put("token", "n", &json!({"n": {"N": "1"}})),
        transact(&[count("token", "n", 1)], Some(token), Expectation::Done),
        // The condition does not hold any more, but this was done before.
        transact(&[count("token", "n", 1)], Some(token), Expectation::Done),
        holds("token", "n", &json!({"n": {"N": "2"}})),
        transact(&[count("token", "n", 2)], Some(token), Expectation::Error("IdempotentParameterMismatchException")),
        transact(&[count("token", "n", 1)], Some(other), Expectation::Cancelled(vec!["ConditionalCheckFailed"])),
        holds("token", "n", &json!({"n": {"N": "2"}})),
    ]
}
