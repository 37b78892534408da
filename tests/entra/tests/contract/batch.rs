//! `$batch`.

use crate::world::World;
use serde_json::{Value, json};

fn find<'answer>(responses: &'answer Value, id: &str) -> &'answer Value {
    responses["responses"].as_array().unwrap().iter().find(|response| response["id"] == id).unwrap()
}

fn requests(count: usize) -> Value {
    let list: Vec<Value> =
        (0..count).map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/users?$top=1"})).collect();
    json!({"requests": list})
}

#[tokio::test]
async fn a_batch_answers_200_and_each_part_has_its_own_status_and_headers() {
    let world = World::small().await;
    let answer = world
        .post(
            "/$batch",
            json!({"requests": [
                {"id": "a", "method": "GET", "url": "/users?$top=1&$select=id"},
                {"id": "b", "method": "GET", "url": "users/nobody"},
                {"id": "c", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
                {"id": "d", "method": "GET", "url": "/users/$count"},
            ]}),
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(find(&answer.body, "a")["body"]["value"].as_array().unwrap().len(), 1);
    assert!(find(&answer.body, "a")["headers"]["X-Ms-Resource-Unit"].is_string());
    assert_eq!(find(&answer.body, "b")["status"], 404);
    assert_eq!(find(&answer.body, "c")["body"], 200);
    assert_eq!(find(&answer.body, "d")["status"], 400);
}

#[tokio::test]
async fn a_batch_takes_20_requests_with_unique_ids() {
    let world = World::small().await;
    assert_eq!(world.post("/$batch", requests(20)).await.status, 200);
    assert_eq!(world.post("/$batch", requests(21)).await.status, 400);
    let twice = json!({"requests": [{"id": "a", "method": "GET", "url": "/users"}, {"id": "A", "method": "GET", "url": "/users"}]});
    assert_eq!(world.post("/$batch", twice).await.status, 400);
}

#[tokio::test]
async fn absolute_urls_nested_batches_and_bodies_without_a_type_are_refused() {
    let world = World::small().await;
    let one = |part: Value| json!({"requests": [part]});
    for part in [
        json!({"id": "a", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"}),
        json!({"id": "a", "method": "POST", "url": "/$batch"}),
        json!({"id": "a", "method": "POST", "url": "/directoryObjects/getByIds", "body": {"ids": []}}),
        json!({"method": "GET", "url": "/users"}),
    ] {
        assert_eq!(world.post("/$batch", one(part.clone())).await.status, 400, "{part}");
    }
}

#[tokio::test]
async fn a_failed_dependency_is_424() {
    let world = World::small().await;
    let answer = world
        .post(
            "/$batch",
            json!({"requests": [
                {"id": "a", "method": "GET", "url": "/users/nobody"},
                {"id": "b", "method": "GET", "url": "/users", "dependsOn": ["a"]},
            ]}),
        )
        .await;
    assert_eq!(find(&answer.body, "b")["status"], 424);
}

#[tokio::test]
async fn one_part_may_be_throttled_while_the_batch_is_200() {
    let world = World::small().await;
    world
        .faults(json!([{"match": {"inBatch": true, "nth": 2}, "fault": {"kind": "status", "status": 429, "retryAfter": "3"}}]))
        .await;
    let answer = world.post("/$batch", requests(3)).await;
    assert_eq!(answer.status, 200);
    let throttled: Vec<&Value> =
        answer.body["responses"].as_array().unwrap().iter().filter(|response| response["status"] == 429).collect();
    assert_eq!(throttled.len(), 1);
    assert_eq!(throttled[0]["headers"]["Retry-After"], "3");
}

#[tokio::test]
async fn answers_come_in_any_order() {
    let world = World::small().await;
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let answer = world.post("/$batch", requests(10)).await;
        let order: Vec<String> = answer.body["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|response| response["id"].as_str().unwrap().to_owned())
            .collect();
        orders.insert(order);
    }
    assert!(orders.len() > 1);
}
