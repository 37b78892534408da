//! The life of a subscription.

use crate::receiver::{Handshake, Manners, Receiver};
use crate::world::{Answer, World};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) fn in_minutes(minutes: i64) -> String {
    Timestamp::from_second(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap())
        .unwrap()
        .checked_add(SignedDuration::from_mins(minutes))
        .unwrap()
        .to_string()
}

pub(crate) fn order(url: &str, resource: &str) -> Value {
    json!({
        "changeType": "updated,deleted", "notificationUrl": format!("{url}/hook?a=b"), "lifecycleNotificationUrl": format!("{url}/life"),
        "resource": resource, "expirationDateTime": in_minutes(1_000), "clientState": "secret",
    })
}

pub(crate) async fn subscribe(world: &World, url: &str, resource: &str) -> String {
    let answer = world.post("/subscriptions", order(url, resource)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["id"].as_str().unwrap().to_owned()
}

fn with(order: &Value, name: &str, value: Value) -> Value {
    let mut changed = order.clone();
    changed[name] = value;
    changed
}

#[tokio::test]
async fn a_subscription_is_created_shown_listed_and_deleted() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let answer = world.post("/subscriptions", order(&receiver.url, "users")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!((&answer.body["resource"], &answer.body["clientState"]), (&json!("users"), &json!("secret")));
    assert_eq!(answer.body["applicationId"], world.tenant.client_id.to_string());
    let path = format!("/subscriptions/{}", answer.body["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.status, 200);
    assert_eq!(world.get("/subscriptions").await.rows().len(), 1);
    assert_eq!(world.call(Method::DELETE, &path, &[], None).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_handshake_must_send_the_decoded_token_as_plain_text_with_200() {
    for handshake in [Handshake::Encoded, Handshake::Json, Handshake::Refused, Handshake::Silent] {
        let world = World::small().await;
        world.settings(json!({"notifications": {"validationTimeoutMillis": 300}})).await;
        let receiver = Receiver::new(Manners { handshake, statuses: vec![202], delay: 0 }).await;
        let answer = world.post("/subscriptions", order(&receiver.url, "users")).await;
        assert_eq!((answer.status, answer.code()), (400, "ValidationError"), "{handshake:?}");
        assert_eq!(answer.message() == "Subscription validation request timed out.", handshake == Handshake::Silent);
        assert!(world.get("/subscriptions").await.rows().is_empty());
    }
}

#[tokio::test]
async fn the_lifecycle_url_is_validated_too() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let rude = Receiver::new(Manners { handshake: Handshake::Refused, statuses: vec![202], delay: 0 }).await;
    let changed = with(&order(&receiver.url, "users"), "lifecycleNotificationUrl", json!(rude.url));
    assert_eq!(world.post("/subscriptions", changed).await.status, 400);
}

#[tokio::test]
async fn the_same_resource_and_change_type_twice_is_409() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let id = subscribe(&world, &receiver.url, "users").await;
    let answer = world.post("/subscriptions", order(&receiver.url, "/users")).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.message(), format!("Subscription Id {id} already exists for the requested combination"));
    assert_eq!(
        world.post("/subscriptions", with(&order(&receiver.url, "users"), "changeType", json!("updated"))).await.status,
        201
    );
}

#[tokio::test]
async fn an_end_is_raised_to_45_minutes_and_refused_beyond_41760() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let asked = order(&receiver.url, "users");
    let soon = world.post("/subscriptions", with(&asked, "expirationDateTime", json!(in_minutes(5)))).await;
    let end: Timestamp = soon.body["expirationDateTime"].as_str().unwrap().parse().unwrap();
    assert!(end >= in_minutes(44).parse().unwrap());
    let groups = order(&receiver.url, "groups");
    assert_eq!(
        world.post("/subscriptions", with(&groups, "expirationDateTime", json!(in_minutes(41_759)))).await.status,
        201
    );
    let late = with(&order(&receiver.url, "groups"), "changeType", json!("deleted"));
    assert_eq!(
        world.post("/subscriptions", with(&late, "expirationDateTime", json!(in_minutes(41_900)))).await.status,
        400
    );
}

#[tokio::test]
async fn a_group_subscription_needs_group_read_all_and_a_write_permission_does_not_do() {
    for (roles, users, groups) in [
        (&["User.Read.All", "GroupMember.Read.All"][..], 201, 403),
        (&["Group.Read.All"], 403, 201),
        (&["User.ReadWrite.All", "Group.ReadWrite.All"], 403, 403),
    ] {
        let (world, receiver) = (World::with_roles(roles).await, Receiver::polite().await);
        assert_eq!(world.post("/subscriptions", order(&receiver.url, "users")).await.status, users, "{roles:?}");
        assert_eq!(world.post("/subscriptions", order(&receiver.url, "groups")).await.status, groups, "{roles:?}");
    }
}

#[tokio::test]
async fn more_than_100_subscriptions_of_a_kind_are_403() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let (rows, _) = world.all("/users?$select=id").await;
    let mut last = None::<Answer>;
    for row in rows.iter().take(101) {
        let mut asked = order(&receiver.url, &format!("users/{}", row["id"].as_str().unwrap()));
        asked.as_object_mut().unwrap().remove("lifecycleNotificationUrl");
        last = Some(world.post("/subscriptions", asked).await);
    }
    assert_eq!(last.unwrap().status, 403);
    assert_eq!(world.post("/subscriptions", order(&receiver.url, "groups")).await.status, 201);
}

#[tokio::test]
async fn bad_orders_are_refused() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let good = order(&receiver.url, "users");
    for (name, value) in [
        ("resource", json!("planets")),
        ("resource", Value::Null),
        ("changeType", json!("moved")),
        ("expirationDateTime", json!("tomorrow")),
        ("expirationDateTime", json!(in_minutes(-5))),
        ("notificationUrl", json!("not a url")),
        ("clientState", json!("x".repeat(129))),
    ] {
        assert_eq!(world.post("/subscriptions", with(&good, name, value.clone())).await.status, 400, "{name} {value}");
    }
    assert_eq!(world.post("/subscriptions", with(&good, "clientState", json!("x".repeat(128)))).await.status, 201);
}

#[tokio::test]
async fn patch_renews_and_cannot_change_the_lifecycle_url() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let path = format!("/subscriptions/{}", subscribe(&world, &receiver.url, "users").await);
    let end = in_minutes(2_000);
    let renewed = world.call(Method::PATCH, &path, &[], Some(json!({"expirationDateTime": end}))).await;
    assert_eq!(
        (renewed.status, renewed.body["expirationDateTime"].as_str().unwrap().parse::<Timestamp>().unwrap()),
        (200, end.parse().unwrap())
    );
    assert_eq!(
        world.call(Method::PATCH, &path, &[], Some(json!({"lifecycleNotificationUrl": receiver.url}))).await.status,
        400
    );
    assert_eq!(world.call(Method::POST, &format!("{path}/reauthorize"), &[], None).await.status, 204);
}

#[tokio::test]
async fn an_expired_subscription_is_gone_without_a_word() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let path = format!("/subscriptions/{}", subscribe(&world, &receiver.url, "users").await);
    world.advance(1_001 * 60);
    let mut world = world;
    world.sign_in().await;
    assert_eq!(
        world.call(Method::PATCH, &path, &[], Some(json!({"expirationDateTime": in_minutes(20_000)}))).await.status,
        404
    );
    assert!(world.get("/subscriptions").await.rows().is_empty());
    world.join("Ann A").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(receiver.notifications().is_empty());
}

#[tokio::test]
async fn a_vanished_subscription_is_404() {
    let (world, receiver) = (World::small().await, Receiver::polite().await);
    let id = subscribe(&world, &receiver.url, "users").await;
    assert_eq!(world.control(Method::DELETE, &format!("/subscriptions/{id}"), None).await.status, 204);
    assert_eq!(world.get(&format!("/subscriptions/{id}")).await.status, 404);
}

#[tokio::test]
async fn another_app_does_not_see_a_subscription() {
    let (mut world, receiver) = (World::small().await, Receiver::polite().await);
    let id = subscribe(&world, &receiver.url, "users").await;
    let app = world.control(Method::POST, "/apps", Some(json!({"roles": ["User.Read.All"]}))).await.body;
    let text = |name: &str| app[name].as_str().unwrap().to_owned();
    let token = world.token(&[("client_id", &text("clientId")), ("client_secret", &text("clientSecret"))]).await;
    world.token = token.body["access_token"].as_str().unwrap().to_owned();
    assert!(world.get("/subscriptions").await.rows().is_empty());
    assert_eq!(world.get(&format!("/subscriptions/{id}")).await.status, 404);
}
