//! Nothing secret or personal shows, however a value is printed.

use rollcall_graph::{Credential, PageLink, Tuning, User, subscriptions, users, users::Expand};
use serde_json::json;

use crate::support::{Scripted, answer, error, id, ok, start_of_time, wall_clock};

#[tokio::test(start_paused = true)]
async fn no_canary_shows_in_any_debug_or_error_text() {
    let mut told = String::new();
    let mut tell = |text: String| told.push_str(&text);

    let user: User =
        serde_json::from_value(json!({"id": id(5), "mail": "CANARY@x", "manager": {"id": id(6)}})).unwrap();
    tell(format!("{user:?}"));
    tell(format!("{:?}", PageLink::new("https://graph.test/v1.0/users?$skiptoken=CANARY")));
    tell(format!("{:?}", PageLink::new("CANARY")));
    let wire = json!({"id": id(5), "displayName": "CANARY"});
    tell(format!("{:?}", serde_json::from_value::<rollcall_graph::Member>(wire).unwrap()));
    tell(format!("{:?}", users::list(&["CANARY"], Expand::Nothing).at(PageLink::new("https://CANARY.test/"))));
    let new = subscriptions::NewSubscription {
        resource: "users".to_owned(),
        change_type: "updated".to_owned(),
        notification_url: "https://hook.test/".parse().unwrap(),
        lifecycle_notification_url: Some("https://hook.test/life".parse().unwrap()),
        expiration: start_of_time(),
        client_state: "CANARY-state".into(),
    };
    tell(format!("{new:?} {:?}", subscriptions::create(&new, "User.Read.All")));

    let certificate = Credential::Certificate {
        client_id: "app".to_owned(),
        certificate_pem: "x".to_owned(),
        private_key_pem: "CANARY-key".into(),
    };
    tell(format!("{certificate:?} {:?}", crate::support::secret()));

    for status in [200, 400, 401, 403, 404, 409, 410, 429, 500, 302] {
        let world = Scripted::new(
            move |_, _| error(status, "Code"),
            |_, _| ok(&json!({"token_type": "Bearer", "access_token": "CANARY-token"})),
        );
        let client = world.client();
        let found = client.send(&users::get(id(5), &[], Expand::Nothing)).await.unwrap_err();
        tell(format!("{client:?} {found} {found:?}"));
        let world = Scripted::new(
            |_, _| ok(&json!({})),
            move |_, _| answer(status, &json!({"error": "e", "error_description": "CANARY", "error_codes": [1]})),
        );
        let tuning = Tuning { wall_clock: wall_clock(), ..Tuning::default() };
        let client = world.client_tuned(crate::support::secret(), tuning);
        let found = client.send(&users::get(id(5), &[], Expand::Nothing)).await.unwrap_err();
        tell(format!("{found} {found:?}"));
    }
    assert!(!told.contains("CANARY"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn the_token_is_marked_as_sensitive() {
    let world = Scripted::graph(|_, _| ok(&json!({"id": id(5)})));
    world.client().send(&users::get(id(5), &[], Expand::Nothing)).await.unwrap();
    assert!(world.graph_log()[0].headers["authorization"].is_sensitive());
}
