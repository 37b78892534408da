//! Photos: descriptions as JSON, and images as bytes, alone and in a `$batch`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rollcall_graph::{Cause, Error, ProfilePhoto, photos};
use serde_json::{Value, json};

use crate::support::{Scripted, error, id, ok, raw};

const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0xfb, 0xef];

/// A `$batch` with this body for each of its items.
fn batch(content_type: &'static str, body: Value) -> std::sync::Arc<Scripted> {
    Scripted::graph(move |sent, _| {
        let asked: Value = serde_json::from_str(&sent.body).unwrap();
        let items = asked["requests"].as_array().unwrap().iter();
        let answers: Vec<Value> = items
            .map(|item| {
                json!({"id": item["id"], "status": 200, "headers": {"Content-Type": content_type}, "body": body})
            })
            .collect();
        ok(&json!({ "responses": answers }))
    })
}

#[tokio::test(start_paused = true)]
async fn a_photo_is_described_without_asking_for_a_size() {
    let world = Scripted::graph(|_, _| {
        ok(&json!({"@odata.mediaContentType": "image/jpeg", "@odata.mediaEtag": "\"BA09D118\"", "id": "648x648",
            "width": 648, "height": 648}))
    });
    let found = world.client().send(&photos::describe(id(1))).await.unwrap();
    let etag = Some("\"BA09D118\"".to_owned());
    assert_eq!(found, ProfilePhoto { etag, width: Some(648), height: Some(648) });
    assert_eq!(world.graph_log()[0].url, format!("https://graph.test/v1.0/users/{}/photo", id(1)));
}

#[tokio::test(start_paused = true)]
async fn a_description_that_says_nothing_is_no_error() {
    let world = Scripted::graph(|_, _| ok(&json!({"id": "default"})));
    assert_eq!(world.client().send(&photos::describe(id(1))).await.unwrap(), ProfilePhoto::default());
}

#[tokio::test(start_paused = true)]
async fn an_image_comes_as_bytes_and_is_asked_for_as_an_image() {
    let world = Scripted::graph(|_, _| raw(200, "image/jpeg", JPEG));
    let image = world.client().send(&photos::image(id(1), 240).unwrap()).await.unwrap();
    assert_eq!(image, JPEG);
    let sent = &world.graph_log()[0];
    assert_eq!(sent.url, format!("https://graph.test/v1.0/users/{}/photos/240x240/$value", id(1)));
    assert!(sent.header("accept").unwrap().starts_with("image/*"));
}

#[tokio::test(start_paused = true)]
async fn an_image_in_a_batch_is_base64_of_either_alphabet() {
    for text in [STANDARD.encode(JPEG), URL_SAFE_NO_PAD.encode(JPEG)] {
        let world = batch("image/jpeg", json!(text));
        let requests = [1, 2].map(|number| photos::image(id(number), 48).unwrap());
        for answer in world.client().batch(&requests).await {
            assert_eq!(answer.unwrap(), JPEG, "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_image_is_no_answer() {
    let request = photos::image(id(1), 48).unwrap();
    for (content_type, body) in [("text/html", "<html>"), ("application/json", "{}"), ("image/jpeg", "")] {
        let world = Scripted::graph(move |_, _| raw(200, content_type, body));
        let answer = world.client().send(&request).await;
        assert!(matches!(answer, Err(Error::Transient { cause: Cause::Unreadable, .. })), "{content_type} {answer:?}");
    }
    for (content_type, body) in
        [("image/jpeg", json!("no base64")), ("image/jpeg", json!({})), ("application/json", json!("/9j/"))]
    {
        let answer = batch(content_type, body.clone()).client().batch(std::slice::from_ref(&request)).await.remove(0);
        assert!(matches!(answer, Err(Error::Transient { cause: Cause::Unreadable, .. })), "{body} {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn that_there_is_no_photo_is_told_by_graphs_code() {
    let world = Scripted::graph(|_, _| error(404, "ImageNotFound"));
    let answer = world.client().send(&photos::describe(id(1))).await;
    assert!(matches!(answer, Err(Error::NotFound { code, .. }) if code == "ImageNotFound"));
    // A 404 of a proxy says nothing of a photo.
    let world = Scripted::graph(|_, _| raw(404, "text/html", "<html>"));
    let answer = world.client().send(&photos::describe(id(1))).await;
    assert!(matches!(answer, Err(Error::Transient { cause: Cause::Status(404), .. })), "{answer:?}");
}

#[test]
fn only_sizes_that_graph_serves_can_be_asked_for() {
    let served: Vec<u16> = (0..1_000).filter(|pixels| photos::image(id(1), *pixels).is_some()).collect();
    assert_eq!(served, [48, 64, 96, 120, 240, 360, 432, 504, 648]);
}
