//! Queries of the table and of its indexes.

use serde_json::{Value as Json, json};

use super::{Call, Case, Expectation, call, case, item, key, put};

const INVALID: Expectation = Expectation::Error("ValidationException");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("a query gives a partition in order", in_order()),
        case("a query goes on behind a key", pages()),
        case("a limit counts what is read, and a filter what is shown", filtered()),
        case("a projection shows what it names", projected()),
        case("an index has only the items with its keys", indexed()),
        case("an index that holds everything shows everything", whole_index()),
        case(
            "a query needs its partition",
            vec![
                query(
                    json!({"KeyConditionExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"S": "a"}}}),
                    INVALID,
                ),
                call("Query", json!({}), INVALID),
            ],
        ),
    ]
}

fn query(request: Json, answer: Expectation) -> Call {
    call("Query", request, answer)
}

fn of(pk: &str, more: &Json) -> Json {
    let mut request = json!({"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": pk}}, "ConsistentRead": true});
    if let (Some(members), Some(more)) = (request.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    request
}

fn letters(pk: &str) -> Vec<Call> {
    ["b", "a", "c2", "c1"]
        .map(|sk| put(pk, sk, &json!({"x": {"S": sk}, "state": {"S": if sk == "b" { "off" } else { "on" }}})))
        .into()
}

fn one(pk: &str, sk: &str) -> Json {
    item(pk, sk, &json!({"x": {"S": sk}, "state": {"S": if sk == "b" { "off" } else { "on" }}}))
}

fn list(pk: &str, sks: &[&str]) -> Json {
    sks.iter().map(|sk| one(pk, sk)).collect()
}

fn in_order() -> Vec<Call> {
    let mut calls = letters("order");
    let begins = json!({
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :c)",
        "ExpressionAttributeValues": {":p": {"S": "order"}, ":c": {"S": "c"}},
    });
    let between = json!({
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :b",
        "ExpressionAttributeValues": {":p": {"S": "order"}, ":a": {"S": "a"}, ":b": {"S": "b"}},
    });
    let after = json!({
        "KeyConditionExpression": "pk = :p AND sk > :b",
        "ExpressionAttributeValues": {":p": {"S": "order"}, ":b": {"S": "b"}},
    });
    let gives = |sks: &[&str]| Expectation::Body(json!({"Items": list("order", sks), "Count": sks.len()}));
    calls.extend([
        query(of("order", &json!({})), gives(&["a", "b", "c1", "c2"])),
        query(of("order", &json!({"ScanIndexForward": false})), gives(&["c2", "c1", "b", "a"])),
        query(begins, gives(&["c1", "c2"])),
        query(between, gives(&["a", "b"])),
        query(after, gives(&["c1", "c2"])),
        query(of("empty", &json!({})), Expectation::Body(json!({"Items": [], "LastEvaluatedKey": null}))),
        query(of("order", &json!({"Select": "COUNT"})), Expectation::Body(json!({"Count": 4, "Items": null}))),
    ]);
    calls
}

fn pages() -> Vec<Call> {
    let mut calls = letters("pages");
    let gives =
        |sks: &[&str], last: Json| Expectation::Body(json!({"Items": list("pages", sks), "LastEvaluatedKey": last}));
    let from = |sk: &str, limit: u64, forward: bool| {
        of("pages", &json!({"ExclusiveStartKey": key("pages", sk), "Limit": limit, "ScanIndexForward": forward}))
    };
    calls.extend([
        query(of("pages", &json!({"Limit": 2})), gives(&["a", "b"], key("pages", "b"))),
        query(from("b", 1, true), gives(&["c1"], key("pages", "c1"))),
        query(from("c1", 5, true), gives(&["c2"], Json::Null)),
        query(from("c1", 1, false), gives(&["b"], key("pages", "b"))),
        // A key that is not there is a place all the same.
        query(from("bb", 5, true), gives(&["c1", "c2"], Json::Null)),
        query(of("pages", &json!({"Limit": 0})), INVALID),
    ]);
    calls
}

fn filtered() -> Vec<Call> {
    let mut calls = letters("filter");
    let with = |limit: u64| {
        json!({
            "KeyConditionExpression": "pk = :p", "FilterExpression": "#state = :on", "Limit": limit,
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":p": {"S": "filter"}, ":on": {"S": "on"}},
        })
    };
    calls.extend([
        query(
            with(10),
            Expectation::Body(json!({"Items": list("filter", &["a", "c1", "c2"]), "Count": 3, "ScannedCount": 4})),
        ),
        query(
            with(2),
            Expectation::Body(json!({"Items": list("filter", &["a"]), "LastEvaluatedKey": key("filter", "b")})),
        ),
    ]);
    calls
}

fn projected() -> Vec<Call> {
    vec![
        put("show", "a", &json!({"x": {"S": "1"}, "state": {"S": "on"}, "y": {"S": "2"}})),
        query(
            of(
                "show",
                &json!({"ProjectionExpression": "sk, #state, nope", "ExpressionAttributeNames": {"#state": "state"}}),
            ),
            Expectation::Body(json!({"Items": [{"sk": {"S": "a"}, "state": {"S": "on"}}]})),
        ),
        call(
            "GetItem",
            json!({"Key": key("show", "a"), "ProjectionExpression": "x"}),
            Expectation::Body(json!({"Item": {"x": {"S": "1"}}})),
        ),
    ]
}

fn in_index(index: &str, more: &Json) -> Json {
    let mut request = json!({
        "IndexName": index, "KeyConditionExpression": "gpk = :g", "ExpressionAttributeValues": {":g": {"S": "blue"}},
    });
    if let (Some(members), Some(more)) = (request.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    request
}

fn index_key(pk: &str, sk: &str, gsk: &str) -> Json {
    item(pk, sk, &json!({"gpk": {"S": "blue"}, "gsk": {"S": gsk}}))
}

fn indexed() -> Vec<Call> {
    let blue = |gsk: &str| json!({"gpk": {"S": "blue"}, "gsk": {"S": gsk}, "x": {"S": "1"}});
    let two = [index_key("index", "b", "1"), index_key("index", "a", "2")];
    vec![
        put("index", "a", &blue("2")),
        put("index", "b", &blue("1")),
        put("index", "c", &json!({"gpk": {"S": "blue"}})),
        put("index", "d", &json!({"x": {"S": "1"}})),
        put("index", "e", &json!({"gpk": {"S": "red"}, "gsk": {"S": "1"}})),
        query(in_index("keys", &json!({})), Expectation::Body(json!({"Items": two, "Count": 2}))),
        query(in_index("keys", &json!({"Limit": 1})), Expectation::Body(json!({"LastEvaluatedKey": two[0]}))),
        query(in_index("keys", &json!({"ExclusiveStartKey": two[0]})), Expectation::Body(json!({"Items": [two[1]]}))),
        query(in_index("keys", &json!({"ConsistentRead": true})), INVALID),
        query(in_index("nope", &json!({})), INVALID),
        // Whoever leaves the index leaves it at once; here, that is: there is no lag to wait for.
        call("UpdateItem", json!({"Key": key("index", "b"), "UpdateExpression": "REMOVE gsk"}), Expectation::Done),
        query(in_index("keys", &json!({})), Expectation::Body(json!({"Items": [two[1]]}))),
        call("DeleteItem", json!({"Key": key("index", "a")}), Expectation::Done),
        query(in_index("keys", &json!({})), Expectation::Body(json!({"Items": []}))),
        call("PutItem", json!({"Item": item("index", "f", &json!({"gpk": {"N": "1"}}))}), INVALID),
    ]
}

fn whole_index() -> Vec<Call> {
    let whole = json!({"gpk": {"S": "blue"}, "gsk": {"S": "9"}, "x": {"S": "1"}});
    vec![
        put("all", "a", &whole),
        query(in_index("all", &json!({})), Expectation::Body(json!({"Items": [item("all", "a", &whole)]}))),
        call("DeleteItem", json!({"Key": key("all", "a")}), Expectation::Done),
    ]
}
