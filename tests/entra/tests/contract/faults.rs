//! Rules that spoil answers.

use crate::world::World;
use serde_json::{Value, json};

/// What a client sees: the status and the whole body, or that the connection broke.
async fn raw(world: &World, path: &str) -> Result<(u16, Vec<u8>), ()> {
    let url = format!("{}/v1.0{path}", world.server.origin());
    let response = world.http.get(url).bearer_auth(&world.token).send().await.map_err(|_| ())?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().await.map_err(|_| ())?.to_vec()))
}

async fn with_fault(world: &World, fault: Value) {
    world.faults(json!([{"match": {"path": "/users$"}, "times": 1, "fault": fault}])).await;
}

#[tokio::test]
async fn a_rule_ends_after_its_times_and_reports_them() {
    let world = World::small().await;
    world.faults(json!([{"match": {"path": "/users$", "method": "GET"}, "times": 2, "fault": {"kind": "status", "status": 503}}])).await;
    let statuses: Vec<u16> =
        [world.get("/groups").await, world.get("/users").await, world.get("/users").await, world.get("/users").await]
            .iter()
            .map(|answer| answer.status)
            .collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    let report = crate::world::answer(world.http.get(format!("{}/control/faults", world.server.origin()))).await;
    assert_eq!(report.body["rules"][0]["injected"], 2);
    assert_eq!(world.server.counts().faults["status"], 2);
}

#[tokio::test]
async fn a_rule_can_meet_the_nth_request_every_so_manieth_or_a_share() {
    let world = World::small().await;
    let statuses = async |matcher: Value| {
        world.faults(json!([{"match": matcher, "fault": {"kind": "status", "status": 500}}])).await;
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(world.get("/users?$top=1").await.status == 500);
        }
        statuses
    };
    assert_eq!(statuses(json!({"nth": 3})).await.iter().filter(|hit| **hit).count(), 1);
    assert_eq!(statuses(json!({"every": 4})).await.iter().filter(|hit| **hit).count(), 3);
    assert_eq!(statuses(json!({"skip": 10})).await.iter().filter(|hit| **hit).count(), 2);
    let half = statuses(json!({"probability": 0.5, "seed": 7})).await;
    assert!(half.contains(&true) && half.contains(&false));
    assert_eq!(half, statuses(json!({"probability": 0.5, "seed": 7})).await);
}

#[tokio::test]
async fn a_bad_pattern_and_an_unknown_fault_are_refused() {
    let world = World::small().await;
    let url = format!("{}/control/faults", world.server.origin());
    for rules in
        [json!([{"match": {"path": "("}, "fault": {"kind": "emptyBody"}}]), json!([{"fault": {"kind": "nonsense"}}])]
    {
        assert_eq!(crate::world::answer(world.http.put(&url).json(&rules)).await.status, 400);
    }
}

#[tokio::test]
async fn retry_after_comes_in_every_form() {
    let world = World::small().await;
    for (given, check) in [("7", "7"), ("2.128", "2.128"), ("garbage", "garbage"), ("-5", "-5")] {
        with_fault(&world, json!({"kind": "status", "status": 429, "retryAfter": given})).await;
        assert_eq!(world.get("/users").await.header("retry-after"), Some(check));
    }
    with_fault(&world, json!({"kind": "status", "status": 429, "retryAfter": "date:30"})).await;
    assert!(world.get("/users").await.header("retry-after").unwrap().ends_with(" GMT"));
    with_fault(&world, json!({"kind": "status", "status": 429})).await;
    assert_eq!(world.get("/users").await.header("retry-after"), None);
}

#[tokio::test]
async fn connections_break_before_the_head_in_it_and_in_the_body() {
    let world = World::small().await;
    for fault in [
        json!({"kind": "resetBeforeHead"}),
        json!({"kind": "resetInHead"}),
        json!({"kind": "resetInBody", "after": 500}),
        json!({"kind": "contentLength", "extra": 100}),
        json!({"kind": "loseAnswer"}),
    ] {
        // A client may try a broken connection's request once more by itself: break that one too.
        world.faults(json!([{"match": {"path": "/users$"}, "times": 3, "fault": fault}])).await;
        assert_eq!(raw(&world, "/users").await, Err(()), "{fault}");
        world.faults(json!([])).await;
        assert_eq!(raw(&world, "/users").await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn bodies_are_broken_in_every_way() {
    let world = World::small().await;
    let parses = |body: &[u8]| serde_json::from_slice::<Value>(body).is_ok();
    for (fault, status) in [
        (json!({"kind": "html", "status": 200}), 200),
        (json!({"kind": "emptyBody"}), 200),
        (json!({"kind": "truncatedJson"}), 200),
        (json!({"kind": "invalidUtf8"}), 200),
        (json!({"kind": "byteOrderMark"}), 200),
        (json!({"kind": "notANumber"}), 200),
    ] {
        with_fault(&world, fault.clone()).await;
        let (found, body) = raw(&world, "/users").await.unwrap();
        assert_eq!((found, parses(&body)), (status, false), "{fault}");
    }
    with_fault(&world, json!({"kind": "errorWith200"})).await;
    let answer = world.get("/users").await;
    assert_eq!((answer.status, answer.code()), (200, "UnknownError"));
    with_fault(&world, json!({"kind": "gzip"})).await;
    // The client of this test undoes the encoding, and takes its header away with it.
    let zipped = world.get("/users?$top=999").await;
    assert_eq!(zipped.rows(), world.get("/users?$top=999").await.rows());
    assert!(zipped.header("content-encoding").is_none() && zipped.header("content-length").is_none());
}

#[tokio::test]
async fn links_and_rows_are_spoiled() {
    let world = World::small().await;
    let spoiled = async |fault: Value| {
        with_fault(&world, fault).await;
        world.get("/users?$top=10").await
    };
    let right = world.get("/users?$top=10").await;
    let link = spoiled(json!({"kind": "foreignLink", "origin": "https://evil.example"}))
        .await
        .link("@odata.nextLink")
        .unwrap();
    assert!(link.starts_with("https://evil.example/v1.0/users"));
    let link = spoiled(json!({"kind": "linkToSelf"})).await.link("@odata.nextLink").unwrap();
    assert_eq!(world.get(&link).await.rows(), right.rows());
    assert!(spoiled(json!({"kind": "noLinks"})).await.link("@odata.nextLink").is_none());
    let both = spoiled(json!({"kind": "bothLinks"})).await;
    assert!(both.link("@odata.nextLink").is_some() && both.link("@odata.deltaLink").is_some());
    let empty = spoiled(json!({"kind": "emptyPage"})).await;
    assert!(empty.rows().is_empty());
    assert_eq!(world.get(&empty.link("@odata.nextLink").unwrap()).await.rows(), right.rows());
    let zero = spoiled(json!({"kind": "zeroRows"})).await;
    assert!(zero.rows().is_empty() && zero.link("@odata.nextLink").is_none());
    assert_eq!(spoiled(json!({"kind": "dropRows", "every": 2})).await.rows().len(), 5);
    assert_eq!(spoiled(json!({"kind": "duplicateRows"})).await.rows().len(), 20);
    assert_eq!(
        spoiled(json!({"kind": "blankProperty", "names": ["displayName"]})).await.rows()[0]["displayName"],
        Value::Null
    );
    assert!(spoiled(json!({"kind": "unknownFields"})).await.rows()[0].get("futureProperty").is_some());
    let redirect = spoiled(json!({"kind": "redirect", "status": 302, "location": "https://evil.example/"})).await;
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("https://evil.example/")));
}

#[tokio::test]
async fn a_stale_read_shows_the_directory_of_a_while_ago() {
    let world = World::empty().await;
    let id = world.join("Ann Old").await;
    world.advance(100);
    world.act(json!([{"action": "rename", "id": id, "displayName": "Ann New"}])).await;
    world
        .faults(json!([{"match": {"path": "/users/"}, "times": 1, "fault": {"kind": "staleRead", "millis": 50_000}}]))
        .await;
    assert_eq!(world.get(&format!("/users/{id}")).await.body["displayName"], "Ann Old");
    assert_eq!(world.get(&format!("/users/{id}")).await.body["displayName"], "Ann New");
}

#[tokio::test]
async fn delta_can_be_told_to_start_over_in_every_way() {
    let world = World::small().await;
    let rule = async |fault: Value| {
        world.faults(json!([{"match": {"path": "delta"}, "times": 1, "fault": fault}])).await;
        world.get("/users/delta").await
    };
    let gone = rule(json!({"kind": "gone", "origin": "https://evil.example"})).await;
    assert_eq!(
        (gone.status, gone.header("location")),
        (410, Some("https://evil.example/v1.0/users/delta?$deltatoken="))
    );
    let nested = rule(json!({"kind": "status", "status": 400, "code": "resyncRequired", "nested": true})).await;
    assert_eq!(
        (nested.code(), &nested.body["error"]["innerError"]["code"]),
        ("UnknownError", &json!("resyncRequired"))
    );
}

#[tokio::test]
async fn the_token_endpoint_fails_by_number_and_spoils_expires_in() {
    let world = World::small().await;
    let rule = async |fault: Value| {
        world.faults(json!([{"match": {"plane": "login"}, "times": 1, "fault": fault}])).await;
        world.token(&[]).await
    };
    for (number, status, name) in [
        (7_000_222, 401, "invalid_client"),
        (90_002, 400, "invalid_request"),
        (700_016, 400, "unauthorized_client"),
        (65_001, 400, "invalid_grant"),
        (50_196, 400, "invalid_grant"),
        (90_055, 429, "temporarily_unavailable"),
    ] {
        let answer = rule(json!({"kind": "aadsts", "number": number})).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(name)));
    }
    assert!(rule(json!({"kind": "expiresIn"})).await.body.get("expires_in").is_none());
    assert_eq!(rule(json!({"kind": "expiresIn", "value": "3599"})).await.body["expires_in"], "3599");
    assert_eq!(rule(json!({"kind": "status", "status": 503, "retryAfter": "5"})).await.status, 503);
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_was_carried_out() {
    let (world, receiver) = (World::small().await, crate::receiver::Receiver::polite().await);
    world.faults(json!([{"match": {"method": "POST", "path": "/subscriptions$"}, "times": 1, "fault": {"kind": "loseAnswer"}}])).await;
    let order = crate::subscriptions::order(&receiver.url, "users");
    let url = format!("{}/v1.0/subscriptions", world.server.origin());
    assert!(world.http.post(url).bearer_auth(&world.token).json(&order).send().await.is_err());
    assert_eq!(world.get("/subscriptions").await.rows().len(), 1);
}

#[tokio::test]
async fn slow_answers_are_slow() {
    let world = World::small().await;
    for fault in [json!({"kind": "slowHead", "millis": 200}), json!({"kind": "slowBody", "bytes": 4000, "millis": 20})]
    {
        with_fault(&world, fault).await;
        let started = std::time::Instant::now();
        assert_eq!(raw(&world, "/users").await.unwrap().0, 200);
        assert!(started.elapsed().as_millis() >= 100);
    }
    with_fault(&world, json!({"kind": "endless"})).await;
    let endless = tokio::time::timeout(std::time::Duration::from_millis(300), raw(&world, "/users")).await;
    assert!(endless.is_err());
}
