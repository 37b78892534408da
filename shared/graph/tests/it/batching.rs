//! `$batch`: every item has an outcome of its own, in its own place.

use std::time::Duration;

use http::Method;
use rollcall_graph::users::Expand;
use rollcall_graph::{Cause, Error, Page, PageLink, Request, StartOver, TransportError, User, groups, users};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Reply, Scripted, Sent, error, id, ok, raw};

/// The items of a `$batch` request.
fn items(sent: &Sent) -> Vec<Value> {
    assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", "https://graph.test/v1.0/$batch"));
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    let items = body["requests"].as_array().unwrap().clone();
    assert!(!items.is_empty() && items.len() <= 20);
    items
}

/// Answers a `$batch` in reverse order; `None` leaves an item out.
fn answer_each(sent: &Sent, answer: impl Fn(&Value) -> Option<Value>) -> Reply {
    let responses: Vec<Value> = items(sent)
        .iter()
        .rev()
        .filter_map(|item| {
            let mut answer = answer(item)?;
            answer["id"] = item["id"].clone();
            Some(answer)
        })
        .collect();
    ok(&json!({ "responses": responses }))
}

/// The user that an item asks for.
fn asked(item: &Value) -> u128 {
    let url = item["url"].as_str().unwrap();
    let id = url.trim_start_matches("/users/").split(['?', '/']).next().unwrap();
    uuid::Uuid::parse_str(id).unwrap().as_u128()
}

fn found(item: &Value) -> Value {
    json!({"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"id": id(asked(item)), "mail": "m"}})
}

fn refused(status: u16, code: &str) -> Value {
    json!({"status": status, "headers": {}, "body": {"error": {"code": code, "message": "CANARY-message"}}})
}

fn requests(count: u128) -> Vec<Request<User>> {
    (0..count).map(|number| users::get(id(number), &["mail"], Expand::Nothing)).collect()
}

#[tokio::test(start_paused = true)]
async fn any_number_of_items_is_answered_in_the_order_asked() {
    let world = Scripted::graph(|sent, _| answer_each(sent, |item| Some(found(item))));
    let client = world.client();
    let outcomes = client.batch(&requests(45)).await;
    let ids: Vec<u128> = outcomes.into_iter().map(|user| user.unwrap().id.as_u128()).collect();
    assert_eq!(ids, (0..45).collect::<Vec<_>>());
    let sizes: Vec<_> = world.graph_log().iter().map(|sent| items(sent).len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(client.requests(), 3);
    assert_eq!(client.batch::<User>(&[]).await.len(), 0);
    assert_eq!(client.requests(), 3, "nothing to ask, nothing sent");
}

#[tokio::test(start_paused = true)]
async fn an_item_is_sent_as_graph_wants_it() {
    let world = Scripted::graph(|sent, _| answer_each(sent, |_| Some(json!({"status": 200, "body": {"value": []}}))));
    let requests: [Request<Page<Value>>; 3] = [
        Request::list("/groups/{id}/transitiveMembers/microsoft.graph.user", &[id(1)]).select(&[]).advanced(),
        Request::post_list("/users/{id}/checkMemberGroups", &[id(2)]).body(&json!({"groupIds": [id(3)]})).repeatable(),
        Request::list("/users", &[]).at(PageLink::new("https://graph.test/v1.0/users?$skiptoken=a")),
    ];
    assert!(world.client().batch(&requests).await.iter().all(Result::is_ok));
    let log = world.graph_log();
    let sent = items(&log[0]);
    assert_eq!(
        sent,
        [
            json!({"id": "0", "method": "GET", "headers": {"ConsistencyLevel": "eventual"},
                "url": format!("/groups/{}/transitiveMembers/microsoft.graph.user?$select=id&$count=true", id(1))}),
            json!({"id": "1", "method": "POST", "headers": {"Content-Type": "application/json"},
                "url": format!("/users/{}/checkMemberGroups", id(2)), "body": {"groupIds": [id(3)]}}),
            json!({"id": "2", "method": "GET", "url": "/users?$skiptoken=a"}),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_item_is_asked_again_by_its_own_retry_after_and_the_others_are_not() {
    let start = Instant::now();
    let world = Scripted::graph(|sent, call| {
        answer_each(sent, |item| match (call, asked(item)) {
            (0, 3) => Some(
                json!({"status": 429, "headers": {"Retry-After": "4"}, "body": {"error": {"code": "TooManyRequests"}}}),
            ),
            (0, 5) => Some(json!({"status": 429, "headers": {"retry-after": 9}})),
            (0, 7) => Some(refused(503, "ServiceUnavailable")),
            (0, 8) => Some(refused(424, "FailedDependency")),
            _ => Some(found(item)),
        })
    });
    let client = world.client();
    let outcomes = client.batch(&requests(10)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let log = world.graph_log();
    let again: Vec<_> = items(&log[1]).iter().map(asked).collect();
    assert_eq!((log.len(), again), (2, vec![3, 5, 7, 8]));
    assert!(start.elapsed() >= Duration::from_secs(9) && start.elapsed() < Duration::from_secs(12));
    assert_eq!(client.usage().throttled, 2);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_left_out_is_asked_for_again_and_never_dropped() {
    let world = Scripted::graph(|sent, call| {
        answer_each(sent, |item| match asked(item) {
            1 if call == 0 => None,
            2 => None,
            _ => Some(found(item)),
        })
    });
    let outcomes = world.client().batch(&requests(4)).await;
    assert_eq!(outcomes.len(), 4);
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok() && outcomes[3].is_ok());
    let Err(Error::Transient { cause: Cause::LostItem, .. }) = &outcomes[2] else { panic!("{:?}", outcomes[2]) };
    assert_eq!(world.graph_log().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn each_item_is_judged_as_a_call_of_its_own() {
    let world = Scripted::graph(|sent, _| {
        answer_each(sent, |item| {
            Some(match asked(item) {
                0 => refused(404, "Request_ResourceNotFound"),
                1 => refused(403, "Authorization_RequestDenied"),
                2 => refused(400, "Request_BadRequest"),
                3 => json!({"status": 200, "body": {"mail": "CANARY@x"}}),
                4 => refused(401, "InvalidAuthenticationToken"),
                5 => json!({"status": 200, "body": {"error": {"code": "UnknownError"}}}),
                6 => json!({"status": 99_u16}),
                7 => json!({"status": 200}),
                _ => found(item),
            })
        })
    });
    let outcomes = world.client().batch(&requests(9)).await;
    assert!(matches!(outcomes[0], Err(Error::NotFound { .. })), "{:?}", outcomes[0]);
    assert!(matches!(outcomes[1], Err(Error::Consent { permission: Some("User.Read.All"), .. })), "{:?}", outcomes[1]);
    assert!(matches!(outcomes[2], Err(Error::Refused { status: 400, .. })), "{:?}", outcomes[2]);
    assert!(matches!(outcomes[3], Err(Error::ContractBroken { .. })), "{:?}", outcomes[3]);
    assert!(matches!(outcomes[4], Err(Error::Credential { .. })), "{:?}", outcomes[4]);
    for broken in [5, 6, 7] {
        assert!(
            matches!(outcomes[broken], Err(Error::Transient { cause: Cause::Unreadable, .. })),
            "{:?}",
            outcomes[broken]
        );
    }
    assert!(outcomes[8].is_ok());
    assert!(!format!("{outcomes:?}").contains("CANARY"));
    assert_eq!(outcomes[0].as_ref().unwrap_err().call().what, "GET /users/{id} in $batch");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_as_a_whole_fails_each_of_its_items() {
    let world = Scripted::graph(|sent, _| match items(sent).iter().any(|item| asked(item) < 20) {
        true => error(503, "ServiceUnavailable"),
        false => answer_each(sent, |item| Some(found(item))),
    });
    let outcomes = world.client().batch(&requests(25)).await;
    assert!(outcomes[..20].iter().all(|outcome| matches!(outcome, Err(Error::Transient { .. }))));
    assert!(outcomes[20..].iter().all(Result::is_ok));

    let broken: [fn() -> Reply; 2] =
        [|| raw(200, "application/json", r#"{"responses": ["#), || ok(&json!({"value": []}))];
    for reply in broken {
        let world = Scripted::graph(move |_, _| reply());
        let outcomes = world.client().batch(&requests(2)).await;
        assert!(outcomes.iter().all(Result::is_err) && outcomes.len() == 2);
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_of_one_record_is_told_from_trouble_of_graph() {
    let world = Scripted::graph(|sent, _| {
        answer_each(sent, |item| match asked(item) {
            0 => Some(refused(500, "InternalServerError")),
            1 => None,
            2 => Some(refused(400, "Request_BadRequest")),
            3 => Some(json!({"status": 200, "body": {"mail": "no id"}})),
            4 => Some(json!({"status": 200})),
            5 => Some(refused(404, "Request_ResourceNotFound")),
            6 => Some(refused(403, "Authorization_RequestDenied")),
            7 => Some(refused(401, "InvalidAuthenticationToken")),
            _ => Some(json!({"status": 429, "headers": {"Retry-After": "1"}})),
        })
    });
    let outcomes = world.client().batch(&requests(9)).await;
    let of_one: Vec<bool> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().is_of_one_item()).collect();
    assert_eq!(of_one, [true, true, true, true, true, false, false, false, false]);

    for reply in [|| error(500, "InternalServerError"), || error(400, "Request_BadRequest")] {
        let world = Scripted::graph(move |_, _| reply());
        let outcomes = world.client().batch(&requests(1)).await;
        assert!(!outcomes[0].as_ref().unwrap_err().is_of_one_item(), "the whole request: {outcomes:?}");
        let alone = world.client().send(&requests(1)[0]).await;
        assert!(!alone.unwrap_err().is_of_one_item(), "nothing beside it says how Graph fares");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_keeps_the_deadline() {
    let start = Instant::now();
    let world = Scripted::graph(|sent, _| {
        answer_each(sent, |item| match asked(item) {
            1 => Some(json!({"status": 429, "headers": {"Retry-After": "600"}})),
            _ => Some(found(item)),
        })
    });
    let outcomes = world.client().until(start + Duration::from_secs(30)).batch(&requests(3)).await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let Err(Error::Throttled { retry_after, .. }) = &outcomes[1] else { panic!("{:?}", outcomes[1]) };
    assert!(*retry_after >= Duration::from_secs(600));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_repeated_is_not() {
    let create: Request<Value> =
        Request::object(Method::POST, "/subscriptions", &[]).body(&json!({"resource": "users"}));
    let world = Scripted::graph(|_, _| Err(TransportError::Broken));
    assert!(world.client().batch(std::slice::from_ref(&create)).await[0].is_err());
    assert_eq!(world.graph_log().len(), 1);
    let world = Scripted::graph(|sent, _| answer_each(sent, |_| Some(refused(503, "ServiceUnavailable"))));
    assert!(world.client().batch(&[create]).await[0].is_err());
    assert_eq!(world.graph_log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_link_and_a_start_over_stay_with_their_items() {
    let gone = "https://graph.test/v1.0/groups/delta?$deltatoken=old";
    let world = Scripted::graph(|sent, _| answer_each(sent, |_| Some(refused(410, "syncStateNotFound"))));
    let at = |link: &str| groups::delta(&[], users::DeltaStart::Link(PageLink::new(link)));
    let outcomes = world.client().batch(&[at("https://evil.test/v1.0/groups/delta?$deltatoken=x"), at(gone)]).await;
    assert!(matches!(outcomes[0], Err(Error::ForeignLink { .. })), "{:?}", outcomes[0]);
    assert!(matches!(outcomes[1], Err(Error::StartOver { reason: StartOver::Expired, .. })), "{:?}", outcomes[1]);
    assert!(!world.log().iter().any(|sent| sent.body.contains("evil")));
}
