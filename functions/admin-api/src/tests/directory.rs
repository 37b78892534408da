//! Groups and people of a simulated tenant, looked for through the API.

use entra::directory::Kind;
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::user::{Leaving, Status};
use serde_json::{Value, json};

use super::world::{NOW, World};

fn names(list: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

fn groups(connection: ConnectionId, query: &str) -> String {
    format!("/connections/{connection}/directory/groups?{query}")
}

fn people(connection: ConnectionId, query: &str) -> String {
    format!("/connections/{connection}/directory/people?{query}")
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn groups_are_found_by_words_whatever_characters_they_have() {
    let world = World::new("groups").await;
    for name in ["Sales North", "Sales \"South\"", "R&D", "Back\\slash", "Ünal's 100% Team"] {
        let values = [("displayName", name), ("groupTypes", "[]"), ("securityEnabled", "true")];
        world.add(Kind::Group, &values);
    }
    let roots = json!({"type": "groups", "groups": [world.add(Kind::Group, &[("displayName", "Everyone Else")])]});
    let connection = world.connect("Contoso", &world.tenant.client_secret, roots).await;
    for (search, expected) in [
        ("sales", vec!["Sales \"South\"", "Sales North"]),
        ("nor SAL", vec!["Sales North"]),
        ("\"south", vec!["Sales \"South\""]),
        ("r&d", vec!["R&D"]),
        ("back\\sl", vec!["Back\\slash"]),
        ("ünal's 100% t", vec!["Ünal's 100% Team"]),
        ("x\" OR \"displayName:sales", vec![]),
        ("x%22 OR %22displayName:sales", vec![]),
        ("else", vec!["Everyone Else"]),
    ] {
        let (status, found) = world.get(&groups(connection, &format!("search={}", encode(search)))).await;
        assert_eq!((status, names(&found)), (200, expected), "{search}: {found}");
    }
    let (_, all) = world.get(&groups(connection, "search=%20")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 6);
    let in_scope = |item: &&Value| item["in_scope"] == json!(true);
    let chosen: Vec<&Value> = all["items"].as_array().unwrap().iter().filter(in_scope).collect();
    assert_eq!(chosen.len(), 1);
    assert_eq!((&chosen[0]["name"], &chosen[0]["kind"]), (&json!("Everyone Else"), &json!("security")));
}

#[tokio::test]
async fn a_cursor_leads_through_all_pages_of_its_own_search_and_nowhere_else() {
    let world = World::new("group-pages").await;
    for number in 0..7 {
        world.add(Kind::Group, &[("displayName", &format!("Team {number}"))]);
    }
    let secret = world.tenant.client_secret.clone();
    let connection = world.connect("Contoso", &secret, json!({"type": "everyone"})).await;
    let other = world.connect("Fabrikam", &secret, json!({"type": "everyone"})).await;
    for search in ["search=team&", ""] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = world.get(&groups(connection, &format!("{search}limit=3{cursor}"))).await;
            assert_eq!(status, 200, "{page}");
            seen.extend(names(&page).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
            let sealed = &cursor["&cursor=".len()..];
            for stolen in [
                groups(other, &format!("{search}cursor={sealed}")),
                groups(connection, &format!("search=other&cursor={sealed}")),
                people(connection, &format!("{search}cursor={sealed}")),
                groups(connection, &format!("{search}cursor=A{sealed}")),
                format!("/connections?cursor={sealed}"),
            ] {
                let (status, problem) = world.get(&stolen).await;
                assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("cursor")), "{stolen}");
            }
        }
        seen.sort();
        assert_eq!(seen, (0..7).map(|number| format!("Team {number}")).collect::<Vec<_>>(), "{search}");
    }
}

#[tokio::test]
async fn people_are_found_by_names_and_addresses_with_what_choosing_them_would_mean() {
    let world = World::new("people").await;
    let [ann, bea, cem, dan, eva] = ["Ann", "Bea", "Cem", "Dan", "Eva"]
        .map(|name| world.person(&format!("{name} Okay"), &format!("{name}.o@x.test")));
    let gus = world.add(
        Kind::User,
        &[("displayName", "Gus Okay"), ("userPrincipalName", "gus@x.test"), ("accountEnabled", "false")],
    );
    world.person("Someone Different", "someone@x.test");
    let secret = world.tenant.client_secret.clone();
    let connection = world.connect("Contoso", &secret, json!({"type": "everyone"})).await;
    let other = world.connect("Fabrikam", &secret, json!({"type": "everyone"})).await;
    let left = Status::Inactive { reason: Leaving::OutOfScope, since: NOW };
    let here = vec![world.account(ann, Status::Active, "Ann"), world.account(bea, left, "Bea")];
    world.write(connection, here).await;
    let there = [(ann, Status::Active), (cem, Status::Active), (dan, left)];
    world.write(other, there.map(|(person, status)| world.account(person, status, "x")).to_vec()).await;

    let (status, found) = world.get(&people(connection, "search=okay")).await;
    assert_eq!(status, 200, "{found}");
    let standing = |person: uuid::Uuid| {
        let of = |item: &&Value| item["id"] == json!(person);
        found["items"].as_array().unwrap().iter().find(of).unwrap()["standing"].clone()
    };
    assert_eq!(found["items"].as_array().unwrap().len(), 6);
    assert_eq!(standing(ann), json!({"status": "already_here"}));
    assert_eq!(standing(bea), json!({"status": "left", "reason": "out_of_scope", "since": NOW.to_string()}));
    assert_eq!(standing(cem), json!({"status": "elsewhere", "connection": other.0, "name": "Fabrikam"}));
    assert_eq!(standing(dan), json!({"status": "addable"}), "an inactive account elsewhere holds nobody");
    assert_eq!(standing(eva), json!({"status": "addable"}));
    assert_eq!(standing(gus), json!({"status": "skipped", "reasons": ["disabled", "given_name", "surname"]}));

    for search in ["dan", "dan.o@x", "Dan Ok", "okay dan"] {
        let (_, found) = world.get(&people(connection, &format!("search={}", encode(search)))).await;
        assert_eq!(names(&found), ["Dan Okay"], "{search}");
    }
    let (_, all) = world.get(&people(connection, "")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn what_keeps_graph_from_answering_is_told() {
    let world = World::new("picker-trouble").await;
    let connection = world.connect("Contoso", "canary-7f31", json!({"type": "everyone"})).await;
    let (status, problem) = world.get(&groups(connection, "search=a")).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:rollcall:problem:directory-refused")), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("client secret") && !detail.contains("canary"), "{detail}");

    // The next call takes the credential that was set meanwhile.
    let mended = json!({"credential": {"type": "client_secret", "client_id": world.tenant.client_id.to_string(),
        "client_secret": world.tenant.client_secret}});
    let path = format!("/connections/{connection}");
    let (status, _, body) = world.send(axum::http::Method::PATCH, &path, Some(mended.to_string())).await;
    assert_eq!(status.as_u16(), 200, "{body}");
    assert_eq!(world.get(&groups(connection, "search=a")).await.0, 200);

    for (query, field) in [
        (format!("search={}", "x".repeat(65)), "search"),
        ("search=a%0Ab".to_owned(), "search"),
        ("limit=201".to_owned(), "limit"),
        ("more=1".to_owned(), "more"),
    ] {
        let (status, problem) = world.get(&people(connection, &query)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{problem}");
    }
    let nobody = ConnectionId(uuid::Uuid::from_u128(1));
    assert_eq!(world.get(&groups(nobody, "")).await.0, 404);
}
