//! Passing trouble: repeated, but not for ever, and never past the deadline.

use std::time::Duration;

use proptest::prelude::*;
use rollcall_graph::{Cause, Error, TransportError, subscriptions, users, users::Expand};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Reply, Scripted, error, id, ok, origins, raw, with};

fn user() -> Reply {
    ok(&json!({"id": id(5)}))
}

fn one_user() -> rollcall_graph::Request<rollcall_graph::User> {
    users::get(id(5), &[], Expand::Nothing)
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_passing_trouble_is_cured_by_asking_again() {
    let troubles: Vec<fn() -> Reply> = vec![
        || Err(TransportError::Connect),
        || Err(TransportError::Broken),
        || Err(TransportError::Timeout),
        || Err(TransportError::TooLarge),
        || raw(102, "text/plain", ""),
        || raw(500, "text/html", "<html>oops</html>"),
        || error(503, "ServiceUnavailable"),
        || error(504, "UnknownError"),
        || error(509, "BandwidthLimitExceeded"),
        || raw(200, "text/html", "<html>signed out</html>"),
        || raw(200, "application/json", ""),
        || raw(200, "application/json", r#"{"id":"0000"#),
        || raw(200, "application/json", &b"{\"id\":\"\xFF\"}"[..]),
        || raw(200, "application/json", r#"{"id": NaN}"#),
        || raw(200, "application/json", r#"{"error":{"code":"UnknownError","message":""}}"#),
        || raw(200, "text/plain", r#"{"id":"00000000-0000-0000-0000-000000000005"}"#),
        || raw(404, "text/html", "<html>no such page</html>"),
        || error(404, "UnknownError"),
    ];
    for (number, trouble) in troubles.into_iter().enumerate() {
        let world = Scripted::graph(move |_, call| if call == 0 { trouble() } else { user() });
        let found = world.client().send(&one_user()).await;
        assert_eq!(found.map(|user| user.id).map_err(|error| error.to_string()), Ok(id(5)), "trouble {number}");
        let log = world.graph_log();
        assert_eq!(log.len(), 2, "trouble {number}");
        assert_eq!(log[0].url, log[1].url);
        assert_eq!(log[0].header("client-request-id"), log[1].header("client-request-id"));
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_that_lasts_ends_after_five_repetitions_and_says_how_long_to_wait() {
    let world = Scripted::graph(|_, _| error(503, "ServiceUnavailable"));
    let client = world.client();
    let found = client.send(&one_user()).await.unwrap_err();
    let Error::Transient { retry_after, cause, call } = found else { panic!("{found:?}") };
    assert_eq!(cause, Cause::Status(503));
    assert!(retry_after >= Duration::from_secs(8) && retry_after <= Duration::from_secs(30), "{retry_after:?}");
    assert_eq!(call.what, "GET /users/{id}");
    assert_eq!(world.graph_log().len(), 6);
    assert_eq!(client.requests(), 6);
    let starts: Vec<_> = world.graph_log().iter().map(|sent| sent.at).collect();
    let pauses: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.is_sorted(), "each pause is longer: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_503_is_repeated_when_its_retry_after_says() {
    let world = Scripted::graph(|_, call| match call {
        0 => with(error(503, "ServiceUnavailable"), "retry-after", "Sun, 22 Nov 2026 10:00:20 GMT"),
        _ => user(),
    });
    world.client().send(&one_user()).await.unwrap();
    let at = world.graph_log()[1].at;
    assert!(at >= Duration::from_secs(20) && at < Duration::from_secs(23), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn a_create_is_repeated_only_if_it_was_never_sent() {
    let new = subscriptions::NewSubscription {
        resource: "users".to_owned(),
        change_type: "updated".to_owned(),
        notification_url: "https://hook.test/".parse().unwrap(),
        lifecycle_notification_url: None,
        expiration: crate::support::start_of_time(),
        client_state: "CANARY-state".into(),
    };
    let create = subscriptions::create(&new, "User.Read.All");
    for (trouble, calls) in [(TransportError::Connect, 2), (TransportError::Broken, 1), (TransportError::Timeout, 1)] {
        let world = Scripted::graph(move |_, call| match call {
            0 => Err(trouble),
            _ => ok(
                &json!({"id": id(1), "resource": "users", "changeType": "updated", "expirationDateTime": "2026-11-22T10:00:00Z"}),
            ),
        });
        let found = world.client().send(&create).await;
        assert_eq!(world.graph_log().len(), calls, "{trouble:?}");
        assert_eq!(found.is_ok(), calls == 2, "{trouble:?}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_sends_nothing() {
    let world = Scripted::graph(|_, _| user());
    let found = world.client().until(Instant::now()).send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Transient { cause: Cause::Deadline, .. }), "{found:?}");
    assert!(world.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_foreign_link_sends_nothing_at_all() {
    let world = Scripted::graph(|_, _| user());
    let link = rollcall_graph::PageLink::new("https://evil.test/v1.0/users?$skiptoken=x");
    let found = world.client().send(&users::list(&[], Expand::Nothing).at(link)).await.unwrap_err();
    assert!(matches!(found, Error::ForeignLink { .. }), "{found:?}");
    assert!(world.log().is_empty());
    assert_eq!(origins().graph().as_str(), "https://graph.test/");
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Throttled(Option<u64>),
    Unavailable(Option<u64>),
    Broken,
    Refused,
    Garbage,
}

impl Trouble {
    fn reply(self) -> Reply {
        let pause = |reply, seconds: Option<u64>| match seconds {
            Some(seconds) => with(reply, "retry-after", &seconds.to_string()),
            None => reply,
        };
        match self {
            Self::Throttled(seconds) => pause(error(429, "TooManyRequests"), seconds),
            Self::Unavailable(seconds) => pause(error(503, "ServiceUnavailable"), seconds),
            Self::Broken => Err(TransportError::Broken),
            Self::Refused => error(401, "InvalidAuthenticationToken"),
            Self::Garbage => raw(200, "application/json", "{"),
        }
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        proptest::option::of(0u64..2000).prop_map(Trouble::Throttled),
        proptest::option::of(0u64..2000).prop_map(Trouble::Unavailable),
        Just(Trouble::Broken),
        Just(Trouble::Refused),
        Just(Trouble::Garbage),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_call_ever_runs_past_its_deadline(
        troubles in proptest::collection::vec(trouble(), 1..12),
        deadline_ms in 0u64..120_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let script = troubles.clone();
            let world = Scripted::graph(move |_, call| script.get(call).map_or_else(user, |trouble| trouble.reply()));
            let start = Instant::now();
            let deadline = start + Duration::from_millis(deadline_ms);
            let found = world.client().until(deadline).send(&one_user()).await;
            // tokio's timer has a granularity of one millisecond.
            assert!(start.elapsed() <= Duration::from_millis(deadline_ms + 1), "{:?}", start.elapsed());
            assert!(world.log().iter().all(|sent| sent.at <= Duration::from_millis(deadline_ms)));
            if let Err(Error::Throttled { retry_after, .. } | Error::Transient { retry_after, .. }) = found {
                assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(15 * 60 + 5));
            }
        });
    }
}
