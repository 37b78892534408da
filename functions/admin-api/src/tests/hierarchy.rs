//! Managers above, reports below, and their teams.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

fn people(list: &Value) -> Vec<(Value, Value)> {
    list["items"].as_array().unwrap().iter().map(|item| (item["person"].clone(), item["depth"].clone())).collect()
}

#[tokio::test]
async fn chains_and_reports_end_also_in_circles_and_are_the_same_with_teams_and_without() {
    let world = World::new("hierarchy").await;
    let names = ["Ann Lee", "Bea Ode", "Cem Uz", "Dan Fox", "Eva Ray"];
    let [ann, bea, cem, dan, eva] = names.map(|name| world.person(name, &format!("{}@x.test", &name[..3])));
    // Ann is above Bea and Cem, Bea above Dan, and Dan above Ann; Eva reports to somebody out of scope.
    let outsider = world.person("Fay Out", "fay@x.test");
    for (person, manager) in [(bea, ann), (cem, ann), (dan, bea), (ann, dan), (eva, outsider)] {
        world.edit(|directory, now| {
            let (person, manager) = (directory.find(person).unwrap(), directory.find(manager));
            directory.set_manager(person, manager, now).unwrap();
        });
    }
    let scope = json!({"type": "people", "people": [ann, bea, cem, dan, eva]});
    let id = world.connect("Contoso", &world.tenant.client_secret, scope).await;
    world.activate(id).await;
    let connection = format!("/connections/{id}");
    let (status, chain) = world.get(&format!("{connection}/users/{cem}/managers")).await;
    assert_eq!(status, 200, "{chain}");
    let above = |person: Uuid, name: &str| json!({"person": person, "name": name, "active": true});
    assert_eq!(chain["managers"], json!([above(ann, "Ann Lee"), above(dan, "Dan Fox"), above(bea, "Bea Ode")]));
    assert_eq!(chain["cycle"], true);
    let (_, chain) = world.get(&format!("{connection}/users/{eva}/managers")).await;
    assert_eq!(chain, json!({"managers": [{"person": outsider, "active": false}], "cycle": false}));

    let reports = format!("{connection}/users/{ann}/reports");
    let (_, by_pass) = world.get(&reports).await;
    let found = people(&by_pass);
    assert_eq!(found.len(), 3, "{by_pass}");
    assert_eq!(found[2], (json!(dan), json!(2)));
    let (_, first) = world.get(&format!("{reports}?limit=2")).await;
    let (_, rest) = world.get(&format!("{reports}?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!([people(&first), people(&rest)].concat(), found);
    assert!(rest.get("next").is_none());

    let with_teams = json!({"rules": {"teams": {"managers": {"name_template": "Crew of {name}"}}}});
    assert_eq!(world.call(Method::PATCH, &connection, Some(with_teams)).await.0, 200);
    world.work().await;
    assert_eq!(world.get(&reports).await.1, by_pass);
    let (_, page) = world.get(&format!("{connection}/teams?limit=2")).await;
    let (_, rest) = world.get(&format!("{connection}/teams?limit=2&cursor={}", page["next"].as_str().unwrap())).await;
    let teams = [page["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()].concat();
    assert_eq!(teams.len(), 3, "{teams:?}");
    let crew = teams.iter().find(|team| team["manager"] == json!(ann)).unwrap();
    assert_eq!((&crew["name"], crew.get("group")), (&json!("Crew of Ann Lee"), None));
    let (_, members) = world.get(&format!("{connection}/teams/{ann}/members")).await;
    assert_eq!(members["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.get(&format!("{connection}/users/{bea}")).await.1["reports_to"], json!(ann));

    for (path, expected) in [
        (format!("{connection}/users/{outsider}/managers"), 404),
        (format!("{connection}/users/{outsider}/reports"), 404),
        (format!("{reports}?limit=10001"), 400),
        (format!("{reports}?cursor=AAAA"), 400),
        (format!("{connection}/users/{bea}/reports?cursor={}", first["next"].as_str().unwrap()), 400),
        (format!("{connection}/teams/{outsider}/members"), 404),
    ] {
        assert_eq!(world.get(&path).await.0, expected, "{path}");
    }
}
