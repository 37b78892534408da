//! The API for tests, seeding, several tenants.

use crate::world::{World, answer};
use entra::TenantOptions;
use reqwest::Method;
use serde_json::{Value, json};

async fn state(world: &World) -> Value {
    world.control(Method::GET, "/state", None).await.body
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant_and_another_seed_another() {
    let seeded = async |seed| {
        let world = World::new(TenantOptions { seed, ..TenantOptions::default() }).await;
        let people =
            world.control(Method::GET, "/state?properties=displayName,userPrincipalName,mail", None).await.body;
        (people["people"].clone(), people["groups"].clone(), world.tenant.client_secret.clone())
    };
    assert_eq!(seeded(3).await, seeded(3).await);
    assert_ne!(seeded(3).await, seeded(4).await);
}

#[tokio::test]
async fn seeded_people_are_as_various_as_real_ones() {
    let world = World::small().await;
    let state = state(&world).await;
    let people = state["people"].as_array().unwrap();
    let count = |test: &dyn Fn(&Value) -> bool| people.iter().filter(|person| test(person)).count();
    let text = |person: &Value, name: &str| person[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(people.len(), 200);
    assert!(count(&|person| person["userType"] == "Guest" && text(person, "userPrincipalName").contains("#EXT#")) > 0);
    assert!(count(&|person| person["accountEnabled"] == false) > 0);
    assert!(count(&|person| person.get("mail").is_none()) > 0);
    assert!(count(&|person| person.get("givenName").is_none()) > 0);
    assert!(count(&|person| person.get("manager").is_some()) > 150);
    for script in ['α'..='ω', 'а'..='я', 'ا'..='ي', '一'..='龥', 'ぁ'..='ん', 'अ'..='ह'] {
        assert!(
            count(&|person| text(person, "displayName").to_lowercase().chars().any(|letter| script.contains(&letter)))
                > 0,
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn a_large_group_can_be_asked_for() {
    let world =
        World::new(TenantOptions { people: 3_000, groups: 4, large_group: Some(2_500), ..TenantOptions::default() })
            .await;
    let state = state(&world).await;
    let largest =
        state["groups"].as_array().unwrap().iter().map(|group| group["members"].as_array().unwrap().len()).max();
    assert_eq!(largest, Some(2_500));
}

#[tokio::test]
async fn a_burst_makes_exactly_so_many_changes_and_the_state_shows_the_sequence() {
    let world = World::small().await;
    let before = state(&world).await["sequence"].as_u64().unwrap();
    let results = world.act(json!([{"action": "burst", "count": 300, "seed": 5}])).await;
    assert_eq!(results[0]["performed"], 300);
    assert!(state(&world).await["sequence"].as_u64().unwrap() >= before + 300);
}

#[tokio::test]
async fn swap_exchanges_a_unique_property() {
    let world = World::empty().await;
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    world.act(json!([{"action": "swap", "one": ann, "other": bo, "property": "userPrincipalName"}])).await;
    assert_eq!(world.get("/users/Bo.B@x.example").await.body["id"], ann.as_str());
    assert_eq!(world.get("/users/Ann.A@x.example").await.body["id"], bo.as_str());
}

#[tokio::test]
async fn move_rename_empty_and_delete_do_what_they_say() {
    let world = World::empty().await;
    let ann = world.join("Ann A").await;
    let (from, to) = (world.group("From", &[&ann]).await, world.group("To", &[]).await);
    world.act(json!([{"action": "move", "id": ann, "from": from, "to": to}, {"action": "rename", "id": ann, "displayName": "Ann Berg"}])).await;
    assert!(world.get(&format!("/groups/{from}/members")).await.rows().is_empty());
    assert_eq!(world.get(&format!("/groups/{to}/members")).await.rows()[0]["surname"], "Berg");
    world.act(json!([{"action": "emptyGroup", "id": to}, {"action": "leave", "id": from}])).await;
    assert!(world.get(&format!("/groups/{to}/members")).await.rows().is_empty());
    assert_eq!(world.get(&format!("/groups/{from}")).await.status, 404);
}

#[tokio::test]
async fn a_bad_action_says_what_is_wrong() {
    let world = World::small().await;
    for (action, status, text) in [
        (json!({"action": "leave", "id": "11111111-2222-3333-4444-555555555555"}), 404, "is not there"),
        (json!({"action": "fly"}), 400, "unknown variant"),
        (json!({"action": "join", "properties": {"nonsense": 1}}), 400, "nonsense"),
    ] {
        let answer = world.control(Method::POST, "/actions", Some(action)).await;
        assert_eq!(answer.status, status);
        assert!(answer.body["error"].as_str().unwrap().contains(text), "{}", answer.text);
    }
}

#[tokio::test]
async fn tenants_share_a_server_and_see_nothing_of_each_other() {
    let world = World::small().await;
    let other =
        world.server.add_tenant(&TenantOptions { seed: 9, people: 7, groups: 0, roots: 0, ..TenantOptions::default() });
    assert_eq!(world.server.tenants().len(), 2);
    let url = format!("{}/{}/oauth2/v2.0/token", world.server.origin(), other.tenant_id);
    let client = other.client_id.to_string();
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_id", client.as_str()),
        ("client_secret", other.client_secret.as_str()),
    ];
    let token = answer(world.http.post(url).form(&form)).await.body["access_token"].as_str().unwrap().to_owned();
    let users = answer(world.http.get(format!("{}/v1.0/users", world.server.origin())).bearer_auth(&token)).await;
    assert_eq!(users.rows().len(), 7);
    let theirs = users.rows()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("/users/{theirs}")).await.status, 404);
    let delta = world.get("/users/delta?$deltatoken=latest").await.link("@odata.deltaLink").unwrap();
    assert_eq!(answer(world.http.get(delta).bearer_auth(&token)).await.status, 400);
    assert_eq!(
        world.token(&[("client_id", &client), ("client_secret", &other.client_secret)]).await.body["error_codes"],
        json!([700_016])
    );
}

#[tokio::test]
async fn requests_are_counted_by_class_with_their_concurrency() {
    let world = World::small().await;
    world.settings(json!({"pageDelayMillis": 100})).await;
    world.server.reset_metrics();
    let started = std::time::Instant::now();
    tokio::join!(world.get("/users"), world.get("/users"), world.get("/groups/delta"));
    assert!(started.elapsed().as_millis() >= 100);
    let counts = world.server.counts();
    assert_eq!((counts.requests["usersPages"], counts.requests["groupsDelta"], counts.max_concurrency), (2, 1, 3));
    assert_eq!(counts.statuses["usersPages 200"], 2);
}

#[tokio::test]
async fn settings_are_merged_and_unknown_ones_refused() {
    let world = World::small().await;
    world.settings(json!({"delta": {"pageSize": 7}})).await;
    let answer = world.control(Method::GET, "/settings", None).await;
    assert_eq!((&answer.body["delta"]["pageSize"], &answer.body["delta"]["lifeDays"]), (&json!(7), &json!(7)));
    assert_eq!(world.control(Method::PATCH, "/settings", Some(json!({"nonsense": 1}))).await.status, 400);
}

#[tokio::test]
async fn the_clock_can_be_frozen_moved_and_set_free() {
    let world = World::small().await;
    let url = format!("{}/control/clock", world.server.origin());
    let set =
        async |body: Value| answer(world.http.post(&url).json(&body)).await.body["now"].as_str().unwrap().to_owned();
    assert_eq!(set(json!({"freezeAt": "2030-01-01T00:00:00Z"})).await, "2030-01-01T00:00:00Z");
    assert_eq!(set(json!({"advanceSeconds": 3600})).await, "2030-01-01T01:00:00Z");
    assert!(set(json!({"run": true})).await.as_str() < "2029");
}

#[tokio::test]
async fn a_stopped_server_frees_its_port() {
    let world = World::small().await;
    let origin = world.server.origin();
    world.server.stop().await;
    assert!(world.http.get(format!("{origin}/control")).send().await.is_err());
}

#[tokio::test]
async fn a_path_of_no_api_says_so() {
    let world = World::small().await;
    let answer = answer(world.http.get(format!("{}/nowhere", world.server.origin()))).await;
    assert_eq!((answer.status, answer.text.as_str()), (404, "GET on /nowhere is not served here"));
}
