//! Single users and what hangs on them.

use crate::world::{EVENTUAL, World, ids};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_user_is_found_by_id_and_by_user_principal_name_without_case() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    for key in [id.as_str(), "Ann.Smith@x.example", "ANN.SMITH@X.EXAMPLE"] {
        assert_eq!(world.get(&format!("/users/{key}")).await.body["id"], id.as_str());
    }
    assert_eq!(world.get(&format!("/users('{id}')")).await.body["id"], id.as_str());
}

#[tokio::test]
async fn a_missing_user_is_404_request_resource_not_found() {
    let world = World::small().await;
    let id = "11111111-2222-3333-4444-555555555555";
    let answer = world.get(&format!("/users/{id}")).await;
    assert_eq!((answer.status, answer.code()), (404, "Request_ResourceNotFound"));
    assert_eq!(
        answer.message(),
        format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.")
    );
}

#[tokio::test]
async fn a_group_is_not_found_among_users() {
    let world = World::small().await;
    assert_eq!(world.get(&format!("/users/{}", world.tenant.roots[0])).await.status, 404);
}

#[tokio::test]
async fn the_manager_is_404_where_there_is_none_and_typed_where_there_is_one() {
    let world = World::empty().await;
    let (boss, ann) = (world.join("Boss One").await, world.join("Ann Two").await);
    assert_eq!(world.get(&format!("/users/{ann}/manager")).await.status, 404);
    world.act(json!([{"action": "setManager", "id": ann, "manager": boss}])).await;
    let answer = world.get(&format!("/users/{ann}/manager?$select=id")).await;
    assert_eq!(answer.body["id"], boss.as_str());
    assert_eq!(answer.body["@odata.type"], "#microsoft.graph.user");
    assert_eq!(ids(world.get(&format!("/users/{boss}/directReports")).await.rows()), [ann]);
}

#[tokio::test]
async fn levels_expand_the_chain_of_managers_on_a_single_user() {
    let world = World::empty().await;
    let (top, middle, low) = (world.join("A A").await, world.join("B B").await, world.join("C C").await);
    world.act(json!([{"action": "setManager", "id": low, "manager": middle}, {"action": "setManager", "id": middle, "manager": top}])).await;
    let path = format!("/users/{low}?$expand=manager($levels=max;$select=id)&$select=id&$count=true");
    let answer = world.call(Method::GET, &path, &[EVENTUAL], None).await;
    assert_eq!(answer.body["manager"]["manager"]["id"], top.as_str());
    assert!(answer.body["manager"]["manager"].get("manager").is_none());
}

#[tokio::test]
async fn a_cycle_of_managers_ends() {
    let world = World::empty().await;
    let (one, other) = (world.join("A A").await, world.join("B B").await);
    world.act(json!([{"action": "setManager", "id": one, "manager": other}, {"action": "setManager", "id": other, "manager": one}])).await;
    let path = format!("/users/{one}?$expand=manager($levels=max)&$count=true");
    assert_eq!(world.call(Method::GET, &path, &[EVENTUAL], None).await.status, 200);
}

#[tokio::test]
async fn a_deleted_manager_is_nobodys_manager_until_restored() {
    let world = World::empty().await;
    let (boss, ann) = (world.join("Boss One").await, world.join("Ann Two").await);
    world.act(json!([{"action": "setManager", "id": ann, "manager": boss}, {"action": "leave", "id": boss}])).await;
    assert_eq!(world.get(&format!("/users/{ann}/manager")).await.status, 404);
    world.act(json!([{"action": "restore", "id": boss}])).await;
    assert_eq!(world.get(&format!("/users/{ann}/manager")).await.body["id"], boss.as_str());
}

#[tokio::test]
async fn member_of_has_groups_and_roles_and_a_cast_leaves_groups() {
    let world = World::small().await;
    let everybody = world.all("/users?$select=id").await.0;
    let first = everybody[0]["id"].as_str().unwrap();
    let types = |rows: &[serde_json::Value]| {
        rows.iter()
            .map(|row| row["@odata.type"].as_str().unwrap_or("#microsoft.graph.group").to_owned())
            .collect::<Vec<_>>()
    };
    let all = world.get(&format!("/users/{first}/memberOf")).await;
    assert!(types(all.rows()).contains(&"#microsoft.graph.directoryRole".to_owned()));
    let cast = world.get(&format!("/users/{first}/memberOf/microsoft.graph.group")).await;
    assert!(types(cast.rows()).iter().all(|name| name == "#microsoft.graph.group"));
    let transitive = format!("/users/{first}/transitiveMemberOf/microsoft.graph.group");
    assert_eq!(world.get(&transitive).await.status, 400);
    assert_eq!(world.get_eventual(&format!("{transitive}?$count=true")).await.status, 200);
}

#[tokio::test]
async fn check_member_groups_is_transitive_and_takes_20_ids() {
    let world = World::empty().await;
    let ann = world.join("Ann Two").await;
    let inner = world.group("Inner", &[&ann]).await;
    let outer = world.group("Outer", &[&inner]).await;
    let other = world.group("Other", &[]).await;
    let path = format!("/users/{ann}/checkMemberGroups");
    let answer = world.post(&path, json!({"groupIds": [outer, other]})).await;
    assert_eq!(answer.body["value"], json!([outer]));
    let many: Vec<String> = (0..21).map(|_| outer.clone()).collect();
    assert_eq!(world.post(&path, json!({"groupIds": many})).await.status, 400);
    let answer = world.post(&format!("/users/{ann}/getMemberGroups"), json!({"securityEnabledOnly": false})).await;
    assert_eq!(answer.body["value"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn get_by_ids_takes_1000_ids_passes_over_missing_ones_and_shows_types() {
    let world = World::empty().await;
    let ann = world.join("Ann Two").await;
    let group = world.group("Inner", &[]).await;
    let answer = world
        .post("/directoryObjects/getByIds", json!({"ids": [ann, group, "11111111-2222-3333-4444-555555555555"]}))
        .await;
    assert_eq!(answer.rows().len(), 2);
    let answer = world.post("/directoryObjects/getByIds", json!({"ids": [ann, group], "types": ["group"]})).await;
    assert_eq!(ids(answer.rows()), [group]);
    let many: Vec<String> = (0..1001).map(|_| ann.clone()).collect();
    assert_eq!(world.post("/directoryObjects/getByIds", json!({"ids": many})).await.status, 400);
}

#[tokio::test]
async fn the_organization_is_the_tenant_of_the_token() {
    let world = World::small().await;
    let answer = world.get("/organization").await;
    assert_eq!(answer.rows()[0]["id"], world.tenant.tenant_id.to_string());
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_400() {
    let world = World::small().await;
    let answer = world.get("/nonsense").await;
    assert_eq!((answer.status, answer.message()), (400, "Resource not found for the segment 'nonsense'."));
}
