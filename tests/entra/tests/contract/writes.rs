//! Writes.

use crate::world::{World, ids};
use reqwest::Method;
use serde_json::{Value, json};

async fn writer() -> World {
    World::new(entra::TenantOptions {
        roles: vec!["Directory.ReadWrite.All".to_owned()],
        ..entra::TenantOptions::empty()
    })
    .await
}

fn person(name: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": format!("{name}@x.example"),
        "passwordProfile": {"password": "x", "forceChangePasswordNextSignIn": true},
    })
}

#[tokio::test]
async fn a_user_is_created_changed_and_deleted() {
    let world = writer().await;
    let created = world.post("/users", person("ann")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.body["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{id}");
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(json!({"jobTitle": "Lead"}))).await.status, 204);
    assert_eq!(world.get(&path).await.body["jobTitle"], "Lead");
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(json!({"jobTitle": null}))).await.status, 204);
    assert_eq!(world.get(&path).await.body["jobTitle"], Value::Null);
    assert_eq!(world.call(Method::DELETE, &path, &[], None).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_second_user_with_the_same_name_is_refused_and_so_is_one_without_required_properties() {
    let world = writer().await;
    world.post("/users", person("ann")).await;
    let answer = world.post("/users", person("ANN")).await;
    assert_eq!((answer.status, answer.code()), (400, "Request_BadRequest"));
    assert_eq!(answer.message(), "Another object with the same value for property userPrincipalName already exists.");
    assert_eq!(world.post("/users", json!({"displayName": "x"})).await.status, 400);
    assert_eq!(
        world.call(Method::PATCH, "/users/ann@x.example", &[], Some(json!({"accountEnabled": "no"}))).await.status,
        400
    );
}

#[tokio::test]
async fn adding_a_member_twice_is_400_and_removing_a_stranger_404() {
    let world = writer().await;
    let (ann, group) = (world.join("Ann A").await, world.group("Sales", &[]).await);
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{ann}")});
    let path = format!("/groups/{group}/members/$ref");
    assert_eq!(world.post(&path, reference.clone()).await.status, 204);
    let again = world.post(&path, reference).await;
    assert_eq!(again.status, 400);
    assert_eq!(
        again.message(),
        "One or more added object references already exist for the following modified properties: 'members'."
    );
    let member = format!("/groups/{group}/members/{ann}/$ref");
    assert_eq!(world.call(Method::DELETE, &member, &[], None).await.status, 204);
    let answer = world.call(Method::DELETE, &member, &[], None).await;
    assert_eq!((answer.status, answer.code()), (404, "Request_ResourceNotFound"));
}

#[tokio::test]
async fn binding_20_members_is_all_or_nothing() {
    let world = writer().await;
    let (ann, bo) = (world.join("Ann A").await, world.join("Bo B").await);
    let group = world.group("Sales", &[&ann]).await;
    let bind = |ids: &[&str]| json!({"members@odata.bind": ids.iter().map(|id| format!("https://x/directoryObjects/{id}")).collect::<Vec<_>>()});
    let path = format!("/groups/{group}");
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(bind(&[&bo, &ann]))).await.status, 400);
    assert_eq!(ids(world.get(&format!("{path}/members")).await.rows()), std::slice::from_ref(&ann));
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(bind(&[&bo]))).await.status, 204);
    assert_eq!(world.get(&format!("{path}/members")).await.rows().len(), 2);
    let many: Vec<&str> = (0..21).map(|_| bo.as_str()).collect();
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(bind(&many))).await.status, 400);
}

#[tokio::test]
async fn a_reader_may_write_nothing() {
    let world = World::small().await;
    assert_eq!(world.post("/users", person("ann")).await.status, 403);
    let id = ids(world.get("/users?$top=1").await.rows())[0].clone();
    assert_eq!(world.call(Method::DELETE, &format!("/users/{id}"), &[], None).await.status, 403);
    assert_eq!(world.call(Method::PATCH, &format!("/users/{id}"), &[], Some(json!({"city": "x"}))).await.status, 403);
}

#[tokio::test]
async fn disabling_has_a_permission_of_its_own() {
    let world = World::with_roles(&["User.EnableDisableAccount.All", "User.Read.All"]).await;
    let id = ids(world.get("/users?$top=1").await.rows())[0].clone();
    let path = format!("/users/{id}");
    assert_eq!(world.call(Method::PATCH, &path, &[], Some(json!({"accountEnabled": false}))).await.status, 204);
    assert_eq!(
        world.call(Method::PATCH, &path, &[], Some(json!({"accountEnabled": true, "city": "x"}))).await.status,
        403
    );
}

#[tokio::test]
async fn members_of_mail_enabled_and_dynamic_groups_cannot_be_written() {
    let world = writer().await;
    let ann = world.join("Ann A").await;
    let results = world
        .act(json!([
            {"action": "createGroup", "displayName": "Mail", "properties": {"mailEnabled": true}},
            {"action": "createGroup", "displayName": "Dynamic", "properties": {"groupTypes": ["DynamicMembership"]}},
        ]))
        .await;
    for result in results.as_array().unwrap() {
        let path = format!("/groups/{}/members/$ref", result["id"].as_str().unwrap());
        assert_eq!(world.post(&path, json!({"@odata.id": format!("https://x/{ann}")})).await.status, 403);
    }
}

#[tokio::test]
async fn a_guest_is_invited_with_an_ext_name() {
    let world = writer().await;
    let answer = world
        .post(
            "/invitations",
            json!({"invitedUserEmailAddress": "eve@fabrikam.example", "inviteRedirectUrl": "https://x"}),
        )
        .await;
    assert_eq!(answer.status, 201);
    let id = answer.body["invitedUser"]["id"].as_str().unwrap();
    let guest = world.get(&format!("/users/{id}?$select=userPrincipalName,userType,externalUserState")).await;
    assert!(guest.body["userPrincipalName"].as_str().unwrap().starts_with("eve_fabrikam.example#EXT#@"));
    assert_eq!(
        (&guest.body["userType"], &guest.body["externalUserState"]),
        (&json!("Guest"), &json!("PendingAcceptance"))
    );
}
