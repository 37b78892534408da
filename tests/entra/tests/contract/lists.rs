//! Lists of users: pages, options, refusals.

use crate::world::{World, ids};
use reqwest::Method;
use serde_json::{Value, json};

const DEFAULTS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

#[tokio::test]
async fn a_page_has_100_rows_by_default_and_999_at_most() {
    let world = World::new(entra::TenantOptions { people: 1100, groups: 0, ..Default::default() }).await;
    assert_eq!(world.get("/users").await.rows().len(), 100);
    assert_eq!(world.get("/users?$top=999").await.rows().len(), 999);
    let answer = world.get("/users?$top=1000").await;
    assert_eq!((answer.status, answer.code()), (400, "Request_UnsupportedQuery"));
    assert_eq!(answer.message(), "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.");
    assert_eq!(world.get("/users?$top=0").await.status, 400);
}

#[tokio::test]
async fn following_next_links_gives_everybody_once() {
    let world = World::small().await;
    for top in [1, 7, 100, 999] {
        let (rows, _) = world.all(&format!("/users?$top={top}&$select=id")).await;
        let mut unique = ids(&rows);
        unique.dedup();
        assert_eq!((rows.len(), unique.len()), (200, 200));
    }
}

#[tokio::test]
async fn the_default_properties_come_without_select_and_unset_ones_are_null() {
    let world = World::empty().await;
    world.join("Ann Smith").await;
    let answer = world.get("/users").await;
    let row = answer.rows()[0].as_object().unwrap().clone();
    let mut names: Vec<&str> = row.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, DEFAULTS);
    assert_eq!(row["mail"], Value::Null);
    assert_eq!(row["businessPhones"], json!([]));
}

#[tokio::test]
async fn select_gives_exactly_the_selected_properties_and_an_unknown_one_is_refused() {
    let world = World::small().await;
    let answer = world.get("/users?$select=id,accountEnabled,employeeHireDate&$top=1").await;
    let names: Vec<&String> = answer.rows()[0].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 3);
    let answer = world.get("/users?$select=id,nonsense").await;
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("Could not find a property named 'nonsense' on type 'microsoft.graph.user'"));
}

#[tokio::test]
async fn skip_and_unknown_options_are_refused() {
    let world = World::small().await;
    assert_eq!(world.get("/users?$skip=10").await.status, 400);
    assert_eq!(world.get("/users?$apply=x").await.status, 400);
    assert_eq!(world.get("/users?$skiptoken=nonsense").await.status, 400);
}

#[tokio::test]
async fn properties_kept_outside_the_directory_are_501_on_a_collection() {
    let world = World::small().await;
    assert_eq!(world.get("/users?$select=skills").await.status, 501);
    let id = ids(world.get("/users?$top=1").await.rows())[0].clone();
    assert_eq!(world.get(&format!("/users/{id}?$select=skills")).await.status, 200);
}

#[tokio::test]
async fn a_next_link_keeps_the_options_and_has_a_skiptoken() {
    let world = World::small().await;
    let link = world.get("/users?$top=5&$select=id").await.link("@odata.nextLink").unwrap();
    assert!(link.starts_with(&format!("{}/v1.0/users?", world.server.origin())));
    assert!(link.contains("$top=5") && link.contains("$select=id") && link.contains("$skiptoken="));
}

#[tokio::test]
async fn a_next_link_can_expire() {
    let world = World::small().await;
    world.settings(json!({"pageTokenLifeSeconds": 60})).await;
    let link = world.get("/users?$top=5").await.link("@odata.nextLink").unwrap();
    assert_eq!(world.get(&link).await.status, 200);
    world.advance(61);
    let answer = world.get(&link).await;
    assert_eq!((answer.status, answer.code()), (400, "Directory_ExpiredPageToken"));
}

#[tokio::test]
async fn people_who_join_or_leave_while_pages_are_read_do_not_make_others_vanish() {
    let world = World::small().await;
    let first = world.get("/users?$top=50&$select=id").await;
    let gone = ids(first.rows())[0].clone();
    world.act(json!([{"action": "leave", "id": gone}])).await;
    let (rest, _) = world.all(&first.link("@odata.nextLink").unwrap()).await;
    assert_eq!(rest.len(), 150);
}

#[tokio::test]
async fn user_read_basic_all_is_enough_for_the_basic_profile_alone() {
    let world = World::with_roles(&["User.ReadBasic.All"]).await;
    assert_eq!(world.get("/users?$select=id,displayName,mail").await.status, 200);
    assert_eq!(world.get("/users?$select=id,department").await.status, 403);
    assert_eq!(world.get("/users/delta").await.status, 403);
    assert_eq!(world.get("/groups").await.status, 403);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_the_resource_units_and_echoes_the_client_request_id() {
    let world = World::small().await;
    let answer = world.call(Method::GET, "/users", &[("client-request-id", "abc")], None).await;
    assert!(answer.header("request-id").is_some());
    assert_eq!(answer.header("client-request-id"), Some("abc"));
    assert_eq!(answer.header("x-ms-resource-unit"), Some("2"));
    let refused = world.call(Method::GET, "/users?$skip=1", &[("client-request-id", "abc")], None).await;
    assert_eq!(refused.body["error"]["innerError"]["client-request-id"], "abc");
    assert_eq!(refused.header("request-id").unwrap(), refused.body["error"]["innerError"]["request-id"]);
}

#[tokio::test]
async fn expand_manager_gives_the_immediate_manager_and_nothing_where_there_is_none() {
    let world = World::empty().await;
    let (boss, ann) = (world.join("Boss One").await, world.join("Ann Two").await);
    world.act(json!([{"action": "setManager", "id": ann, "manager": boss}])).await;
    let answer = world.get("/users?$expand=manager&$select=id").await;
    let row = |id: &str| answer.rows().iter().find(|row| row["id"] == id).unwrap().clone();
    assert_eq!(row(&ann)["manager"]["id"], boss.as_str());
    assert_eq!(row(&ann)["manager"]["displayName"], "Boss One");
    assert!(row(&boss).get("manager").is_none());
}

#[tokio::test]
async fn expand_with_inner_select_needs_the_header_and_count_and_levels_need_a_single_user() {
    let world = World::small().await;
    assert_eq!(world.get("/users?$expand=manager($select=id)&$select=id").await.status, 400);
    assert_eq!(world.get_eventual("/users?$expand=manager($select=id)&$select=id").await.status, 400);
    let answer = world.get_eventual("/users?$expand=manager($select=id)&$select=id&$count=true&$top=999").await;
    let managed = answer.rows().iter().find(|row| row.get("manager").is_some()).unwrap();
    let mut names: Vec<&String> = managed["manager"].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["@odata.type", "id"]);
    let refused = world.get_eventual("/users?$expand=manager($levels=max)&$count=true").await;
    assert_eq!(refused.status, 400);
    assert!(refused.message().starts_with("Transitive manager's list is only supported on a single user"));
    assert_eq!(world.get("/users?$expand=manager,memberOf").await.status, 400);
}
