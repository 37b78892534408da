use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::json;

use super::*;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
const TENANT: &str = "00000000-0000-0000-0000-000000000002";

fn item() -> serde_json::Value {
    json!({ "subscriptionId": SUBSCRIPTION, "tenantId": TENANT, "clientState": "state" })
}

fn read(value: &serde_json::Value) -> Received {
    parse(json!({ "value": value }).to_string().as_bytes()).unwrap()
}

#[test]
fn an_empty_collection_has_no_notifications() {
    let received = read(&json!([]));
    assert!(received.notifications.is_empty());
    assert_eq!(received.malformed, 0);
}

#[test]
fn a_list_in_the_place_of_an_object_is_none() {
    let item = json!([SUBSCRIPTION, TENANT, "state", null]);
    assert_eq!(read(&json!([item])).malformed, 1);
    assert_eq!(parse(json!([[item]]).to_string().as_bytes()).unwrap_err(), ParseError::NotNotifications);
}

#[test]
fn a_change_is_read() {
    let event: serde_json::Value =
        serde_json::from_str(include_str!("../../../../../events/webhook/users-updated.json")).unwrap();
    let received = parse(event["body"].as_str().unwrap().as_bytes()).unwrap();
    let [notification] = received.notifications.as_slice() else { panic!("one notification") };
    assert_eq!(notification.event, Event::Change);
    assert_eq!(notification.tenant.to_string(), "84bd8158-6d4d-4958-8b9f-9d6445542f95");
    assert!(!notification.client_state.expose_secret().is_empty());
}

#[test]
fn lifecycle_events_are_told_apart() {
    for (name, event) in [
        ("reauthorizationRequired", Event::ReauthorizationRequired),
        ("subscriptionRemoved", Event::Change),
        ("missed", Event::Change),
        ("unknownFutureValue", Event::Change),
    ] {
        let mut item = item();
        item["lifecycleEvent"] = json!(name);
        assert_eq!(read(&json!([item])).notifications[0].event, event, "{name}");
    }
}

#[test]
fn an_item_that_is_none_does_not_harm_its_neighbours() {
    let mut odd = vec![json!(null), json!(7), json!("x"), json!([]), json!({}), json!({ "value": [] })];
    for field in ["subscriptionId", "tenantId", "clientState"] {
        for value in [json!(null), json!(7), json!("../../x"), json!([])] {
            let mut item = item();
            item[field] = value;
            odd.push(item);
        }
    }
    let mut long = item();
    long["clientState"] = json!("x".repeat(256));
    odd.push(long);
    // A `clientState` may be any text.
    let malformed = odd.len() - 1;
    odd.push(item());
    let received = read(&json!(odd));
    assert_eq!(received.malformed, malformed);
    assert_eq!(received.notifications.len(), 2);
}

#[test]
fn the_same_name_twice_in_an_item_is_malformed() {
    let body = format!(
        r#"{{"value":[{{"subscriptionId":"{SUBSCRIPTION}","tenantId":"{TENANT}","tenantId":"{SUBSCRIPTION}","clientState":"s"}}]}}"#
    );
    assert_eq!(parse(body.as_bytes()).unwrap().malformed, 1);
}

#[test]
fn what_is_no_collection_is_refused() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        " ",
        "null",
        "7",
        "[]",
        "{}",
        r#"{"value":{}}"#,
        r#"{"value":null}"#,
        r#"{"value":[}"#,
        "\u{feff}{}",
        r#"{"value":[],"value":[]}"#,
        "<html>",
        &deep,
    ] {
        assert_eq!(parse(body.as_bytes()).unwrap_err(), ParseError::NotNotifications);
    }
    assert_eq!(parse(b"{\"value\":[\"\xff\"]}").unwrap_err(), ParseError::NotNotifications);
}

#[test]
fn depth_below_an_item_does_no_harm() {
    let body = format!(r#"{{"value":[{}{}]}}"#, "[".repeat(50_000), "]".repeat(50_000));
    // Either answer will do; overflowing the stack will not.
    let _ = parse(body.as_bytes());
}

#[test]
fn limits_hold_for_bytes_and_items() {
    assert_eq!(parse(&vec![b' '; LARGEST_BODY + 1]).unwrap_err(), ParseError::TooLarge);
    let many = |count: usize| json!({ "value": vec![json!(0); count] }).to_string();
    assert_eq!(parse(many(MOST_ITEMS).as_bytes()).unwrap().malformed, MOST_ITEMS);
    assert_eq!(parse(many(MOST_ITEMS + 1).as_bytes()).unwrap_err(), ParseError::TooLarge);
}

#[test]
fn a_notification_does_not_show_its_client_state() {
    let mut item = item();
    item["clientState"] = json!("canary-77aa");
    assert!(!format!("{:?}", read(&json!([item]))).contains("canary"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = parse(&body);
    }

    #[test]
    fn no_json_makes_it_panic(text in r#"[{}\[\]":,a-z0-9\\u ]{0,200}"#) {
        let _ = parse(format!(r#"{{"value":[{text}]}}"#).as_bytes());
    }
}
