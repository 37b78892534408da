//! What is told to receivers, and how.

use crate::receiver::{Handshake, Manners, Receiver};
use crate::subscriptions::subscribe;
use crate::world::World;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

async fn quiet(receiver: &Receiver) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(receiver.notifications().is_empty());
}

#[tokio::test]
async fn creation_and_soft_delete_are_updated_and_only_a_purge_is_deleted() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let subscription = subscribe(&world, &receiver.url, "users").await;
    let id = world.join("Ann A").await;
    world.act(json!([{"action": "leave", "id": id}, {"action": "purge", "id": id}])).await;
    let found = receiver.wait_for(3).await;
    let types: Vec<&str> = found.iter().map(|one| one["changeType"].as_str().unwrap()).collect();
    assert_eq!(types, ["updated", "updated", "deleted"]);
    for one in &found {
        assert_eq!(one["subscriptionId"], subscription.as_str());
        assert_eq!(one["clientState"], "secret");
        assert_eq!(one["tenantId"], world.tenant.tenant_id.to_string());
        assert_eq!(one["resource"], format!("Users/{id}"));
        assert_eq!(one["resourceData"]["@odata.type"], "#Microsoft.Graph.User");
        assert_eq!(one["resourceData"]["id"], id.as_str());
    }
}

#[tokio::test]
async fn query_parameters_of_the_url_are_kept() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    subscribe(&world, &receiver.url, "users").await;
    world.join("Ann A").await;
    receiver.wait_for(1).await;
    assert_eq!(receiver.seen()[0].0, "/hook?a=b");
}

#[tokio::test]
async fn a_group_subscription_tells_membership_changes_and_a_user_subscription_does_not() {
    let (world, groups, users) = (World::small().await, Receiver::polite().await, Receiver::polite().await);
    let ann = world.join("Ann A").await;
    subscribe(&world, &groups.url, "groups").await;
    subscribe(&world, &users.url, "users").await;
    let group = world.tenant.roots[0].to_string();
    world.act(json!([{"action": "addMember", "group": group, "member": ann}, {"action": "removeMember", "group": group, "member": ann}])).await;
    let found = groups.wait_for(2).await;
    assert_eq!(found[0]["resource"], format!("Groups/{group}"));
    assert_eq!(found[0]["resourceData"]["members@delta"], json!([{"id": ann}]));
    assert_eq!(found[1]["resourceData"]["members@delta"], json!([{"id": ann, "@removed": "deleted"}]));
    quiet(&users).await;
}

#[tokio::test]
async fn a_notification_is_sent_again_until_it_is_taken() {
    let world = World::small().await;
    world.settings(json!({"notifications": {"retryMillis": 20}})).await;
    let receiver =
        Receiver::new(Manners { handshake: Handshake::Right, statuses: vec![500, 503, 404, 202], delay: 0 }).await;
    subscribe(&world, &receiver.url, "users").await;
    world.join("Ann A").await;
    receiver.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let deliveries = world.server.deliveries();
    assert_eq!((deliveries[0].attempts, deliveries[0].outcome), (4, "delivered"));
    assert!(deliveries[0].finished_at >= deliveries[0].changed_at);
}

#[tokio::test]
async fn a_slow_answer_is_no_delivery() {
    let world = World::small().await;
    world
        .settings(json!({"notifications": {"firstTimeoutMillis": 100, "retryTimeoutMillis": 2_000, "retryMillis": 10}}))
        .await;
    let receiver = Receiver::new(Manners { handshake: Handshake::Right, statuses: vec![202], delay: 300 }).await;
    subscribe(&world, &receiver.url, "users").await;
    world.join("Ann A").await;
    receiver.wait_for(2).await;
}

#[tokio::test]
async fn changes_close_together_come_in_one_request() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    world.settings(json!({"notifications": {"batchMillis": 200}})).await;
    subscribe(&world, &receiver.url, "users").await;
    for number in 0..10 {
        world.join(&format!("Ann {number}")).await;
    }
    receiver.wait_for(10).await;
    assert!(receiver.seen().len() < 10);
}

#[tokio::test]
async fn notifications_can_be_lost_dropped_and_doubled() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    subscribe(&world, &receiver.url, "users").await;
    world.settings(json!({"notifications": {"lose": true}})).await;
    world.join("Ann A").await;
    quiet(&receiver).await;
    assert_eq!(world.server.deliveries()[0].outcome, "lost");
    world.settings(json!({"notifications": {"lose": false, "dropNext": 1}})).await;
    world.join("Ann B").await;
    quiet(&receiver).await;
    world.settings(json!({"notifications": {"copies": 3}})).await;
    world.join("Ann C").await;
    receiver.wait_for(3).await;
}

#[tokio::test]
async fn a_wrong_client_state_can_be_sent() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    subscribe(&world, &receiver.url, "users").await;
    world.settings(json!({"notifications": {"clientState": "forged"}})).await;
    world.join("Ann A").await;
    assert_eq!(receiver.wait_for(1).await[0]["clientState"], "forged");
}

#[tokio::test]
async fn a_lifecycle_notification_goes_to_the_lifecycle_url() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let id = subscribe(&world, &receiver.url, "users").await;
    let event = json!({"event": "reauthorizationRequired"});
    assert_eq!(world.control(Method::POST, &format!("/subscriptions/{id}/lifecycle"), Some(event)).await.status, 202);
    let found = receiver.wait_for(1).await;
    assert_eq!(found[0]["lifecycleEvent"], "reauthorizationRequired");
    assert_eq!(found[0]["clientState"], "secret");
    assert_eq!(receiver.seen()[0].0, "/life");
}

#[tokio::test]
async fn one_object_can_be_watched_alone() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    subscribe(&world, &receiver.url, &format!("/users/{ann}")).await;
    world.act(json!([{"action": "disable", "id": bo}, {"action": "disable", "id": ann}])).await;
    receiver.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.notifications().len(), 1);
}
