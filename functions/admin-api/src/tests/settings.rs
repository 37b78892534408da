//! Settings, and what a change of them sets going.

use axum::http::Method;
use rollcall_sync::job::{Cause, Job};
use serde_json::{Value, json};

use super::world::World;

fn manual() -> Vec<Job> {
    vec![Job::Full { cause: Cause::Manual { who: "admin".to_owned() } }]
}

#[tokio::test]
async fn every_change_that_matters_looks_at_everybody_anew_and_no_other_does() {
    let world = World::new("settings").await;
    let group = world.group("Sales");
    let roots = json!({"type": "groups", "groups": [group]});
    let connection = world.connect("Contoso", &world.tenant.client_secret, roots.clone()).await;
    let path = format!("/connections/{connection}");
    let (_, shown) = world.get(&path).await;
    assert_eq!(
        shown["scope"],
        json!({"type": "groups", "groups": [group], "combine": "any", "excluded": [], "nesting": "followed"})
    );
    assert_eq!(
        (&shown["rules"]["auto_sync"], &shown["rules"]["leavers"]),
        (&json!(true), &json!({"action": "deactivate"}))
    );
    assert_eq!(shown["history_days"], 400);

    let patch = async |body: Value| {
        let (status, changed) = world.call(Method::PATCH, &path, Some(body)).await;
        assert_eq!(status, 200, "{changed}");
        let stored = world.app.table.connection(connection).await.unwrap().unwrap();
        (changed, stored.settings_revision == stored.revision)
    };
    // A draft has nobody to look at yet, but its settings have changed all the same.
    let (changed, matters) = patch(json!({"rules": {"guests": "out", "teams": {"managers": {}}}})).await;
    assert!(matters && world.queued().is_empty());
    assert_eq!(
        (&changed["rules"]["guests"], &changed["rules"]["teams"]["managers"]),
        (&json!("out"), &json!({"name_template": null}))
    );
    world.activate(connection).await;

    for (body, matters) in [
        (json!({"rules": {"teams": {"group_names": ["Team *"]}}}), true),
        (json!({"scope": {"type": "groups", "groups": [group], "nesting": "direct_only"}}), true),
        (json!({"limits": {"people": 7}}), true),
        (json!({"rules": {"auto_sync": false}}), false),
        (json!({"rules": {"auto_sync": true}}), true),
        (json!({"name": "Contoso AG", "history_days": 30, "sync_every_hours": 6}), false),
    ] {
        let (_, found) = patch(body.clone()).await;
        assert_eq!(found, matters, "{body}");
        assert_eq!(world.queued(), if matters { manual() } else { Vec::new() }, "{body}");
    }
    let (unchanged, _) = patch(json!({"rules": {"guests": "out"}, "history_days": 30})).await;
    assert!(world.queued().is_empty());
    // A member is replaced as a whole: managers' teams were not sent with the pattern, and so are gone.
    let teams = json!({"scope_groups": true, "group_names": ["Team *"], "managers": null});
    assert_eq!((&unchanged["rules"]["teams"], &unchanged["history_days"]), (&teams, &json!(30)));
}

#[tokio::test]
async fn settings_that_do_not_fit_together_change_nothing() {
    let world = World::new("settings-refused").await;
    let connection = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let path = format!("/connections/{connection}");
    let (_, before) = world.get(&path).await;
    for (body, field) in [
        (json!({"rules": {"leavers": {"action": "deactivate_then_delete", "after_days": 30}}}), "rules.leavers"),
        (json!({"rules": {"attributes": {"off": ["surname"]}}}), "rules.attributes.off"),
        (json!({"rules": {"languages": {"default": "fr", "supported": ["en"]}}}), "rules.languages"),
        (json!({"rules": {"teams": {"group_names": [""]}}}), "rules.teams.group_names[0]"),
        (json!({"rules": {"unknown": true}}), "rules"),
        (json!({"history_days": 3}), "history_days"),
        // What is wrong is refused before the credential beside it is replaced.
        (
            json!({"rules": {"attributes": {"names": {"city": "country"}}}, "credential":
                {"type": "client_secret", "client_id": uuid::Uuid::nil(), "client_secret": "canary"}}),
            "rules.attributes.names",
        ),
    ] {
        let (status, problem) = world.call(Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(status, 400, "{body}: {problem}");
        let named = problem["errors"][0]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{body}: {problem}");
    }
    assert_eq!(world.get(&path).await.1, before);
    assert!(world.queued().is_empty());
    assert_eq!(world.get(&format!("{path}/directory/groups")).await.0, 200, "the credential is the old one");
}
