//! The recycle bin.

use crate::world::{World, ids};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_deleted_user_is_404_and_in_the_recycle_bin_under_a_mangled_name() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    world.act(json!([{"action": "leave", "id": id}])).await;
    assert_eq!(world.get(&format!("/users/{id}")).await.status, 404);
    let answer =
        world.get("/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime").await;
    assert_eq!(ids(answer.rows()), std::slice::from_ref(&id));
    assert_eq!(answer.rows()[0]["userPrincipalName"], format!("{}Ann.Smith@x.example", id.replace('-', "")));
    assert!(answer.rows()[0]["deletedDateTime"].is_string());
    assert_eq!(world.get(&format!("/directory/deletedItems/{id}")).await.status, 200);
}

#[tokio::test]
async fn the_recycle_bin_needs_a_cast_and_the_read_permission_of_the_kind() {
    let world = World::with_roles(&["User.Read.All", "GroupMember.Read.All"]).await;
    assert_eq!(world.get("/directory/deletedItems").await.status, 400);
    assert_eq!(world.get("/directory/deletedItems/microsoft.graph.user").await.status, 200);
    assert_eq!(world.get("/directory/deletedItems/microsoft.graph.group").await.status, 403);
}

#[tokio::test]
async fn a_security_group_in_the_recycle_bin_says_it_is_not_security_enabled() {
    let world = World::empty().await;
    let id = world.group("Sales", &[]).await;
    assert_eq!(world.get(&format!("/groups/{id}")).await.body["securityEnabled"], true);
    world.act(json!([{"action": "leave", "id": id}])).await;
    let answer = world.get("/directory/deletedItems/microsoft.graph.group").await;
    assert_eq!((&answer.rows()[0]["securityEnabled"], &answer.rows()[0]["groupTypes"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn a_restored_user_has_the_same_id_and_memberships() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let group = world.group("Sales", &[&id]).await;
    world.act(json!([{"action": "leave", "id": id}])).await;
    assert!(world.get(&format!("/groups/{group}/members")).await.rows().is_empty());
    world.act(json!([{"action": "restore", "id": id}])).await;
    assert_eq!(ids(world.get(&format!("/groups/{group}/members")).await.rows()), std::slice::from_ref(&id));
    assert_eq!(world.get("/users/Ann.Smith@x.example").await.body["id"], id.as_str());
}

#[tokio::test]
async fn restore_and_purge_over_graph_need_the_right_and_answer_200_and_204() {
    let mut world = World::empty().await;
    let id = world.join("Ann Smith").await;
    world.act(json!([{"action": "leave", "id": id}])).await;
    let restore = format!("/directory/deletedItems/{id}/restore");
    assert_eq!(world.call(Method::POST, &restore, &[], None).await.status, 403);
    world.control(Method::POST, "/apps/first/grant", Some(json!(["User.DeleteRestore.All"]))).await;
    world.sign_in().await;
    let answer = world.call(Method::POST, &restore, &[], None).await;
    assert_eq!((answer.status, &answer.body["id"]), (200, &json!(id)));
    world.act(json!([{"action": "leave", "id": id}])).await;
    assert_eq!(world.call(Method::DELETE, &format!("/directory/deletedItems/{id}"), &[], None).await.status, 204);
    assert_eq!(world.get(&format!("/directory/deletedItems/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_new_user_may_take_the_name_of_a_deleted_one_with_another_id() {
    let world = World::empty().await;
    let old = world.join("Ann Smith").await;
    world.act(json!([{"action": "leave", "id": old}])).await;
    let new = world.join("Ann Smith").await;
    assert_ne!(old, new);
    let refused = world.control(Method::POST, "/actions", Some(json!([{"action": "restore", "id": old}]))).await;
    assert_eq!(refused.status, 400);
    world.act(json!([{"action": "restore", "id": old, "userPrincipalName": "ann.old@x.example"}])).await;
    assert_eq!(world.get(&format!("/users/{old}")).await.body["userPrincipalName"], "ann.old@x.example");
}
