//! Throttling: heeded by all clones, and avoided where Graph warns of it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use rollcall_graph::{Error, Priority, users, users::Expand};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Reply, Scripted, error, id, ok, with};

fn user() -> Reply {
    ok(&json!({"id": id(5)}))
}

fn one_user() -> rollcall_graph::Request<rollcall_graph::User> {
    users::get(id(5), &[], Expand::Nothing)
}

#[tokio::test(start_paused = true)]
async fn a_429_waits_at_least_as_long_as_asked_and_sends_the_same_again() {
    for (value, least) in [("7", 7.0), ("2.128", 2.128), ("Sun, 22 Nov 2026 10:00:30 GMT", 29.9), ("0", 1.0)] {
        let world = Scripted::graph(move |_, call| match call {
            0 => with(error(429, "TooManyRequests"), "retry-after", value),
            _ => user(),
        });
        let client = world.client();
        client.send(&one_user()).await.unwrap();
        let log = world.graph_log();
        let waited = (log[1].at - log[0].at).as_secs_f64();
        assert!(waited >= least && waited <= least * 1.2 + 0.1, "{value}: {waited}");
        assert_eq!(log[0].url, log[1].url);
        let usage = client.usage();
        assert_eq!((usage.requests, usage.throttled), (2, 1));
        assert!(usage.waited.as_secs_f64() >= least - 0.01, "{usage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_without_a_usable_retry_after_backs_off() {
    for value in ["", "-5", "later"] {
        let world = Scripted::graph(move |_, call| match call {
            0..3 => with(error(429, "TooManyRequests"), "retry-after", value),
            _ => user(),
        });
        world.client().send(&one_user()).await.unwrap();
        let log = world.graph_log();
        assert!(log.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_secs(1)), "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_does_not_fit_before_the_deadline_is_reported_at_once() {
    let world = Scripted::graph(|_, _| with(error(429, "TooManyRequests"), "retry-after", "300"));
    let start = Instant::now();
    let client = world.client().until(start + Duration::from_secs(60));
    for _ in 0..3 {
        let found = client.send(&one_user()).await.unwrap_err();
        let Error::Throttled { retry_after, .. } = found else { panic!("{found:?}") };
        assert!(retry_after >= Duration::from_secs(299), "{retry_after:?}");
    }
    assert_eq!(world.graph_log().len(), 1, "while the pause lasts nothing more is sent");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_ends_as_throttled_even_without_a_deadline() {
    let world = Scripted::graph(|_, _| with(error(429, "TooManyRequests"), "retry-after", "1"));
    let found = world.client().send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::Throttled { .. }), "{found:?}");
    assert_eq!(world.graph_log().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_clone_pauses_all_of_them_and_no_other_client() {
    let throttled = |_: &crate::support::Sent, call| match call {
        0 => with(error(429, "TooManyRequests"), "retry-after", "10"),
        _ => user(),
    };
    let (world, other) = (Scripted::graph(throttled), Scripted::graph(|_, _| user()));
    let (client, clone) = (world.client(), world.client());
    let clone_of_client = client.clone().priority(Priority::Low);
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.send(&one_user()).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    clone_of_client.send(&one_user()).await.unwrap();
    assert!(world.graph_log().iter().skip(1).all(|sent| sent.at >= Duration::from_secs(10)));
    first.await.unwrap().unwrap();
    // Another client of the same application is another tenant's, with a limit of its own.
    drop(clone);
    let start = Instant::now();
    other.client().send(&one_user()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_priority_goes_with_every_call() {
    let world = Scripted::graph(|_, _| user());
    let client = world.client();
    client.send(&one_user()).await.unwrap();
    client.priority(Priority::Low).send(&one_user()).await.unwrap();
    client.priority(Priority::High).send(&one_user()).await.unwrap();
    let log = world.graph_log();
    let sent: Vec<_> = log.iter().map(|sent| sent.header("x-ms-throttle-priority")).collect();
    assert_eq!(sent, [Some("normal"), Some("low"), Some("high")]);
}

/// A limit of resource units in ten seconds, with Graph's warning header above 80 %.
struct Limiter {
    limit: f64,
    used: Mutex<VecDeque<Instant>>,
}

impl Limiter {
    fn reply(&self, warns: bool) -> Reply {
        let now = Instant::now();
        let mut used = self.used.lock().unwrap();
        while used.front().is_some_and(|at| now - *at > Duration::from_secs(10)) {
            used.pop_front();
        }
        used.push_back(now);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let share = used.len() as f64 / self.limit;
        let reply = if share > 1.0 { with(error(429, "TooManyRequests"), "retry-after", "5") } else { user() };
        let reply = with(reply, "x-ms-resource-unit", "1");
        if share > 0.8 && warns { with(reply, "x-ms-throttle-limit-percentage", &format!("{share:.2}")) } else { reply }
    }
}

async fn eager_readers(warns: bool) -> (u64, u64) {
    let limiter = Limiter { limit: 200.0, used: Mutex::default() };
    let world = Scripted::graph(move |_, _| limiter.reply(warns));
    let client = world.client();
    let end = Instant::now() + Duration::from_secs(120);
    let readers = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            while Instant::now() < end {
                client.send(&one_user()).await.unwrap();
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    (client.usage().requests, client.usage().throttled)
}

#[tokio::test(start_paused = true)]
async fn warnings_slow_the_client_down_before_graph_refuses() {
    let (requests, throttled) = eager_readers(true).await;
    // 200 units in ten seconds for two minutes are 2,400.
    assert_eq!(throttled, 0, "of {requests}");
    assert!((1200..2400).contains(&requests), "still makes use of what is allowed: {requests}");
    let (_, throttled) = eager_readers(false).await;
    assert!(throttled > 0, "the limiter of this test does refuse");
}
