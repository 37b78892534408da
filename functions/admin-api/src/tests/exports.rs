//! Exports, from a real table.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use axum::http::{HeaderMap, Method};
use rollcall_directory::guard::{PlanHash, Reason};
use rollcall_directory::identity::{ConnectionId, HoldId, PersonId};
use rollcall_directory::plan::{Loss, Removal};
use rollcall_directory::user::{Leaving, Status, User};
use rollcall_store::{Commit, Hold, HoldStatus, HoldWrite};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{NOW, World};
use crate::export::csv::tests::{original, parse};

/// All parts of an export, with the headers of the first one.
async fn export(world: &World, path: &str) -> (HeaderMap, Vec<String>) {
    let (mut parts, mut first) = (Vec::new(), None);
    let (mut at, base) = (path.to_owned(), path.split('?').next().unwrap());
    loop {
        let (status, headers, body) = world.send(Method::GET, &at, None).await;
        assert_eq!(status.as_u16(), 200, "{at}: {body}");
        // As the answer lies in the document that Lambda hands over.
        assert!(serde_json::to_string(&body).unwrap().len() < 4_100_000);
        parts.push(body);
        let next = headers.get(LINK).map(|link| link.to_str().unwrap().to_owned());
        first.get_or_insert(headers);
        match next {
            Some(link) => {
                let query = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
                at = format!("{base}{query}");
            }
            None => return (first.unwrap(), parts),
        }
    }
}

/// Everything that a list shows, page by page.
async fn listed(world: &World, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = world.get(&format!("{path}?limit=200{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn joined(parts: &[String]) -> Vec<Value> {
    parts.iter().flat_map(|part| serde_json::from_str::<Vec<Value>>(part).unwrap()).collect()
}

/// As many people as need more than one answer, with names that a spreadsheet would run.
async fn crowd(world: &World, connection: ConnectionId) -> (Vec<User>, Uuid) {
    let account = |number: u128| {
        let name = format!("=HYPERLINK(\"{}\")\n{number}", "x".repeat(4_000));
        world.account(Uuid::from_u128(0xbee0_0000 + number), Status::Active, &name)
    };
    let users: Vec<User> = (0..1_100).map(account).collect();
    let run = world.write(connection, users.clone()).await;
    (users, run.id.0)
}

#[tokio::test]
async fn an_export_has_everything_in_parts_that_fit_and_no_formula() {
    let world = World::new("exports").await;
    let everyone = json!({"type": "everyone"});
    let connection = world.connect("Contoso", &world.tenant.client_secret, everyone).await;
    let (users, run) = crowd(&world, connection).await;
    let base = format!("/connections/{connection}");
    let name_of = |user: &User| user.attributes.values().next().unwrap().clone();
    let names: BTreeMap<String, String> = users.iter().map(|user| (user.person.to_string(), name_of(user))).collect();

    for (path, list, file) in [
        (format!("{base}/runs/{run}/changes"), format!("{base}/runs/{run}/changes"), format!("rollcall-changes-{run}")),
        (format!("{base}/users"), format!("{base}/users"), format!("rollcall-users-{connection}")),
    ] {
        let (headers, parts) = export(&world, &format!("{path}.json")).await;
        assert_eq!(headers[CONTENT_TYPE], "application/json");
        assert_eq!(headers[CONTENT_DISPOSITION], format!("attachment; filename=\"{file}.json\""));
        assert!(parts.len() > 1, "{path}");
        assert!(joined(&parts) == listed(&world, &list).await, "{path}");

        let (headers, parts) = export(&world, &format!("{path}.csv")).await;
        assert_eq!(headers[CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
        assert_eq!(headers[CONTENT_DISPOSITION], format!("attachment; filename=\"{file}.csv\""));
        assert!(parts.len() > 1, "{path}");
        let mut lines = parse(&parts.concat()).into_iter();
        let head = lines.next().unwrap();
        let column = |name: &str| head.iter().position(|known| known == name).unwrap();
        let name = if path.ends_with("users") { column("givenName") } else { column("after") };
        let is_name = |line: &Vec<String>| path.ends_with("users") || line[column("field")] == "givenName";
        let found: BTreeMap<String, String> = lines
            .filter(is_name)
            .map(|line| {
                assert!(line[name].starts_with("'="), "a formula");
                (line[column("person")].clone(), original(&line[name]).to_owned())
            })
            .collect();
        assert!(found == names, "{path}");
    }
    let (_, parts) = export(&world, &format!("{base}/users.json?active=true")).await;
    assert_eq!(joined(&parts).len(), 1_100);
    let (_, parts) = export(&world, &format!("{base}/users.csv?active=false")).await;
    assert_eq!(parse(&parts.concat()).len(), 1, "the names of the columns alone");
}

#[tokio::test]
async fn the_removals_of_a_hold_are_exported_with_names() {
    let world = World::new("export-removals").await;
    let everyone = json!({"type": "everyone"});
    let connection = world.connect("Contoso", &world.tenant.client_secret, everyone).await;
    let people: Vec<Uuid> = (0..1_200).map(|number| Uuid::from_u128(0xbee0_0000 + number)).collect();
    let users = people.iter().map(|person| world.account(*person, Status::Active, "@Ann")).collect();
    let run = world.write(connection, users).await;
    let removal = |person: &Uuid| Removal { person: PersonId(*person), loss: Loss::Account(Leaving::Disabled) };
    let removals: BTreeSet<Removal> = people.iter().map(removal).collect();
    let hold = Hold {
        id: HoldId(Uuid::now_v7()),
        run: run.id,
        hash: PlanHash::of(&removals).to_string(),
        status: HoldStatus::Open,
        reasons: vec![Reason::Accounts { people: 1_200, allowed: 5 }],
        created_at: NOW,
        decided_at: None,
        decided_by: None,
        removals: 1_200,
    };
    let holds = vec![HoldWrite::Open { hold: hold.clone(), removals }];
    world.lease(connection).await.commit(Commit { holds, ..Commit::at(NOW) }).await.unwrap();

    let path = format!("/connections/{connection}/holds/{}/removals", hold.id);
    let (_, parts) = export(&world, &format!("{path}.json")).await;
    assert_eq!(joined(&parts), listed(&world, &path).await);
    let (headers, parts) = export(&world, &format!("{path}.csv")).await;
    let name = format!("attachment; filename=\"rollcall-removals-{}.csv\"", hold.id);
    assert_eq!(headers[CONTENT_DISPOSITION], name);
    let lines = parse(&parts.concat());
    assert_eq!(lines.len(), 1_201);
    assert_eq!(lines[1][1..5], ["'@Ann", "", "account", "disabled"]);
}

#[tokio::test]
async fn what_is_not_there_is_no_empty_file() {
    let world = World::new("export-nothing").await;
    let everyone = json!({"type": "everyone"});
    let connection = world.connect("Contoso", &world.tenant.client_secret, everyone).await;
    let nothing = Uuid::from_u128(9);
    for (path, status) in [
        (format!("/connections/{connection}/runs/{nothing}/changes.csv"), 404),
        (format!("/connections/{connection}/holds/{nothing}/removals.json"), 404),
        (format!("/connections/{nothing}/users.csv"), 404),
        (format!("/connections/{connection}/users.csv?cursor=AAAA"), 400),
        (format!("/connections/{connection}/users.json?limit=5"), 400),
    ] {
        assert_eq!(world.get(&path).await.0, status, "{path}");
    }
}
