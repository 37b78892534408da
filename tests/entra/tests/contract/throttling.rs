//! Throttling by resource units.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn costs_follow_the_table() {
    let world = World::small().await;
    let group = world.tenant.roots[0];
    for (path, cost) in [
        ("/users".to_owned(), "2"),
        ("/users?$select=id".to_owned(), "1"),
        ("/users?$expand=manager".to_owned(), "3"),
        (format!("/groups/{group}/members"), "3"),
        (format!("/groups/{group}/members?$select=id&$top=5"), "1"),
        (format!("/groups/{group}/transitiveMembers"), "5"),
        ("/groups".to_owned(), "1"),
        ("/users/delta".to_owned(), "1"),
    ] {
        assert_eq!(world.get(&path).await.header("x-ms-resource-unit"), Some(cost), "{path}");
    }
}

#[tokio::test]
async fn above_80_percent_a_header_warns_and_above_100_comes_429_until_the_window_ends() {
    let world = World::small().await;
    world.settings(json!({"resourceUnits": 20})).await;
    for _ in 0..8 {
        assert!(world.get("/users").await.header("x-ms-throttle-limit-percentage").is_none());
    }
    assert_eq!(world.get("/users").await.header("x-ms-throttle-limit-percentage"), Some("0.9"));
    assert_eq!(world.get("/users").await.header("x-ms-throttle-limit-percentage"), Some("1.0"));
    let answer = world.get("/users").await;
    assert_eq!((answer.status, answer.code()), (429, "TooManyRequests"));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait));
    assert!(answer.header("x-ms-throttle-scope").unwrap().starts_with("Tenant_Application/Read/"));
    assert_eq!(answer.header("x-ms-throttle-information"), Some("ResourceUnitLimitExceeded"));
    assert_eq!(answer.body["error"]["innerError"]["status"], "429");
    world.advance(wait);
    assert_eq!(world.get("/users").await.status, 200);
}

#[tokio::test]
async fn throttling_can_be_switched_off() {
    let world = World::small().await;
    world.settings(json!({"resourceUnits": 1, "throttling": false})).await;
    for _ in 0..5 {
        assert_eq!(world.get("/users").await.status, 200);
    }
}

#[tokio::test]
async fn parts_of_a_batch_count_one_by_one() {
    let world = World::small().await;
    world.settings(json!({"resourceUnits": 4})).await;
    let parts: Vec<_> = (0..4).map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/users"})).collect();
    let answer = world.post("/$batch", json!({"requests": parts})).await;
    let throttled = answer.body["responses"].as_array().unwrap().iter().filter(|part| part["status"] == 429).count();
    assert_eq!((answer.status, throttled), (200, 2));
}
