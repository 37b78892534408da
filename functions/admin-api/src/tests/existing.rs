//! Accounts that were there before, and protection.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

#[tokio::test]
async fn an_account_that_was_there_is_proposed_linked_and_kept() {
    let world = World::new("existing").await;
    let [ann, bea] = ["Ann Lee", "Bea Ode"].map(|name| world.person(name, &format!("{}@x.test", &name[..3])));
    world.set(ann, "employeeId", Some("E7"));
    world.set(bea, "employeeId", Some("E8"));
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let connection = format!("/connections/{id}");
    world.call(Method::PATCH, &connection, Some(json!({"rules": {"adoption": {"by": ["employee_id"]}}}))).await;
    let accounts = format!("{connection}/existing-accounts");
    let sent = json!({"accounts": [
        {"id": "old-7", "employee_id": "E7", "protected": true}, {"id": "old-8", "employee_id": "E8"}, {"id": "old-9", "email": "x@y.z"}]});
    assert_eq!(world.call(Method::PUT, &accounts, Some(sent.clone())).await.0, 204);
    world.activate(id).await;
    let (_, list) = world.get(&format!("{connection}/problems")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "nobody gets a second account: {list}");
    let of =
        |person: Uuid| list["items"].as_array().unwrap().iter().find(|item| item["person"] == json!(person)).unwrap();
    assert_eq!(of(ann)["problem"], json!({"kind": "adoption", "accounts": ["old-7"], "by": "employee_id"}));
    let (_, why) = world.get(&format!("{connection}/directory/people/{ann}/why")).await;
    assert_eq!((&why["status"], &why["problem"]["kind"]), (&json!("skipped"), &json!("adoption")), "{why}");

    let call = async |method: Method, path: &str, body: Option<Value>| {
        world.call(method, &format!("{accounts}/{path}"), body).await
    };
    let (status, linked) = call(Method::POST, "old-7/link", Some(json!({"person": ann}))).await;
    assert_eq!((status, &linked["decision"]), (200, &json!({"state": "linked", "person": ann})), "{linked}");
    assert_eq!(call(Method::POST, "old-9/link", Some(json!({"person": ann}))).await.0, 409, "one account for each");
    assert_eq!(call(Method::POST, "old-7/link", Some(json!({"person": bea}))).await.0, 409, "one person for each");
    world.work().await;
    let (status, user) = world.get(&format!("{connection}/users/{ann}")).await;
    assert_eq!((status, &user["origin"], &user["linked_account"]), (200, &json!("linked"), &json!("old-7")), "{user}");
    assert_eq!(user["protected"], true, "the protection came with it");
    assert_eq!(call(Method::DELETE, "old-7/decision", None).await.0, 409, "it is in use");
    assert_eq!(call(Method::POST, "old-7/keep-apart", None).await.0, 409);

    assert_eq!(call(Method::POST, "old-8/keep-apart", None).await.1["decision"], json!({"state": "apart"}));
    assert_eq!(call(Method::DELETE, "old-8/decision", None).await.1["decision"], json!({"state": "open"}));
    assert_eq!(call(Method::POST, "old-8/keep-apart", None).await.0, 200);
    world.call(Method::POST, &format!("{connection}/sync"), Some(json!({"mode": "full"}))).await;
    world.work().await;
    let (status, user) = world.get(&format!("{connection}/users/{bea}")).await;
    assert_eq!((status, &user["origin"], &user["protected"]), (200, &json!("made"), &json!(false)));
    assert_eq!(
        call(Method::POST, "old-9/link", Some(json!({"person": bea}))).await.0,
        409,
        "who has one gets no other"
    );
    // What is told again keeps what was decided.
    assert_eq!(world.call(Method::PUT, &accounts, Some(sent)).await.0, 204);
    let (_, list) = world.get(&format!("{accounts}?limit=2")).await;
    assert!(list["items"].as_array().unwrap().len() == 2 && list["next"].is_string());
    let (_, list) = world.get(&accounts).await;
    let states: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["decision"]["state"]).collect();
    assert!(
        states.contains(&&json!("linked")) && states.contains(&&json!("apart")) && states.contains(&&json!("open"))
    );

    let protection = format!("{connection}/users/{bea}/protection");
    assert_eq!(world.call(Method::PUT, &protection, None).await.0, 204);
    world.set(bea, "accountEnabled", Some("false"));
    let (_, why) = world.get(&format!("{connection}/directory/people/{bea}/why")).await;
    assert!(why["because"].as_str().unwrap().ends_with("The account is protected and stays active."), "{why}");
    world.call(Method::POST, &format!("{connection}/directory/people/{bea}/sync"), None).await;
    world.work().await;
    assert_eq!(world.get(&format!("{connection}/users/{bea}")).await.1["status"], "active");
    let (_, list) = world.get(&format!("{connection}/problems")).await;
    assert_eq!(list["items"][0]["problem"], json!({"kind": "protected", "leaving": "disabled"}), "{list}");
    assert_eq!(world.call(Method::DELETE, &protection, None).await.0, 204);
    world.call(Method::POST, &format!("{connection}/directory/people/{bea}/sync"), None).await;
    world.work().await;
    assert_eq!(world.get(&format!("{connection}/users/{bea}")).await.1["status"], "inactive");
}

#[tokio::test]
async fn accounts_are_refused_that_can_not_be() {
    let world = World::new("existing-refused").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let (connection, nothing) = (format!("/connections/{id}"), Uuid::from_u128(9));
    let account = |id: &str| json!({"id": id, "email": "a@b.c"});
    let many: Vec<Value> = (0..501).map(|number| account(&number.to_string())).collect();
    for body in [
        json!({}),
        json!({"accounts": []}),
        json!({"accounts": many}),
        json!({"accounts": [account("a"), account("a")]}),
        json!({"accounts": [account("")]}),
        json!({"accounts": [account("a/b")]}),
        json!({"accounts": [account("..")]}),
        json!({"accounts": [account(&"x".repeat(129))]}),
        json!({"accounts": [{"id": "a", "email": ""}]}),
        json!({"accounts": [{"id": "a", "decision": {"state": "apart"}}]}),
    ] {
        let (status, problem) = world.call(Method::PUT, &format!("{connection}/existing-accounts"), Some(body)).await;
        assert_eq!(status, 400, "{problem}");
    }
    for (method, path, body, expected) in [
        (
            Method::PUT,
            format!("/connections/{nothing}/existing-accounts"),
            Some(json!({"accounts": [account("a")]})),
            404,
        ),
        (Method::POST, format!("{connection}/existing-accounts/a/link"), Some(json!({"person": nothing})), 404),
        (Method::POST, format!("{connection}/existing-accounts/a/link"), Some(json!({"person": "x"})), 400),
        (Method::POST, format!("{connection}/existing-accounts/a%2Fb/keep-apart"), None, 404),
        (Method::POST, format!("{connection}/existing-accounts/a/keep-apart"), None, 404),
        (Method::DELETE, format!("{connection}/existing-accounts/a/decision"), None, 404),
        (Method::GET, format!("{connection}/existing-accounts?cursor=AAAA"), None, 400),
        (Method::GET, format!("/connections/{nothing}/existing-accounts"), None, 404),
        (Method::GET, format!("/connections/{nothing}/problems"), None, 404),
        (Method::GET, format!("{connection}/problems?limit=0"), None, 400),
        (Method::PUT, format!("{connection}/users/{nothing}/protection"), None, 404),
        (Method::DELETE, format!("{connection}/users/{nothing}/protection"), None, 404),
    ] {
        assert_eq!(world.call(method, &path, body).await.0, expected, "{path}");
    }
}
