//! Profile photos.

use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// An image of so many bytes.
fn jpeg(bytes: usize) -> Vec<u8> {
    let mut image = vec![0xff, 0xd8, 0xff, 0xe0];
    image.resize(bytes, 0x5a);
    image
}

async fn set(world: &World, person: &str, photo: Value) {
    world.act(json!({"action": "setPhoto", "id": person, "photo": photo})).await;
}

/// A person with a photo of 6,480 bytes, 648 pixels wide.
async fn pictured(world: &World) -> String {
    let person = world.join("Ann Lee").await;
    set(world, &person, json!({"data": STANDARD.encode(jpeg(6_480))})).await;
    person
}

async fn bytes(world: &World, path: &str) -> (u16, String, Vec<u8>) {
    let url = format!("{}/v1.0{path}", world.server.origin());
    let response = world.http.get(url).bearer_auth(&world.token).send().await.unwrap();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), content_type, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn who_has_no_photo_is_not_found_with_a_code_of_its_own() {
    let world = World::small().await;
    let person = world.join("Ann Lee").await;
    for path in ["photo", "photo/$value", "photos/48x48", "photos/48x48/$value"] {
        let answer = world.get(&format!("/users/{person}/{path}")).await;
        assert_eq!((answer.status, answer.code()), (404, "ImageNotFound"), "{path}");
    }
    let nobody = world.get("/users/00000000-0000-0000-0000-000000000000/photo").await;
    assert_eq!((nobody.status, nobody.code()), (404, "Request_ResourceNotFound"));
}

#[tokio::test]
async fn a_photo_is_described_with_an_entity_tag_that_changes_with_it() {
    let world = World::small().await;
    let person = pictured(&world).await;
    let path = format!("/users/{person}/photo");
    let first = world.get(&path).await.body;
    assert_eq!((&first["id"], &first["width"], &first["height"]), (&json!("648x648"), &json!(648), &json!(648)));
    assert_eq!(first["@odata.mediaContentType"], "image/jpeg");
    assert!(first["@odata.mediaEtag"].as_str().unwrap().starts_with('"'));
    assert_eq!(world.get(&path).await.body, first, "nothing has changed");
    set(&world, &person, json!({"data": STANDARD.encode(jpeg(6_480))})).await;
    assert_ne!(world.get(&path).await.body["@odata.mediaEtag"], first["@odata.mediaEtag"]);
    set(&world, &person, Value::Null).await;
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn bytes_come_in_the_size_asked_for_and_else_in_the_largest_there_is() {
    let world = World::small().await;
    let person = pictured(&world).await;
    for (path, length) in [
        ("photo/$value", 6_480),
        ("photos/648x648/$value", 6_480),
        ("photos/240x240/$value", 2_400),
        ("photos/48X48/$value", 480),
    ] {
        let (status, content_type, image) = bytes(&world, &format!("/users/{person}/{path}")).await;
        assert_eq!((status, content_type.as_str(), image.len()), (200, "image/jpeg", length), "{path}");
        assert!(image.starts_with(&[0xff, 0xd8, 0xff]));
    }
    set(&world, &person, json!({"data": STANDARD.encode(jpeg(960)), "side": 96})).await;
    assert_eq!(bytes(&world, &format!("/users/{person}/photos/240x240/$value")).await.2.len(), 960);
    let unavailable = world.get(&format!("/users/{person}/photos/240x240")).await;
    assert_eq!((unavailable.status, &unavailable.body["id"]), (200, &json!("1x1")));
    assert_eq!(world.get(&format!("/users/{person}/photos/50x50")).await.status, 400);
}

#[tokio::test]
async fn some_tenants_describe_a_single_pixel_where_there_is_no_photo() {
    let world = World::small().await;
    world.settings(json!({"photoPlaceholder": true})).await;
    let person = world.join("Ann Lee").await;
    let described = world.get(&format!("/users/{person}/photo")).await;
    assert_eq!((described.status, &described.body["id"]), (200, &json!("1x1")));
    assert_eq!(described.body["@odata.mediaEtag"], "");
    assert_eq!(world.get(&format!("/users/{person}/photo/$value")).await.status, 404);
}

#[tokio::test]
async fn a_batch_has_bytes_as_base64() {
    let world = World::small().await;
    let person = pictured(&world).await;
    let nobody = world.join("Bob Lee").await;
    let urls = [format!("/users/{person}/photos/48x48/$value"), format!("/users/{nobody}/photo")];
    let requests: Vec<Value> = urls.iter().map(|url| json!({"id": url, "method": "GET", "url": url})).collect();
    let answer = world.post("/$batch", json!({ "requests": requests })).await;
    let of = |id: &String| answer.body["responses"].as_array().unwrap().iter().find(|part| part["id"] == **id).unwrap();
    assert_eq!(of(&urls[0])["headers"]["Content-Type"], "image/jpeg");
    assert_eq!(STANDARD.decode(of(&urls[0])["body"].as_str().unwrap()).unwrap(), jpeg(480));
    assert_eq!(
        (&of(&urls[1])["status"], &of(&urls[1])["body"]["error"]["code"]),
        (&json!(404), &json!("ImageNotFound"))
    );
}

#[tokio::test]
async fn a_photo_is_no_change_of_the_user() {
    let world = World::small().await;
    let person = world.join("Ann Lee").await;
    let (_, delta) = world.all("/users/delta?$select=displayName&$deltatoken=latest").await;
    set(&world, &person, json!({"data": STANDARD.encode(jpeg(960))})).await;
    let (rows, _) = world.all(&delta.unwrap()).await;
    assert_eq!(rows, Vec::<Value>::new());
}

#[tokio::test]
async fn reading_photos_takes_a_permission_of_users_or_of_photos() {
    for (roles, status) in [
        (&["ProfilePhoto.Read.All"][..], 200),
        (&["User.Read.All"], 200),
        (&["User.ReadBasic.All", "Directory.Read.All"], 403),
    ] {
        let world = World::with_roles(roles).await;
        let person = pictured(&world).await;
        let answer = world.get(&format!("/users/{person}/photo")).await;
        assert_eq!(answer.status, status, "{roles:?}");
        assert!(status == 200 || answer.code() == "ErrorAccessDenied", "{roles:?}");
    }
}
