//! The notification channel of a connection, with a receiver that stands for Teams.

use axum::http::{Method, StatusCode};
use rollcall_directory::identity::ConnectionId;
use rollcall_sync::notice::channel::ChannelHosts;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::stage::channels;
use super::world::World;

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
    let (status, _, body) = world.send(method, path, body.map(|body| body.to_string())).await;
    assert!(!body.contains("canary"), "{body}");
    (status.as_u16(), body)
}

fn path(connection: ConnectionId) -> String {
    format!("/connections/{connection}/notification-channel")
}

#[tokio::test]
async fn a_channel_is_set_tested_kept_and_removed_and_its_address_never_shown() {
    let mut world = World::new("channel").await;
    let teams = MockServer::start().await;
    let hosts = ChannelHosts { also: Some(teams.uri().parse().unwrap()) };
    world.app.channels = channels(&world.app.secrets, hosts);
    let connection = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let (path, test) = (path(connection), format!("{}/test", path(connection)));
    let url = json!({ "url": format!("{}/workflows/x?sig=canary", teams.uri()) });

    assert_eq!(world.get(&path).await, (200, json!({ "set": false })));
    assert_eq!(call(&world, Method::POST, &test, None).await.0, 409);
    assert_eq!(call(&world, Method::PUT, &path, Some(url)).await.0, 204);
    assert_eq!(world.get(&path).await, (200, json!({ "set": true })));

    Mock::given(matchers::query_param("sig", "canary"))
        .respond_with(ResponseTemplate::new(202))
        .up_to_n_times(1)
        .mount(&teams)
        .await;
    let (status, body) = call(&world, Method::POST, &test, None).await;
    assert_eq!((status, body.as_str()), (200, r#"{"posted":true}"#));
    let card: Value = serde_json::from_slice(&teams.received_requests().await.unwrap()[0].body).unwrap();
    assert_eq!(card["type"], "message");
    assert!(card.to_string().contains("Rollcall can post here about the connection Contoso"), "{card}");

    // Its owner left, and the workflow with them.
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(404).set_body_string("canary")).mount(&teams).await;
    let (status, body) = call(&world, Method::POST, &test, None).await;
    assert!(status == 200 && body.contains(r#""posted":false"#) && body.contains("make a new one"), "{body}");

    // A new credential leaves the channel alone, and nothing that is shown of the connection has its address.
    let secret = world.tenant.client_secret.clone();
    let credential =
        json!({"type": "client_secret", "client_id": world.tenant.client_id.to_string(), "client_secret": secret});
    let connection = format!("/connections/{connection}");
    let (status, body) = call(&world, Method::PATCH, &connection, Some(json!({ "credential": credential }))).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(world.get(&path).await, (200, json!({ "set": true })));
    call(&world, Method::GET, &connection, None).await;

    for _ in 0..2 {
        assert_eq!(call(&world, Method::DELETE, &path, None).await.0, 204);
    }
    assert_eq!(world.get(&path).await, (200, json!({ "set": false })));
    let table = world.app.table.told(connection.rsplit('/').next().unwrap().parse().unwrap()).await.unwrap();
    assert!(table.is_empty(), "the address is nowhere but in the secret");
}

#[tokio::test]
async fn an_address_that_is_none_of_microsoft_s_is_refused_and_nothing_is_called() {
    let world = World::new("foreign-channel").await;
    let inside = MockServer::start().await;
    let connection = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    for url in [
        format!("{}/?sig=canary", inside.uri()),
        "https://169.254.169.254/latest/meta-data?canary".to_owned(),
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next?canary".to_owned(),
        "https://a.logic.azure.com.evil.example/?canary".to_owned(),
        "https://a.logic.azure.com@evil.example/?canary".to_owned(),
        "file:///etc/canary".to_owned(),
    ] {
        let (status, body) = call(&world, Method::PUT, &path(connection), Some(json!({ "url": url }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST.as_u16(), "{url}");
        assert!(body.contains(r#""field":"url""#), "{body}");
    }
    for body in [json!({}), json!({ "url": "" }), json!({ "url": ["canary"] }), json!({ "url": "x", "more": 1 })] {
        assert_eq!(call(&world, Method::PUT, &path(connection), Some(body)).await.0, 400);
    }
    assert_eq!(world.get(&path(connection)).await, (200, json!({ "set": false })));
    assert!(inside.received_requests().await.unwrap().is_empty());
    let unknown = path("0192f0c4-7a31-7c52-9d1b-6a3f0e5b8d20".parse().unwrap());
    let good = json!({ "url": "https://a.logic.azure.com/?sig=canary" });
    for (method, body) in [(Method::GET, None), (Method::PUT, Some(good)), (Method::DELETE, None)] {
        assert_eq!(call(&world, method, &unknown, body).await.0, 404);
    }
}
