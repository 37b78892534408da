//! Previews, worked off by a real worker.

use axum::http::Method;
use serde_json::{Value, json};

use super::world::World;

/// What a run changed, without what tells one run from another.
async fn changes(world: &World, connection: &str, run: &Value) -> Vec<Value> {
    let path = format!("{connection}/runs/{}/changes?limit=200", run.as_str().unwrap());
    let (status, list) = world.get(&path).await;
    assert_eq!(status, 200, "{list}");
    let mut items = list["items"].as_array().unwrap().clone();
    items.sort_by_key(ToString::to_string);
    items
}

#[tokio::test]
async fn what_is_previewed_is_what_is_applied() {
    let world = World::new("previews").await;
    let (sales, it) = (world.group("Sales"), world.group("IT"));
    let [ann, bea] = ["Ann Lee", "Bea Ode"].map(|name| world.person(name, &format!("{}@x.test", &name[..3])));
    world.join(sales, ann);
    world.join(it, bea);
    let nameless = world.person("Cem", "cem@x.test");
    world.set(nameless, "surname", None);
    world.join(sales, nameless);
    let roots = json!({"type": "groups", "groups": [sales]});
    let id = world.connect("Contoso", &world.tenant.client_secret, roots).await;
    let connection = format!("/connections/{id}");
    let previews = format!("{connection}/previews");

    // The first run of a draft.
    let (status, begun) = world.call(Method::POST, &previews, None).await;
    assert_eq!((status, &begun["applicable"]), (202, &json!(false)), "{begun}");
    let first = format!("{previews}/{}", begun["id"].as_str().unwrap());
    let apply = |path: &str| format!("{path}/apply");
    assert_eq!(world.call(Method::POST, &apply(&first), None).await.0, 409, "it has not begun");
    world.work().await;
    let (status, done) = world.get(&first).await;
    assert_eq!(
        (status, &done["applicable"], &done["run"]["status"]),
        (200, &json!(true), &json!("succeeded")),
        "{done}"
    );
    assert_eq!(
        (&done["run"]["counts"]["created"], &done["run"]["counts"]["skipped"]),
        (&json!(1), &json!(1)),
        "{done}"
    );
    let told = changes(&world, &connection, &begun["id"]).await;
    let skipped: Vec<&Value> = told.iter().filter(|change| change["action"] == "skipped").collect();
    assert_eq!(skipped.len(), 1, "{told:?}");
    assert_eq!((&skipped[0]["person"], &skipped[0]["reasons"]), (&json!(nameless), &json!(["surname"])));
    let (_, csv) = world.call(Method::GET, &format!("{connection}/users"), None).await;
    assert_eq!(csv["items"], json!([]), "a preview makes nobody an account");
    let (_, _, file) = world
        .send(Method::GET, &format!("{connection}/runs/{}/changes.csv", begun["id"].as_str().unwrap()), None)
        .await;
    assert!(file.contains("\"skipped\",\"surname\""), "{file}");

    // Applied to a draft, nothing is queued; activated, the run does what was told.
    let (status, saved) = world.call(Method::POST, &apply(&first), None).await;
    assert_eq!((status, world.queued().len()), (200, 0), "{saved}");
    world.activate(id).await;
    let (_, runs) = world.get(&format!("{connection}/runs?preview=false")).await;
    let run = &runs["items"][0]["id"];
    let done: Vec<Value> = told.iter().filter(|change| change["action"] != "skipped").cloned().collect();
    assert_eq!(changes(&world, &connection, run).await, done);
    let (_, runs) = world.get(&format!("{connection}/runs?preview=true")).await;
    assert_eq!((runs["items"].as_array().unwrap().len(), &runs["items"][0]["mode"]), (1, &json!("preview")));
    let (_, list) = world.get(&format!("{connection}/problems")).await;
    assert_eq!(
        (&list["items"][0]["person"], &list["items"][0]["problem"]),
        (&json!(nameless), &json!({"kind": "lacks", "what": ["surname"]}))
    );

    // Another scope, previewed and applied.
    let other = json!({"scope": {"type": "groups", "groups": [it]}, "rules": {"required": ["surname"]}, "limits": {"people": 0, "percent": 0}});
    let (_, begun) = world.call(Method::POST, &previews, Some(other)).await;
    world.work().await;
    let second = format!("{previews}/{}", begun["id"].as_str().unwrap());
    let (_, done) = world.get(&second).await;
    assert_eq!((&done["applicable"], &done["run"]["counts"]["deactivated"]), (&json!(true), &json!(1)), "{done}");
    assert_eq!(done["run"]["reasons"][0]["kind"], "accounts", "that it would be held is told: {done}");
    assert_eq!(world.call(Method::POST, &apply(&second), None).await.0, 200);
    let (status, again) = world.call(Method::POST, &apply(&second), None).await;
    assert_eq!((status, world.queued().len()), (200, 2), "whoever asks twice finds it applied: {again}");
    let (_, shown) = world.get(&connection).await;
    assert_eq!(
        (&shown["scope"]["groups"], &shown["rules"]["required"], &shown["limits"]["people"]),
        (&json!([it]), &json!(["surname"]), &json!(0))
    );
}

#[tokio::test]
async fn a_preview_of_what_is_no_more_is_not_applied() {
    let world = World::new("previews-refused").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let connection = format!("/connections/{id}");
    let (_, begun) = world.call(Method::POST, &format!("{connection}/previews"), Some(json!({}))).await;
    world.work().await;
    let preview = format!("{connection}/previews/{}", begun["id"].as_str().unwrap());
    assert_eq!(world.get(&preview).await.1["applicable"], true);
    assert_eq!(world.call(Method::PATCH, &connection, Some(json!({"name": "Fabrikam"}))).await.0, 200);
    assert_eq!(world.get(&preview).await.1["applicable"], false);
    let (status, problem) = world.call(Method::POST, &format!("{preview}/apply"), None).await;
    assert!(status == 409 && problem["detail"].as_str().unwrap().contains("Preview again"), "{problem}");
    assert!(world.queued().is_empty());

    let nothing = uuid::Uuid::from_u128(9);
    for (method, path, body, expected) in [
        (Method::GET, format!("{connection}/previews/{nothing}"), None, 404),
        (Method::POST, format!("{connection}/previews/{nothing}/apply"), None, 404),
        (Method::POST, format!("/connections/{nothing}/previews"), None, 404),
        (Method::POST, format!("{connection}/previews"), Some(json!({"name": "x"})), 400),
        (Method::POST, format!("{connection}/previews"), Some(json!({"scope": null})), 400),
        (
            Method::POST,
            format!("{connection}/previews"),
            Some(json!({"rules": {"attributes": {"off": ["surname"]}}})),
            400,
        ),
        (Method::GET, format!("{connection}/runs?preview=maybe"), None, 400),
        (Method::POST, format!("{connection}/directory/people/{nothing}/sync"), None, 409),
    ] {
        assert_eq!(world.call(method, &path, body).await.0, expected, "{path}");
    }
    assert!(world.queued().is_empty());
}
