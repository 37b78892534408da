//! Delta queries.

use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};

async fn since(world: &World, path: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let answer = world.get(&format!("{path}{separator}$deltatoken=latest")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.rows().is_empty());
    answer.link("@odata.deltaLink").unwrap()
}

fn row<'rows>(rows: &'rows [Value], id: &str) -> &'rows Value {
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is not among {rows:?}"))
}

#[tokio::test]
async fn latest_gives_an_empty_page_with_a_delta_link_that_tells_only_later_changes() {
    let world = World::small().await;
    let link = since(&world, "/users/delta?$select=id,displayName").await;
    assert!(link.contains("$deltatoken="));
    assert!(world.all(&link).await.0.is_empty());
    let id = world.join("Ann Smith").await;
    let (rows, next) = world.all(&link).await;
    assert_eq!(rows, [json!({"id": id, "displayName": "Ann Smith"})]);
    assert!(world.all(&next.unwrap()).await.0.is_empty());
}

#[tokio::test]
async fn the_first_round_tells_everybody_and_a_page_has_one_link() {
    let world = World::small().await;
    world.settings(json!({"delta": {"pageSize": 30}})).await;
    let mut next = Some("/users/delta".to_owned());
    let mut count = 0;
    while let Some(path) = next {
        let answer = world.get(&path).await;
        count += answer.rows().len();
        next = answer.link("@odata.nextLink");
        assert_ne!(next.is_some(), answer.link("@odata.deltaLink").is_some());
        assert!(answer.rows().len() <= 30);
        if let Some(link) = &next {
            assert!(link.contains("$skiptoken=") && !link.contains("$deltatoken="));
        }
    }
    assert_eq!(count, 200);
}

#[tokio::test]
async fn only_selected_properties_are_told_and_only_they_make_a_row() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let link = since(&world, "/users/delta?$select=displayName,city").await;
    world.act(json!([{"action": "setProperties", "id": id, "properties": {"jobTitle": "Lead"}}])).await;
    assert!(world.all(&link).await.0.is_empty());
    world.act(json!([{"action": "setProperties", "id": id, "properties": {"city": "Rome"}}])).await;
    assert_eq!(world.all(&link).await.0, [json!({"id": id, "displayName": "Ann Smith", "city": "Rome"})]);
}

#[tokio::test]
async fn a_never_set_property_is_omitted_and_a_cleared_one_is_null() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let (rows, link) = world.all("/users/delta?$select=displayName,city").await;
    assert_eq!(rows, [json!({"id": id, "displayName": "Ann Smith"})]);
    world.act(json!([{"action": "setProperties", "id": id, "properties": {"city": "Rome"}}])).await;
    world.act(json!([{"action": "setProperties", "id": id, "properties": {"city": null}}])).await;
    assert_eq!(world.all(&link.unwrap()).await.0, [json!({"id": id, "displayName": "Ann Smith", "city": null})]);
}

#[tokio::test]
async fn return_minimal_tells_only_what_changed() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let link = since(&world, "/users/delta?$select=displayName,city").await;
    world.act(json!([{"action": "setProperties", "id": id, "properties": {"city": "Rome"}}])).await;
    let answer = world.call(Method::GET, &link, &[("prefer", "return=minimal")], None).await;
    assert_eq!(answer.rows(), [json!({"id": id, "city": "Rome"})]);
}

#[tokio::test]
async fn a_soft_delete_is_changed_a_purge_is_deleted_and_a_restore_is_a_whole_row() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let link = since(&world, "/users/delta?$select=displayName").await;
    world.act(json!([{"action": "leave", "id": id}])).await;
    let (rows, link) = world.all(&link).await;
    assert_eq!(rows, [json!({"id": id, "@removed": {"reason": "changed"}})]);
    world.act(json!([{"action": "restore", "id": id}])).await;
    let (rows, link) = world.all(&link.unwrap()).await;
    assert_eq!(rows, [json!({"id": id, "displayName": "Ann Smith"})]);
    world.act(json!([{"action": "leave", "id": id}, {"action": "purge", "id": id}])).await;
    let (rows, _) = world.all(&link.unwrap()).await;
    assert_eq!(rows, [json!({"id": id, "@removed": {"reason": "deleted"}})]);
}

#[tokio::test]
async fn disabling_is_an_ordinary_change() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    let link = since(&world, "/users/delta?$select=accountEnabled").await;
    world.act(json!([{"action": "disable", "id": id}])).await;
    assert_eq!(world.all(&link).await.0, [json!({"id": id, "accountEnabled": false})]);
}

#[tokio::test]
async fn the_first_round_may_have_removed_rows() {
    let world = World::empty().await;
    let id = world.join("Ann Smith").await;
    world.act(json!([{"action": "leave", "id": id}])).await;
    assert!(world.all("/users/delta").await.0.is_empty());
    world.settings(json!({"delta": {"removedInInitial": true}})).await;
    assert_eq!(world.all("/users/delta").await.0, [json!({"id": id, "@removed": {"reason": "changed"}})]);
}

#[tokio::test]
async fn manager_is_told_by_an_annotation_when_selected() {
    let world = World::empty().await;
    let (one, two, ann) = (world.join("Boss One").await, world.join("Boss Two").await, world.join("Ann A").await);
    world.act(json!([{"action": "setManager", "id": ann, "manager": one}])).await;
    let (rows, link) = world.all("/users/delta?$select=id,manager").await;
    assert_eq!(row(&rows, &ann)["manager@delta"], json!([{"@odata.type": "#microsoft.graph.user", "id": one}]));
    assert!(row(&rows, &one).get("manager@delta").is_none());
    world.act(json!([{"action": "setManager", "id": ann, "manager": two}])).await;
    let (rows, link) = world.all(&link.unwrap()).await;
    let told = row(&rows, &ann)["manager@delta"].as_array().unwrap().clone();
    assert!(told.contains(&json!({"@odata.type": "#microsoft.graph.user", "id": two})));
    assert!(
        told.contains(&json!({"@odata.type": "#microsoft.graph.user", "id": one, "@removed": {"reason": "deleted"}}))
    );
    world.act(json!([{"action": "setManager", "id": ann, "manager": null}])).await;
    let (rows, _) = world.all(&link.unwrap()).await;
    assert_eq!(
        row(&rows, &ann)["manager@delta"],
        json!([{"@odata.type": "#microsoft.graph.user", "id": two, "@removed": {"reason": "deleted"}}])
    );
    let (rows, _) = world.all("/users/delta?$select=id").await;
    assert!(rows.iter().all(|row| row.get("manager@delta").is_none()));
}

#[tokio::test]
async fn membership_is_told_on_the_direct_group_alone() {
    let world = World::empty().await;
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    let low = world.group("Low", &[&ann]).await;
    let high = world.group("High", &[&low]).await;
    let (rows, link) = world.all("/groups/delta?$select=displayName,members").await;
    assert_eq!(row(&rows, &high)["members@delta"], json!([{"@odata.type": "#microsoft.graph.group", "id": low}]));
    world.act(json!([{"action": "addMember", "group": low, "member": bo}, {"action": "removeMember", "group": low, "member": ann}])).await;
    let (rows, _) = world.all(&link.unwrap()).await;
    assert_eq!(rows.len(), 1);
    let told = row(&rows, &low)["members@delta"].as_array().unwrap().clone();
    assert!(told.contains(&json!({"@odata.type": "#microsoft.graph.user", "id": bo})));
    assert!(
        told.contains(&json!({"@odata.type": "#microsoft.graph.user", "id": ann, "@removed": {"reason": "deleted"}}))
    );
}

#[tokio::test]
async fn members_are_told_when_nothing_is_selected_and_not_when_others_are() {
    let world = World::empty().await;
    let ann = world.join("Ann A").await;
    let group = world.group("Low", &[&ann]).await;
    let empty = world.group("Empty", &[]).await;
    let (rows, _) = world.all("/groups/delta").await;
    assert!(row(&rows, &group).get("members@delta").is_some());
    assert!(row(&rows, &empty).get("members@delta").is_none());
    let (rows, _) = world.all("/groups/delta?$select=displayName").await;
    assert!(row(&rows, &group).get("members@delta").is_none());
}

#[tokio::test]
async fn a_deleted_member_leaves_its_groups_and_comes_back_when_restored() {
    let world = World::empty().await;
    let ann = world.join("Ann A").await;
    let group = world.group("Low", &[&ann]).await;
    let link = since(&world, "/groups/delta").await;
    world.act(json!([{"action": "leave", "id": ann}])).await;
    let (rows, link) = world.all(&link).await;
    assert_eq!(row(&rows, &group)["members@delta"][0]["@removed"]["reason"], "deleted");
    world.act(json!([{"action": "restore", "id": ann}])).await;
    let (rows, _) = world.all(&link.unwrap()).await;
    assert_eq!(row(&rows, &group)["members@delta"], json!([{"@odata.type": "#microsoft.graph.user", "id": ann}]));
}

#[tokio::test]
async fn a_large_group_is_repeated_over_pages_with_other_groups_between() {
    let world = World::small().await;
    world.settings(json!({"delta": {"pageSize": 4, "membersPerRow": 3}})).await;
    let (rows, _) = world.all("/groups/delta?$select=displayName,members").await;
    let root = world.tenant.roots[0].to_string();
    let places: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| row["id"] == root.as_str()).map(|(place, _)| place).collect();
    assert!(places.len() > 1);
    assert!(places.windows(2).any(|pair| pair[1] > pair[0] + 1), "no other group between: {places:?}");
    let told: usize = places.iter().map(|place| rows[*place]["members@delta"].as_array().unwrap().len()).sum();
    assert_eq!(told, world.all(&format!("/groups/{root}/members")).await.0.len());
    assert!(places.iter().all(|place| rows[*place]["displayName"] == rows[places[0]]["displayName"]));
}

#[tokio::test]
async fn unsupported_options_and_filters_are_refused() {
    let world = World::small().await;
    for query in [
        "$top=5",
        "$expand=manager",
        "$orderby=displayName",
        "$search=x",
        "$count=true",
        "$filter=city%20eq%20'x'",
        "$select=nonsense",
    ] {
        assert_eq!(world.get(&format!("/users/delta?{query}")).await.status, 400, "{query}");
    }
    let ids = |count: u32| {
        (0..count)
            .map(|number| format!("id%20eq%20'00000000-0000-0000-0000-{number:012}'"))
            .collect::<Vec<_>>()
            .join("%20or%20")
    };
    assert_eq!(world.get(&format!("/users/delta?$filter={}", ids(50))).await.status, 200);
    assert_eq!(world.get(&format!("/users/delta?$filter={}", ids(51))).await.status, 400);
}

#[tokio::test]
async fn a_filter_by_id_follows_those_objects_alone() {
    let world = World::empty().await;
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    let (rows, link) = world.all(&format!("/users/delta?$filter=id%20eq%20'{ann}'&$select=displayName")).await;
    assert_eq!(rows, [json!({"id": ann, "displayName": "Ann A"})]);
    world.act(json!([{"action": "rename", "id": ann, "displayName": "Ann C"}, {"action": "rename", "id": bo, "displayName": "Bo C"}])).await;
    assert_eq!(world.all(&link.unwrap()).await.0.len(), 1);
}

#[tokio::test]
async fn a_link_lives_seven_days_and_then_is_sync_state_not_found() {
    let world = World::small().await;
    let link = since(&world, "/users/delta").await;
    world.settings(json!({"tokenLifeSeconds": 3_000_000})).await;
    let mut world = world;
    world.sign_in().await;
    world.advance(7 * 86_400 - 60);
    assert_eq!(world.get(&link).await.status, 200);
    world.advance(120);
    let answer = world.get(&link).await;
    assert_eq!((answer.status, answer.code()), (400, "syncStateNotFound"));
    world.settings(json!({"delta": {"expiredStatus": 410}})).await;
    assert_eq!(world.get(&link).await.status, 410);
}

#[tokio::test]
async fn a_reset_is_410_with_a_location_that_starts_over() {
    let world = World::small().await;
    let link = since(&world, "/users/delta").await;
    world.control(Method::POST, "/reset-delta", None).await;
    let answer = world.get(&link).await;
    assert_eq!(answer.status, 410);
    let location = answer.header("location").unwrap();
    assert!(location.ends_with("/v1.0/users/delta?$deltatoken="));
    assert_eq!(world.all(location).await.0.len(), 200);
}

#[tokio::test]
async fn nothing_may_be_added_to_a_next_link_and_select_may_be_added_to_a_delta_link() {
    let world = World::small().await;
    world.settings(json!({"delta": {"pageSize": 30}})).await;
    let next = world.get("/users/delta?$select=displayName").await.link("@odata.nextLink").unwrap();
    assert_eq!(world.get(&format!("{next}&$select=city")).await.status, 400);
    let link = since(&world, "/users/delta?$select=displayName").await;
    let id = world.join("Ann A").await;
    let answer = world.get(&format!("{link}&$select=accountEnabled")).await;
    assert_eq!(answer.rows(), [json!({"id": id, "accountEnabled": true})]);
}

#[tokio::test]
async fn links_of_other_kinds_and_nonsense_are_refused() {
    let world = World::small().await;
    let link = since(&world, "/users/delta").await;
    assert_eq!(world.get(&link.replace("/users/", "/groups/")).await.status, 400);
    assert_eq!(world.get("/users/delta?$deltatoken=nonsense").await.status, 400);
    assert_eq!(world.get("/users/delta?$skiptoken=nonsense").await.status, 400);
}

#[tokio::test]
async fn with_a_propagation_lag_changes_show_late_and_are_not_lost() {
    let world = World::small().await;
    world.settings(json!({"propagationLagMillis": 60_000})).await;
    let link = since(&world, "/users/delta?$select=displayName").await;
    let id = world.join("Ann Late").await;
    assert_eq!(world.get(&format!("/users/{id}")).await.status, 404);
    let (rows, link) = world.all(&link).await;
    assert!(rows.is_empty());
    world.advance(61);
    assert_eq!(world.get(&format!("/users/{id}")).await.status, 200);
    assert_eq!(world.all(&link.unwrap()).await.0, [json!({"id": id, "displayName": "Ann Late"})]);
}

#[tokio::test]
async fn empty_pages_replays_and_random_pages_still_tell_everything() {
    let world = World::small().await;
    world
        .settings(json!({"delta": {"pageSize": 20, "randomPageSize": true, "emptyPagePercent": 40, "replayPercent": 50, "shuffle": true}}))
        .await;
    let mut empty = 0;
    let mut ids = std::collections::BTreeSet::new();
    let mut rows = 0;
    let mut next = Some("/users/delta?$select=id".to_owned());
    while let Some(path) = next {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200);
        next = answer.link("@odata.nextLink");
        empty += usize::from(answer.rows().is_empty() && next.is_some());
        rows += answer.rows().len();
        ids.extend(answer.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
    }
    assert!(empty > 0 && rows > 200);
    assert_eq!(ids.len(), 200);
}

#[tokio::test]
async fn a_manager_who_came_and_went_in_one_round_is_told_as_gone() {
    let world = World::empty().await;
    let (boss, ann) = (world.join("Boss One").await, world.join("Ann A").await);
    let link = since(&world, "/users/delta?$select=id,manager").await;
    let set = async |manager: Value| world.act(json!([{"action": "setManager", "id": ann, "manager": manager}])).await;
    set(json!(boss)).await;
    set(Value::Null).await;
    let gone = json!([{"@odata.type": "#microsoft.graph.user", "id": boss, "@removed": {"reason": "deleted"}}]);
    assert_eq!(row(&world.all(&link).await.0, &ann)["manager@delta"], gone);
}
