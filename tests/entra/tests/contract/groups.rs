//! Groups and their members.

use crate::world::{World, ids};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn members_are_direct_typed_and_of_several_kinds() {
    let world = World::small().await;
    let (rows, _) =
        world.all(&format!("/groups/{}/members?$select=id,displayName,userPrincipalName", world.tenant.roots[0])).await;
    let types: BTreeSet<&str> = rows.iter().map(|row| row["@odata.type"].as_str().unwrap()).collect();
    assert!(types.contains("#microsoft.graph.user") && types.contains("#microsoft.graph.group"));
    assert!(types.contains("#microsoft.graph.device") && types.contains("#microsoft.graph.servicePrincipal"));
    let group = rows.iter().find(|row| row["@odata.type"] == "#microsoft.graph.group").unwrap();
    assert!(group.get("userPrincipalName").is_none() && group["displayName"].is_string());
}

#[tokio::test]
async fn objects_of_a_kind_one_may_not_read_show_type_and_id_alone() {
    let world = World::with_roles(&["GroupMember.Read.All"]).await;
    let (rows, _) = world.all(&format!("/groups/{}/members?$select=id,displayName", world.tenant.roots[0])).await;
    let users: Vec<&Value> = rows.iter().filter(|row| row["@odata.type"] == "#microsoft.graph.user").collect();
    assert!(!users.is_empty());
    assert!(users.iter().all(|row| row["id"].is_string() && row["displayName"] == Value::Null));
    assert_eq!(world.get("/users").await.status, 403);
}

#[tokio::test]
async fn transitive_members_follow_nesting_through_a_cycle_and_name_each_once() {
    let world = World::empty().await;
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    let low = world.group("Low", &[&ann, &bo]).await;
    let high = world.group("High", &[&low, &ann]).await;
    world.act(json!([{"action": "addMember", "group": low, "member": high}])).await;
    let (rows, _) = world.all(&format!("/groups/{high}/transitiveMembers")).await;
    let mut expected = vec![ann.clone(), bo.clone(), low];
    expected.sort();
    assert_eq!(ids(&rows), expected);
    let cast = format!("/groups/{high}/transitiveMembers/microsoft.graph.user");
    assert_eq!(world.get(&cast).await.status, 400);
    assert_eq!(world.get_eventual(&cast).await.status, 400);
    let answer = world.get_eventual(&format!("{cast}?$count=true&$top=1")).await;
    assert_eq!(answer.body["@odata.count"], 2);
    let (rows, _) = world.all(&format!("{cast}?$count=true&$top=1")).await;
    let mut expected = vec![ann, bo];
    expected.sort();
    assert_eq!(ids(&rows), expected);
}

#[tokio::test]
async fn the_count_of_transitive_members_needs_the_header() {
    let world = World::small().await;
    let path = format!("/groups/{}/transitiveMembers", world.tenant.roots[0]);
    assert_eq!(world.get(&format!("{path}/$count")).await.status, 400);
    let counted: usize = world.get_eventual(&format!("{path}/$count")).await.text.parse().unwrap();
    assert_eq!(counted, world.all(&path).await.0.len());
    let cast = format!("{path}/microsoft.graph.user");
    let counted: usize = world.get_eventual(&format!("{cast}/$count")).await.text.parse().unwrap();
    assert_eq!(counted, world.all(&format!("{cast}?$count=true")).await.0.len());
}

#[tokio::test]
async fn the_seeded_groups_are_nested_four_deep_with_a_cycle_and_an_empty_group() {
    let world = World::small().await;
    let (state, roots) = (world.control(reqwest::Method::GET, "/state", None).await.body, &world.tenant.roots);
    assert_eq!(roots.len(), 3);
    let groups = state["groups"].as_array().unwrap();
    let members = |id: &str| {
        groups.iter().find(|group| group["id"] == id).map(|group| group["members"].as_array().unwrap().clone())
    };
    let mut level: Vec<String> = vec![roots[0].to_string()];
    for depth in 1..4 {
        level = level
            .iter()
            .flat_map(|id| members(id).unwrap_or_default())
            .map(|id| id.as_str().unwrap().to_owned())
            .filter(|id| members(id).is_some())
            .collect();
        assert!(!level.is_empty(), "nothing at depth {depth}");
    }
    assert!(groups.iter().any(|group| group["members"] == json!([])));
    let first = roots[0].to_string();
    let holders = groups
        .iter()
        .filter(|group| group["members"].as_array().unwrap().iter().any(|member| *member == first.as_str()));
    assert!(holders.count() >= 1, "no cycle");
    assert_eq!(groups.len(), 20);
}

#[tokio::test]
async fn group_types_tell_security_and_microsoft_365_groups_apart() {
    let world = World::small().await;
    let (rows, _) = world.all("/groups").await;
    let unified = rows.iter().filter(|row| row["groupTypes"] == json!(["Unified"])).count();
    assert!(unified > 0 && unified < rows.len());
    assert!(rows.iter().all(|row| row["mailEnabled"].as_bool().unwrap() == (row["groupTypes"] == json!(["Unified"]))));
    let filter = "groupTypes/any(c:c%20eq%20'Unified')";
    assert_eq!(world.all(&format!("/groups?$filter={filter}")).await.0.len(), unified);
}

#[tokio::test]
async fn a_user_cast_of_members_works_without_the_header_and_a_filter_needs_it() {
    let world = World::small().await;
    let path = format!("/groups/{}/members/microsoft.graph.user", world.tenant.roots[0]);
    assert_eq!(world.get(&path).await.status, 200);
    let filter = "accountEnabled%20eq%20false";
    assert_eq!(world.get(&format!("{path}?$filter={filter}")).await.status, 400);
    assert_eq!(world.get_eventual(&format!("{path}?$filter={filter}&$count=true")).await.status, 200);
}
