//! Why somebody is in, skipped or out.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

#[tokio::test]
async fn the_way_into_the_scope_is_told_by_names_and_what_would_change_it() {
    let world = World::new("why").await;
    let (all, sales, north) = (world.group("All Staff"), world.group("Sales"), world.group("Sales North"));
    let banned = world.group("Banned");
    world.join(all, sales);
    world.join(sales, north);
    let [ann, bea, cem, dan] =
        ["Ann Lee", "Bea Ode", "Cem Uz", "Dan Fox"].map(|name| world.person(name, &format!("{}@x.test", &name[..3])));
    for person in [ann, cem, dan] {
        world.join(north, person);
    }
    world.join(banned, dan);
    world.set(cem, "surname", None);
    let scope = json!({"type": "groups", "groups": [all], "excluded": [banned]});
    let id = world.connect("Contoso", &world.tenant.client_secret, scope).await;
    let why = async |person: Uuid| {
        let (status, answer) = world.get(&format!("/connections/{id}/directory/people/{person}/why")).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let before = why(ann).await;
    assert!(before.get("groups_read_at").is_none() && before.get("account").is_none(), "{before}");
    world.activate(id).await;

    let found = why(ann).await;
    assert_eq!(
        (&found["status"], &found["because"]),
        (&json!("in"), &json!("Members of All Staff are in.")),
        "{found}"
    );
    let names: Vec<&Value> = found["ways"][0]["path"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(names, ["All Staff", "Sales", "Sales North"], "{found}");
    assert_eq!((&found["ways"][0]["admits"], &found["ways"][0]["team"]), (&json!(true), &json!(true)));
    assert_eq!(found["teams"], json!([{"id": all, "name": "All Staff"}]));
    assert_eq!((&found["account"]["status"], found.get("next")), (&json!("active"), None));
    assert_eq!(
        found["would_change_it"],
        json!(["Take Ann Lee out of the group All Staff and of those nested in it.", "Disable the account in Entra."])
    );

    let found = why(bea).await;
    assert_eq!((&found["status"], &found["reason"]), (&json!("out"), &json!("out_of_scope")), "{found}");
    assert_eq!(found["would_change_it"], json!(["Add Bea Ode to the group All Staff or one nested in it."]));

    let found = why(cem).await;
    assert_eq!(
        (&found["status"], &found["problem"]),
        (&json!("skipped"), &json!({"kind": "lacks", "what": ["surname"]}))
    );
    assert_eq!(found["would_change_it"], json!(["Enter the surname in the directory."]));

    let found = why(dan).await;
    assert_eq!(
        (&found["status"], &found["because"]),
        (&json!("out"), &json!("Members of Banned are excluded.")),
        "{found}"
    );
    assert_eq!(found["would_change_it"], json!(["Take Dan Fox out of the group Banned and of those nested in it."]));

    // The directory is asked at this moment, and the account is as it is.
    world.set(ann, "accountEnabled", Some("false"));
    let found = why(ann).await;
    assert_eq!((&found["reason"], &found["next"]), (&json!("disabled"), &json!("deactivated")), "{found}");
    assert_eq!(found["would_change_it"], json!(["Enable the account in Entra."]));
    world.call(Method::POST, &format!("/connections/{id}/directory/people/{ann}/sync"), None).await;
    world.work().await;
    let found = why(ann).await;
    assert_eq!((&found["account"]["status"], found.get("next")), (&json!("inactive"), None), "{found}");
    assert_eq!(found["out_since"], found["account"]["inactive_since"]);
    world.edit(|directory, now| directory.delete(directory.find(ann).unwrap(), now).unwrap());
    assert_eq!(why(ann).await["reason"], "deleted");
}

#[tokio::test]
async fn who_is_nowhere_is_not_found() {
    let world = World::new("why-nobody").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let nobody = Uuid::from_u128(9);
    assert_eq!(world.get(&format!("/connections/{id}/directory/people/{nobody}/why")).await.0, 404);
    assert_eq!(world.get(&format!("/connections/{nobody}/directory/people/{nobody}/why")).await.0, 404);
    let refused = world.connect("Fabrikam", "canary-7f31", json!({"type": "everyone"})).await;
    let (status, problem) = world.get(&format!("/connections/{refused}/directory/people/{nobody}/why")).await;
    assert!(status == 409 && !problem.to_string().contains("canary"), "{problem}");
}
