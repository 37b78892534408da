//! The platform's applications.

use axum::http::{Method, StatusCode};
use futures::future::join_all;
use rollcall_store::{ClientAuthentication, ClientId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::Stage;
use super::world::World;

const CALLBACK: &str = "https://platform.example/callback";

fn new(authentication: &Value) -> Value {
    json!({ "name": "Platform", "redirect_uris": [CALLBACK], "authentication": authentication })
}

fn keys() -> Value {
    // The key of RFC 7517, appendix A.1.
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] })
}

/// The digests of a client's secrets accept these texts.
async fn accepted(world: &World, client: &Value, texts: &[&Value]) -> Vec<bool> {
    let id = ClientId(client["client_id"].as_str().unwrap().parse().unwrap());
    let stored = world.app.table.client(id).await.unwrap().unwrap();
    let ClientAuthentication::Secret { secrets } = stored.authentication else { return vec![false; texts.len()] };
    let is_known = |text: &&Value| secrets.iter().any(|known| known.digest.is_of(text.as_str().unwrap().as_bytes()));
    texts.iter().map(is_known).collect()
}

#[tokio::test]
async fn a_secret_is_shown_once_and_renewed_beside_the_one_before() {
    let world = World::new("clients").await;
    let (status, headers, body) =
        world.send(Method::POST, "/clients", Some(new(&json!({ "method": "secret" })).to_string())).await;
    let created: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let path = format!("/clients/{}", created["client_id"].as_str().unwrap());
    assert_eq!(headers["location"], path.as_str());
    let first = &created["client_secret"];
    assert_eq!(first.as_str().unwrap().len(), 43, "256 bits");
    assert!(first.as_str().unwrap().ends_with(created["authentication"]["secrets"][0]["ends_with"].as_str().unwrap()));
    let optional = ["initiate_login_uri", "backchannel_logout_uri"].map(|name| &created[name]);
    assert_eq!((optional, &created["post_logout_redirect_uris"]), ([&Value::Null; 2], &json!([])));

    let (status, second) = world.call(Method::POST, &format!("{path}/secrets"), None).await;
    assert_eq!((status, &second["client_id"]), (201, &created["client_id"]), "{second}");
    let second = &second["client_secret"];
    assert_eq!(accepted(&world, &created, &[first, second]).await, [true, true]);
    let (_, third) = world.call(Method::POST, &format!("{path}/secrets"), None).await;
    let third = &third["client_secret"];
    assert_eq!(accepted(&world, &created, &[first, second, third]).await, [false, true, true], "two at most");
    for _ in 0..2 {
        assert_eq!(world.call(Method::DELETE, &format!("{path}/secrets/old"), None).await.0, 204);
        assert_eq!(accepted(&world, &created, &[first, second, third]).await, [false, false, true]);
    }

    let mut shown = Vec::new();
    for (method, path, body) in [
        (Method::GET, path.as_str(), None),
        (Method::GET, "/clients", None),
        (Method::PATCH, path.as_str(), Some(json!({ "name": "Learning", "authentication": { "method": "secret" } }))),
    ] {
        let (status, answer) = world.call(method, path, body).await;
        assert_eq!(status, 200, "{answer}");
        shown.push(answer.to_string());
    }
    for text in &shown {
        for secret in [first, second, third].map(|secret| secret.as_str().unwrap()) {
            assert!(!text.contains(secret) && !text.contains("digest") && !text.contains("client_secret"), "{text}");
        }
    }
    assert_eq!(accepted(&world, &created, &[third]).await, [true], "who has secrets keeps them");
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, 204);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/secrets")),
        (Method::DELETE, format!("{path}/secrets/old")),
        (Method::GET, "/clients/x".to_owned()),
    ] {
        assert_eq!(world.call(method, &path, None).await.0, 404, "{path}");
    }
    assert_eq!(world.call(Method::PATCH, &path, Some(json!({ "name": "x" }))).await.0, 404);
    assert_eq!(world.get("/clients").await, (200, json!({ "items": [] })));
}

#[tokio::test]
async fn what_is_left_out_stays_null_clears_and_addresses_are_kept_as_they_were_written() {
    let world = World::new("clients-changed").await;
    let mut body = new(&json!({ "method": "private_key", "jwks": keys() }));
    body["redirect_uris"] = json!([CALLBACK, "https://Platform.example:443/a/../b?x=%40", "http://127.0.0.1:3000/cb"]);
    body["post_logout_redirect_uris"] = json!(["https://platform.example/bye"]);
    body["initiate_login_uri"] = json!("https://platform.example/login?by=rollcall");
    body["backchannel_logout_uri"] = json!("http://localhost:3000/logout");
    let (status, created) = world.call(Method::POST, "/clients", Some(body.clone())).await;
    assert_eq!((status, created.get("client_secret")), (201, None), "{created}");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    let path = format!("/clients/{}", created["client_id"].as_str().unwrap());
    assert_eq!(world.call(Method::POST, &format!("{path}/secrets"), None).await.0, 409);
    assert_eq!(world.call(Method::DELETE, &format!("{path}/secrets/old"), None).await.0, 409);

    let (status, same) = world.call(Method::PATCH, &path, Some(json!({}))).await;
    assert_eq!((status, &same), (200, &created));
    let cleared =
        json!({ "post_logout_redirect_uris": null, "initiate_login_uri": null, "backchannel_logout_uri": null });
    let (status, changed) = world.call(Method::PATCH, &path, Some(cleared)).await;
    assert_eq!((status, &changed["revision"]), (200, &json!(2)), "{changed}");
    assert_eq!(
        (&changed["post_logout_redirect_uris"], &changed["initiate_login_uri"], &changed["backchannel_logout_uri"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
    assert_eq!((&changed["redirect_uris"], &changed["name"]), (&body["redirect_uris"], &body["name"]));
    assert_eq!(world.get(&path).await.1, changed);

    // Another method makes the keys good no more, and gives a secret.
    let (_, changed) =
        world.call(Method::PATCH, &path, Some(json!({ "authentication": { "method": "secret" } }))).await;
    assert_eq!(accepted(&world, &changed, &[&changed["client_secret"]]).await, [true], "{changed}");
    assert_eq!(changed["authentication"]["method"], "secret");

    // Of changes at the same moment none is lost: one is made, or its caller told.
    let names = (0..8).map(|number| json!({ "name": format!("Name {number}") }));
    let answers = join_all(names.map(|body| world.call(Method::PATCH, &path, Some(body)))).await;
    assert!(answers.iter().all(|(status, _)| [200, 409].contains(status)), "{answers:?}");
    let made = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(world.get(&path).await.1["revision"], json!(3 + made));
}

#[tokio::test]
async fn a_wrong_part_is_named_and_nothing_is_repeated() {
    let stage = Stage::start().await;
    let client = format!("/clients/{}", Uuid::nil());
    let secret = json!({ "method": "secret" });
    let many: Vec<String> = (0..21).map(|number| format!("{CALLBACK}/{number}")).collect();
    let with_private = |member: &str| {
        let mut keys = keys();
        keys["keys"][0][member] = json!("canary");
        json!({ "method": "private_key", "jwks": keys })
    };
    let octets = json!({ "keys": [{ "kty": "oct", "k": "canary" }] });
    for (member, value, field) in [
        ("name", json!(""), "name"),
        ("name", json!(null), "name"),
        ("redirect_uris", json!([]), "redirect_uris"),
        ("redirect_uris", json!(null), "redirect_uris"),
        ("redirect_uris", json!(many), "redirect_uris"),
        ("redirect_uris", json!([CALLBACK, CALLBACK]), "redirect_uris"),
        ("redirect_uris", json!([CALLBACK, "http://canary.example/"]), "redirect_uris[1]"),
        ("redirect_uris", json!(["https://canary.example/*"]), "redirect_uris[0]"),
        ("post_logout_redirect_uris", json!(["canary"]), "post_logout_redirect_uris"),
        ("post_logout_redirect_uris", json!(many), "post_logout_redirect_uris"),
        ("initiate_login_uri", json!("https://user:canary@platform.example"), "initiate_login_uri"),
        ("backchannel_logout_uri", json!("http://canary.example/logout"), "backchannel_logout_uri"),
        ("backchannel_logout_uri", json!("https://canary.example/#part"), "backchannel_logout_uri"),
        ("authentication", json!(null), "authentication"),
        ("authentication", json!({}), "authentication"),
        ("authentication", json!({ "method": "canary" }), "authentication"),
        ("authentication", json!({ "method": "secret", "client_secret": "canary" }), "authentication"),
        ("authentication", json!({ "method": "private_key" }), "authentication"),
        ("authentication", json!({ "method": "private_key", "jwks": "canary" }), "authentication"),
        ("authentication", json!({ "method": "private_key", "jwks": { "keys": [] } }), "authentication"),
        ("authentication", json!({ "method": "private_key", "jwks": octets }), "authentication"),
        ("authentication", with_private("d"), "authentication"),
        ("authentication", with_private("dp"), "authentication"),
        ("authentication", with_private(&"x".repeat(17_000)), "authentication"),
        ("client_id", json!("canary"), "client_id"),
        ("client_secret", json!("canary"), "client_secret"),
        ("revision", json!(1), "revision"),
    ] {
        let mut body = new(&secret);
        body[member] = value.clone();
        let patch = json!({ member: value });
        for (method, path, body) in [(Method::POST, "/clients", body), (Method::PATCH, client.as_str(), patch)] {
            let (status, problem) = stage.call(method.clone(), path, Some(&body.to_string())).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {member}: {value}");
            let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
            assert!(named.starts_with(field), "{method} {member}: {problem}");
            assert!(!problem.to_string().contains("canary"), "{problem}");
        }
    }
    for member in ["name", "redirect_uris", "authentication"] {
        let mut body = new(&secret);
        body.as_object_mut().unwrap().remove(member);
        assert_eq!(stage.call(Method::POST, "/clients", Some(&body.to_string())).await.0, 400, "{member}");
    }
}
