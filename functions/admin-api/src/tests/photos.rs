//! Photos, from the setting to the image.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use rollcall_sync::job::{Cause, Job};
use serde_json::{Value, json};

use super::stage::TOKEN;
use super::world::World;
use crate::app::router;

/// Bytes that are no text.
fn jpeg() -> Vec<u8> {
    [&[0xff, 0xd8, 0xff, 0xe0][..], &[0xfb; 6_476]].concat()
}

async fn image(world: &World, path: &str, known: Option<&str>) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().uri(path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    let answer =
        tower::ServiceExt::oneshot(router(world.app.clone()), request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status.as_u16(), parts.headers, to_bytes(body, 1 << 20).await.unwrap().to_vec())
}

#[tokio::test]
async fn a_photo_is_kept_shown_and_deleted_as_the_rules_say() {
    let world = World::new("photos").await;
    let person = world.person("Ann Lee", "ann@contoso.com");
    let photo = entra::Photo { bytes: jpeg(), content_type: "image/png".to_owned(), side: 648 };
    world.entra.set_photo(world.tenant.tenant_id, person, Some(photo)).unwrap();
    let connection = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let path = format!("/connections/{connection}");
    let set = async |photo: Value| {
        let (status, changed) = world.call(Method::PATCH, &path, Some(json!({"rules": {"photo": photo}}))).await;
        assert_eq!(status, 200, "{changed}");
        changed["rules"]["photo"].clone()
    };
    let (_, shown) = world.get(&path).await;
    assert_eq!(shown["rules"]["photo"], json!({"keep": false, "size": 240}));
    assert_eq!(set(json!({"keep": true, "size": 648})).await, json!({"keep": true, "size": 648}));
    let (_, report) = world.call(Method::POST, &format!("{path}/test"), None).await;
    let checks: Vec<&Value> = report["checks"].as_array().unwrap().iter().map(|check| &check["check"]).collect();
    assert!(checks.contains(&&json!("photos")), "{report}");
    world.activate(connection).await;

    let of_ann = format!("{path}/users/{person}");
    let (_, account) = world.get(&of_ann).await;
    assert_eq!((&account["photo"]["content_type"], &account["photo"]["bytes"]), (&json!("image/jpeg"), &json!(6_480)));
    let (status, headers, bytes) = image(&world, &format!("{of_ann}/photo"), None).await;
    assert_eq!((status, bytes == jpeg()), (200, true));
    let etag = headers["etag"].to_str().unwrap();
    assert_eq!(etag, format!("\"{}\"", account["photo"]["digest"].as_str().unwrap()));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    for known in [etag.to_owned(), format!("\"x\", W/{etag}")] {
        let (status, _, bytes) = image(&world, &format!("{of_ann}/photo"), Some(&known)).await;
        assert_eq!((status, bytes.len()), (304, 0), "{known}");
    }
    assert_eq!(image(&world, &format!("{of_ann}/photo"), Some("\"x\"")).await.0, 200);

    let (_, runs) = world.get(&format!("{path}/runs")).await;
    let round = runs["items"].as_array().unwrap().iter().find(|run| run["mode"] == "photos").unwrap();
    assert_eq!((&round["counts"]["photos"], &round["status"]), (&json!(1), &json!("succeeded")));
    let (_, changes) = world.get(&format!("{path}/runs/{}/changes", round["id"].as_str().unwrap())).await;
    assert_eq!(
        changes["items"],
        json!([{"object": "user", "user": account["id"], "person": person, "action": "updated",
            "fields": [{"field": "photo", "after": account["photo"]["digest"]}]}])
    );

    set(json!({"keep": false})).await;
    assert_eq!(world.queued(), [Job::Full { cause: Cause::Manual { who: "admin".to_owned() } }]);
    let (status, _) = world.call(Method::POST, &format!("{path}/sync"), None).await;
    assert_eq!(status, 202);
    world.work().await;
    let (status, _, _) = image(&world, &format!("{of_ann}/photo"), None).await;
    assert_eq!(status, 404);
    assert_eq!(world.get(&of_ann).await.1.get("photo"), None);
}

#[tokio::test]
async fn a_photo_that_can_not_be_kept_is_on_the_work_list() {
    let world = World::new("photos-refused").await;
    let person = world.person("Ann Lee", "ann@contoso.com");
    let photo = entra::Photo { bytes: vec![0xff; 102_401], content_type: "image/jpeg".to_owned(), side: 648 };
    world.entra.set_photo(world.tenant.tenant_id, person, Some(photo)).unwrap();
    let connection = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let path = format!("/connections/{connection}");
    let rules = json!({"rules": {"photo": {"keep": true, "size": 648}}});
    assert_eq!(world.call(Method::PATCH, &path, Some(rules)).await.0, 200);
    world.activate(connection).await;
    let (_, problems) = world.get(&format!("{path}/problems")).await;
    let item = &problems["items"][0];
    assert_eq!((&item["name"], &item["person"]), (&json!("Ann Lee"), &json!(person)));
    assert_eq!(item["problem"], json!({"kind": "photo", "refusal": "too_large"}));
    assert!(item["action"].as_str().unwrap().contains("smaller size"), "{item}");
}
