//! Setup links.

use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rollcall_runtime::clock;
use rollcall_sign_in::opaque;
use rollcall_store::SetupLink;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{ISSUER, World};

#[tokio::test]
async fn a_link_is_good_for_a_week_and_its_token_kept_nowhere() {
    let world = World::new("setup").await;
    let id = world.wait_for_consent().await;
    let path = format!("/connections/{id}/setup-links");
    let (status, problem) = world.call(Method::POST, &path, None).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:no-application")), "{problem}");
    world.set_application().await;

    let before = clock::now();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let (status, headers, body) = world.send(Method::POST, &path, None).await;
        assert_eq!((status, &headers["cache-control"]), (StatusCode::CREATED, &"no-store".parse().unwrap()), "{body}");
        let link: Value = serde_json::from_str(&body).unwrap();
        let token = link["url"].as_str().unwrap().strip_prefix(&format!("{ISSUER}/connect?setup=")).unwrap().to_owned();
        assert!(opaque::is_random(&token), "{token}");
        let ends_at: Timestamp = link["expires_at"].as_str().unwrap().parse().unwrap();
        let life = ends_at.duration_since(before);
        assert!(life >= SignedDuration::from_hours(168) && life < SignedDuration::from_hours(169), "{life}");

        let digest = opaque::digest(&token.as_str().into());
        let kept = Some(SetupLink { connection: id, ends_at });
        assert_eq!(world.app.table.setup_link(&digest, before).await.unwrap(), kept);
        assert_eq!(world.app.table.setup_link(&digest, ends_at).await.unwrap(), None, "its time is over");
        tokens.push(digest);
    }
    assert!(tokens[0] != tokens[1]);
    world.app.table.remove_setup_link(&tokens[0]).await.unwrap();
    world.app.table.remove_setup_link(&tokens[0]).await.unwrap();
    assert_eq!(world.app.table.setup_link(&tokens[0], before).await.unwrap(), None);
    assert!(world.app.table.setup_link(&tokens[1], before).await.unwrap().is_some());
}

#[tokio::test]
async fn only_a_connection_by_the_platform_s_application_has_links() {
    let world = World::new("setup-refused").await;
    world.set_application().await;
    let own = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let gone = world.wait_for_consent().await;
    assert_eq!(world.call(Method::DELETE, &format!("/connections/{gone}"), None).await.0, 202);
    for (connection, expected) in [(own.to_string(), 409), (gone.to_string(), 409), (Uuid::nil().to_string(), 404)] {
        let (status, problem) = world.call(Method::POST, &format!("/connections/{connection}/setup-links"), None).await;
        assert_eq!(status, expected, "{problem}");
    }
    // Whoever goes over to it needs the consent, too.
    let platform = json!({ "credential": { "type": "platform_application" } });
    assert_eq!(world.call(Method::PATCH, &format!("/connections/{own}"), Some(platform)).await.0, 200);
    assert_eq!(world.call(Method::POST, &format!("/connections/{own}/setup-links"), None).await.0, 201);
}
