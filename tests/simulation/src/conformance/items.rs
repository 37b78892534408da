//! One item at a time.

use serde_json::json;

use super::{Call, Case, Expectation, call, case, dynamodb, holds, item, key, lacks, put};

const CONDITION: Expectation = Expectation::Error("ConditionalCheckFailedException");
const INVALID: Expectation = Expectation::Error("ValidationException");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "an item is put, read, replaced as a whole and deleted",
            vec![
                lacks("one", "a"),
                put("one", "a", &json!({"x": {"S": "1"}, "y": {"N": "2"}})),
                put("one", "a", &json!({"x": {"S": "3"}})),
                holds("one", "a", &json!({"x": {"S": "3"}})),
                call(
                    "DeleteItem",
                    json!({"Key": key("one", "a"), "ReturnValues": "ALL_OLD"}),
                    Expectation::Body(json!({"Attributes": item("one", "a", &json!({"x": {"S": "3"}}))})),
                ),
                lacks("one", "a"),
                call("DeleteItem", json!({"Key": key("one", "a")}), Expectation::Done),
            ],
        ),
        case(
            "every kind of value comes back as it was",
            vec![
                put("kinds", "a", &kinds()),
                holds("kinds", "a", &kinds()),
                put("kinds", "b", &json!({"n": {"N": "007"}})),
                holds("kinds", "b", &json!({"n": {"N": "7"}})),
            ],
        ),
        case("a put can ask that nothing is there", conditional_put()),
        case("an update sets, removes, counts and gives the new item", updates()),
        case("an update can require what is there", conditional_update()),
        case("an update reaches into maps and lists", inner()),
        case("conditions know comparisons and functions", conditions()),
        case(
            "names and values must be defined and used",
            vec![
                put("names", "a", &json!({"x": {"N": "1"}})),
                update("names", "SET #nope = :v", None, &json!({}), &json!({":v": {"N": "1"}}), INVALID),
                update("names", "SET x = :nope", None, &json!({}), &json!({":v": {"N": "1"}}), INVALID),
                update("names", "SET x = :v", None, &json!({}), &json!({":v": {"N": "1"}, ":w": {"N": "1"}}), INVALID),
                holds("names", "a", &json!({"x": {"N": "1"}})),
            ],
        ),
        Case {
            not_emulated: Some("the emulator takes them all"),
            ..case(
                "a name that is not used, a wrong syntax and a path that is set twice are refused",
                vec![
                    update("twice", "SET x = :v", None, &json!({"#x": "x"}), &json!({":v": {"N": "1"}}), INVALID),
                    update("twice", "SET x = = :v", None, &json!({}), &json!({":v": {"N": "1"}}), INVALID),
                    update("twice", "SET x = :v, x = :v", None, &json!({}), &json!({":v": {"N": "0"}}), INVALID),
                ],
            )
        },
        case(
            "a reserved word needs a placeholder",
            vec![
                update("words", "SET state = :v", None, &json!({}), &json!({":v": {"S": "on"}}), INVALID),
                update("words", "SET Owner = :v", None, &json!({}), &json!({":v": {"S": "on"}}), INVALID),
                update("words", "SET #state = :v", None, &json!({"#state": "state"}), &json!({":v": {"S": "on"}}), {
                    Expectation::Done
                }),
            ],
        ),
        case(
            "keys are needed, are not empty, and do not change",
            vec![
                call("PutItem", json!({"Item": {"pk": {"S": "keys"}}}), INVALID),
                call("PutItem", json!({"Item": {"pk": {"S": "keys"}, "sk": {"S": ""}}}), INVALID),
                call("PutItem", json!({"Item": {"pk": {"S": "keys"}, "sk": {"N": "1"}}}), INVALID),
                call("GetItem", json!({"Key": {"pk": {"S": "keys"}}}), INVALID),
                update("keys", "SET sk = :v", None, &json!({}), &json!({":v": {"S": "b"}}), INVALID),
            ],
        ),
        case(
            "a table that is not there",
            vec![dynamodb(
                "GetItem",
                json!({"TableName": "nowhere", "Key": key("a", "b")}),
                Expectation::Error("ResourceNotFoundException"),
            )],
        ),
    ]
}

fn kinds() -> serde_json::Value {
    json!({
        "s": {"S": "Ünal"}, "n": {"N": "-12"}, "b": {"B": "AAEC/w=="}, "t": {"BOOL": true}, "z": {"NULL": true},
        "l": {"L": [{"S": "x"}, {"N": "1"}]}, "m": {"M": {"inner": {"L": []}}},
    })
}

fn update(
    pk: &str,
    expression: &str,
    condition: Option<&str>,
    names: &serde_json::Value,
    values: &serde_json::Value,
    answer: Expectation,
) -> Call {
    let mut request = json!({"Key": key(pk, "a"), "UpdateExpression": expression, "ReturnValues": "ALL_NEW"});
    if let Some(members) = request.as_object_mut() {
        for (name, value) in [("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)] {
            if value.as_object().is_some_and(|map| !map.is_empty()) {
                members.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(condition) = condition {
            members.insert("ConditionExpression".to_owned(), condition.into());
        }
    }
    call("UpdateItem", request, answer)
}

fn conditional_put() -> Vec<Call> {
    let fresh = |answer| {
        let item = item("fresh", "a", &json!({}));
        call("PutItem", json!({"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}), answer)
    };
    vec![fresh(Expectation::Done), fresh(CONDITION)]
}

fn updates() -> Vec<Call> {
    let gives = |attributes| Expectation::Body(json!({"Attributes": item("up", "a", &attributes)}));
    let names = json!({"#x": "x"});
    vec![
        update("up", "SET #x = :v", None, &names, &json!({":v": {"S": "1"}}), gives(json!({"x": {"S": "1"}}))),
        update(
            "up",
            "SET n = if_not_exists(n, :zero) + :one REMOVE #x",
            None,
            &names,
            &json!({":zero": {"N": "0"}, ":one": {"N": "1"}}),
            gives(json!({"n": {"N": "1"}})),
        ),
        update(
            "up",
            "SET n = if_not_exists(n, :zero) + :one, #x = :one ADD c :one",
            None,
            &names,
            &json!({":zero": {"N": "0"}, ":one": {"N": "1"}}),
            gives(json!({"n": {"N": "2"}, "x": {"N": "1"}, "c": {"N": "1"}})),
        ),
        update("up", "ADD c :five REMOVE n", None, &json!({}), &json!({":five": {"N": "5"}}), {
            gives(json!({"x": {"N": "1"}, "c": {"N": "6"}}))
        }),
        update("up", "SET d = c, c = :v", None, &json!({}), &json!({":v": {"N": "0"}}), {
            gives(json!({"x": {"N": "1"}, "c": {"N": "0"}, "d": {"N": "6"}}))
        }),
        update("up", "SET e = nope", None, &json!({}), &json!({}), INVALID),
    ]
}

fn conditional_update() -> Vec<Call> {
    let values = |owner: &str, epoch: &str| json!({":o": {"S": owner}, ":e": {"N": epoch}, ":n": {"N": "9"}});
    let guarded = |owner: &str, epoch: &str, answer| {
        let condition = Some("#owner = :o AND epoch = :e");
        update("guard", "SET x = :n", condition, &json!({"#owner": "owner"}), &values(owner, epoch), answer)
    };
    vec![
        guarded("me", "1", CONDITION),
        lacks("guard", "a"),
        put("guard", "a", &json!({"owner": {"S": "me"}, "epoch": {"N": "1"}})),
        guarded("you", "1", CONDITION),
        guarded("me", "2", CONDITION),
        guarded("me", "1", Expectation::Done),
        holds("guard", "a", &json!({"owner": {"S": "me"}, "epoch": {"N": "1"}, "x": {"N": "9"}})),
    ]
}

fn inner() -> Vec<Call> {
    vec![
        put("inner", "a", &json!({"m": {"M": {"k": {"S": "v"}}}, "l": {"L": [{"N": "1"}, {"N": "2"}]}})),
        update("inner", "SET m.k = :v, l[1] = :v", None, &json!({}), &json!({":v": {"S": "w"}}), Expectation::Done),
        update("inner", "SET m.#new = :v REMOVE l[0]", None, &json!({"#new": "new"}), &json!({":v": {"S": "w"}}), {
            Expectation::Done
        }),
        update("inner", "SET l = list_append(l, :more)", None, &json!({}), &json!({":more": {"L": [{"N": "3"}]}}), {
            Expectation::Done
        }),
        holds(
            "inner",
            "a",
            &json!({"m": {"M": {"k": {"S": "w"}, "new": {"S": "w"}}}, "l": {"L": [{"S": "w"}, {"N": "3"}]}}),
        ),
        update("inner", "SET nowhere.k = :v", None, &json!({}), &json!({":v": {"S": "w"}}), INVALID),
    ]
}

fn conditions() -> Vec<Call> {
    let values = json!({
        ":two": {"N": "2"}, ":ten": {"N": "10"}, ":p": {"S": "pre"}, ":s": {"S": "S"}, ":new": {"N": "1"},
        ":fix": {"S": "fix"}, ":none": {"S": "none"},
    });
    let check = |condition: &str, answer: Expectation| {
        let used: serde_json::Map<_, _> = values
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.as_str() == ":new" || condition.contains(name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        update("cond", "SET touched = :new", Some(condition), &json!({}), &used.into(), answer)
    };
    let mut calls = vec![put("cond", "a", &json!({"n": {"N": "9"}, "t": {"S": "prefix"}, "l": {"L": [{"N": "2"}]}}))];
    let holding = [
        "n > :two AND n < :ten",
        "n BETWEEN :two AND :ten",
        "t <> :none",
        "NOT n = :two",
        "n = :two OR t = :none OR n >= :two",
        "(n = :two OR n > :two) AND attribute_exists(t)",
        "begins_with(t, :p)",
        "contains(t, :fix) AND contains(l, :two)",
        "attribute_type(t, :s)",
        "size(l) < :two",
        "attribute_not_exists(nope)",
        "nope <> :none",
        "n IN (:two, n)",
    ];
    calls.extend(holding.map(|condition| check(condition, Expectation::Done)));
    let failing = ["n > :ten", "nope = :none", "t > :two", "attribute_exists(nope)", "NOT begins_with(t, :p)"];
    calls.extend(failing.map(|condition| check(condition, CONDITION)));
    calls
}
