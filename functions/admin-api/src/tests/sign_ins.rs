//! Who signed in, and signing somebody out.

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, PersonId, TenantId};
use rollcall_store::{ClientId, HistoryDays, SessionId, SignInRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

const CLIENT: ClientId = ClientId(Uuid::from_u128(1));

async fn record(world: &World, connection: ConnectionId, number: i64, person: Uuid, refused: Option<&str>) {
    let record = SignInRecord {
        at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000 + number),
        person: PersonId(person),
        client: (number % 2 == 0).then_some(CLIENT),
        session: SessionId(Uuid::from_u128(number.unsigned_abs().into())),
        refused: refused.map(str::to_owned),
    };
    world.app.table.record_sign_in(connection, &record, HistoryDays::DEFAULT).await.unwrap();
}

/// All pages of a list, two items at a time.
async fn all(world: &World, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = world.get(&format!("{path}?limit=2{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[tokio::test]
async fn sign_ins_are_listed_newest_first_and_a_person_s_alone() {
    let world = World::new("sign-ins").await;
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let other = world.connect("Fabrikam", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    let path = format!("/connections/{id}/sign-ins");
    assert_eq!(world.get(&path).await, (200, json!({ "items": [] })));
    let [ann, bea] = [10, 11].map(Uuid::from_u128);
    for number in 0..5 {
        let refused = (number == 3).then_some("no_account");
        record(&world, id, number, if number < 3 { ann } else { bea }, refused).await;
    }
    let items = all(&world, &path).await;
    let people: Vec<&Value> = items.iter().map(|item| &item["person"]).collect();
    assert_eq!(json!(people), json!([bea, bea, ann, ann, ann]));
    assert_eq!(
        items[0],
        json!({
            "at": "2027-01-15T12:00:00Z", "person": bea, "client_id": CLIENT.0, "session": Uuid::from_u128(4),
            "outcome": "signed_in", "reason": null,
        })
    );
    assert_eq!(
        [&items[1]["outcome"], &items[1]["reason"], &items[1]["client_id"]],
        [&json!("refused"), &json!("no_account"), &Value::Null]
    );
    assert_eq!(all(&world, &format!("/connections/{id}/users/{ann}/sign-ins")).await, items[2..]);
    assert!(all(&world, &format!("/connections/{id}/users/{}/sign-ins", Uuid::nil())).await.is_empty());

    // A cursor is good for its own list only.
    let (_, page) = world.get(&format!("{path}?limit=2")).await;
    let cursor = page["next"].as_str().unwrap();
    for list in [format!("/connections/{other}/sign-ins"), format!("/connections/{id}/users/{ann}/sign-ins")] {
        assert_eq!(world.get(&format!("{list}?cursor={cursor}")).await.0, 400, "{list}");
    }
    let nobody = Uuid::nil();
    for list in [format!("/connections/{nobody}/sign-ins"), format!("/connections/{nobody}/users/{ann}/sign-ins")] {
        assert_eq!(world.get(&list).await.0, 404, "{list}");
    }
}

#[tokio::test]
async fn whoever_is_signed_out_everywhere_keeps_the_account() {
    let world = World::new("sign-out").await;
    let ann = world.person("Ann Lee", "ann@x.test");
    let id = world.connect("Contoso", &world.tenant.client_secret, json!({"type": "everyone"})).await;
    world.activate(id).await;
    let sign_out = |person: Uuid| format!("/connections/{id}/users/{person}/sign-out");
    let tenant = TenantId(world.tenant.tenant_id);
    for times in 1..=2 {
        assert_eq!(world.call(Method::POST, &sign_out(ann), None).await.0, 202);
        let account = world.app.table.user(id, tenant, PersonId(ann)).await.unwrap().unwrap();
        assert!(account.sign_outs == times && account.user.status.is_active());
    }
    assert!(world.queued().is_empty());
    let (status, problem) = world.call(Method::POST, &sign_out(Uuid::nil()), None).await;
    assert_eq!((status, &problem["detail"]), (404, &json!("There is no such user.")));
    let elsewhere = format!("/connections/{}/users/{ann}/sign-out", Uuid::nil());
    assert_eq!(world.call(Method::POST, &elsewhere, None).await.0, 404);
    let nobody = world.app.table.user(id, tenant, PersonId(Uuid::nil())).await.unwrap();
    assert!(nobody.is_none(), "no account was made of it");
}
