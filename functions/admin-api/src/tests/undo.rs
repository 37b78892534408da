//! Undoing a run, and reading one person.

use axum::http::Method;
use rollcall_directory::identity::{ConnectionId, PersonId, RunId};
use rollcall_sync::job::Job;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

/// The newest run that is no preview, as the API shows it.
async fn newest(world: &World, connection: ConnectionId) -> Value {
    world.get(&format!("/connections/{connection}/runs?preview=false&limit=1")).await.1["items"][0].clone()
}

#[tokio::test]
async fn a_run_is_undone_and_auto_sync_rests_unless_it_shall_go_on() {
    let world = World::new("undo").await;
    let ann = world.person("Ann Lee", "ann@x.test");
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    world.activate(id).await;
    let connection = format!("/connections/{id}");
    world.set(ann, "surname", Some("Mist"));
    let (status, queued) = world.call(Method::POST, &format!("{connection}/directory/people/{ann}/sync"), None).await;
    assert!(status == 202 && queued["reference"].is_string(), "{queued}");
    world.work().await;
    let run = newest(&world, id).await;
    assert_eq!((&run["mode"], &run["person"], &run["counts"]["updated"]), (&json!("person"), &json!(ann), &json!(1)));
    let undo = format!("{connection}/runs/{}/undo", run["id"].as_str().unwrap());

    let (status, queued) = world.call(Method::POST, &format!("{undo}/preview"), None).await;
    assert_eq!(status, 202, "{queued}");
    world.work().await;
    let (_, preview) = world.get(&format!("{connection}/runs/{}", queued["run"].as_str().unwrap())).await;
    assert_eq!(
        (&preview["mode"], &preview["undoes"], &preview["counts"]["updated"]),
        (&json!("preview_undo"), &run["id"], &json!(1))
    );
    let user = format!("{connection}/users/{ann}");
    assert_eq!(world.get(&user).await.1["attributes"]["surname"], "Mist", "a preview does nothing");
    let again = format!("{connection}/runs/{}/undo", queued["run"].as_str().unwrap());
    assert_eq!(world.call(Method::POST, &again, None).await.0, 409, "a preview has done nothing");

    let (status, undoing) = world.call(Method::POST, &undo, None).await;
    assert_eq!((status, &undoing["auto_sync"]), (202, &json!(false)), "{undoing}");
    assert!(undoing["message"].as_str().unwrap().contains("Auto sync is off"), "{undoing}");
    world.work().await;
    assert_eq!(world.get(&user).await.1["attributes"]["surname"], "Lee");
    // A property is shown under the name that the platform gives it, in lists and files too.
    let renamed = json!({"rules": {"attributes": {"names": {"surname": "family_name"}}}});
    assert_eq!(world.call(Method::PATCH, &connection, Some(renamed)).await.0, 200);
    let shown = world.get(&user).await.1["attributes"].clone();
    assert_eq!((&shown["family_name"], shown.get("surname")), (&json!("Lee"), None));
    assert_eq!(world.get(&format!("{connection}/users")).await.1["items"][0]["attributes"], shown);
    assert_eq!(world.call(Method::GET, &format!("{connection}/users.json"), None).await.1[0]["attributes"], shown);
    world.queued();
    assert_eq!(world.get(&connection).await.1["rules"]["auto_sync"], false);
    let undone = newest(&world, id).await;
    assert_eq!((&undone["mode"], &undone["undoes"]), (&json!("undo"), &run["id"]));

    // Undoing is a run like others: it can be undone as well.
    assert_eq!(world.call(Method::PATCH, &connection, Some(json!({"rules": {"auto_sync": true}}))).await.0, 200);
    world.queued();
    let back = format!("{connection}/runs/{}/undo", undone["id"].as_str().unwrap());
    let (status, undoing) = world.call(Method::POST, &back, Some(json!({"keep_auto_sync": true}))).await;
    assert_eq!((status, &undoing["auto_sync"]), (202, &json!(true)), "{undoing}");
    assert!(matches!(world.queued().as_slice(), [Job::Undo { .. }]));
    assert_eq!(world.get(&connection).await.1["rules"]["auto_sync"], true);
}

#[tokio::test]
async fn what_can_not_be_undone_is_refused() {
    let world = World::new("undo-refused").await;
    let ann = world.person("Ann Lee", "ann@x.test");
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    world.activate(id).await;
    let first = newest(&world, id).await["id"].as_str().unwrap().to_owned();
    let connection = format!("/connections/{id}");
    world.call(Method::POST, &format!("{connection}/directory/people/{ann}/sync"), None).await;
    world.work().await;
    let idle = newest(&world, id).await["id"].as_str().unwrap().to_owned();
    let running = world.write(id, Vec::new()).await.id;
    for (run, expected) in [(idle.as_str(), 409), (&running.to_string(), 409), (&Uuid::nil().to_string(), 404)] {
        for path in [format!("{connection}/runs/{run}/undo"), format!("{connection}/runs/{run}/undo/preview")] {
            let (status, problem) = world.call(Method::POST, &path, None).await;
            assert_eq!(status, expected, "{path} {problem}");
        }
    }
    let undo = format!("{connection}/runs/{first}/undo");
    assert_eq!(world.call(Method::POST, &undo, Some(json!({"keep": true}))).await.0, 400);
    assert_eq!(world.call(Method::POST, &format!("{connection}/deactivate"), None).await.0, 200);
    assert_eq!(world.call(Method::POST, &undo, None).await.0, 409, "an inactive connection does nothing");
    assert_eq!(world.get(&connection).await.1["rules"]["auto_sync"], true, "what is refused changes nothing");
    assert!(world.queued().is_empty());
    let (status, queued) = world.call(Method::POST, &format!("{undo}/preview"), None).await;
    assert_eq!(status, 202, "but it may be looked at: {queued}");
    let first = RunId(first.parse().unwrap());
    assert!(matches!(world.queued().as_slice(), [Job::PreviewUndo { run, .. }] if *run == first));
    assert_eq!(
        world.call(Method::POST, &format!("{connection}/directory/people/{}/sync", PersonId(ann)), None).await.0,
        409
    );
}
