//! From a notification's arrival until the admin API shows the change, for single changes at random moments.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use local::comparison::desired;
use local::json::{number, text};
use local::platform::AdminApi;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Result;
use crate::connected::Connected;
use crate::figure::Figure;
use crate::statistics::{median, quantile};

const CHANGES: usize = 45;
/// Milliseconds between two changes.
const SPACING: std::ops::RangeInclusive<u64> = 2_000..=8_000;
/// Between two looks at an account.
const PAUSE: Duration = Duration::from_millis(50);
/// A change that takes longer than this is lost.
const PATIENCE: Duration = Duration::from_secs(90);

/// A change, and when the API first showed it, in milliseconds since 1970.
struct Seen {
    person: Uuid,
    changed_at: i64,
    seen_at: i64,
}

/// Changes single people. A change does not wait for the one before it.
pub(crate) async fn measure(connected: &Connected) -> Result<Vec<Figure>> {
    let teller = connected.teller().await?;
    let everybody: Vec<Uuid> = desired(&teller.directory().await?, &teller.scope()).into_keys().collect();
    // Each person once, so that a delivery tells which change it was about.
    let people: Vec<Uuid> = everybody.choose_multiple(&mut rand::rng(), CHANGES).copied().collect();
    connected.control(Method::DELETE, "/metrics", None).await?;
    let mut watchers = JoinSet::new();
    for person in people {
        sleep(Duration::from_millis(rand::rng().random_range(SPACING))).await;
        let room = format!("Room {}", Uuid::new_v4());
        let changed_at = now();
        let change = json!({"action": "setProperties", "id": person, "properties": {"officeLocation": &room}});
        teller.change(change).await?;
        let path = teller.path(&format!("/users/{person}"));
        watchers.spawn(watch(teller.api.clone(), path, room, person, changed_at));
    }
    let seen = watchers.join_all().await.into_iter().collect::<Result<Vec<Seen>>>()?;
    let deliveries = connected.control(Method::GET, "/deliveries", None).await?;
    figures(&seen, deliveries.as_array().map_or(&[], Vec::as_slice))
}

fn figures(seen: &[Seen], deliveries: &[Value]) -> Result<Vec<Figure>> {
    let seconds = |from: i64, to: i64| f64::from(i32::try_from(to - from).unwrap_or(i32::MAX)) / 1e3;
    let mut from_arrival = Vec::with_capacity(seen.len());
    for seen in seen {
        let of = |delivery: &&Value| text(delivery, "/resource") == format!("Users/{}", seen.person);
        let delivery = deliveries.iter().find(of).and_then(|found| number(found, "/finishedAt"));
        let answered = delivery.ok_or("a change was seen without its notification")?;
        from_arrival.push(seconds(i64::try_from(answered)?, seen.seen_at));
    }
    let from_change: Vec<f64> = seen.iter().map(|seen| seconds(seen.changed_at, seen.seen_at)).collect();
    let remark = format!(
        "p95 of {} changes, median {:.1} s, slowest {:.1} s, from the webhook's answer; p95 {:.1} s from the change itself",
        seen.len(),
        median(&from_arrival),
        quantile(&from_arrival, 1.0),
        quantile(&from_change, 0.95),
    );
    Ok(vec![Figure::at_most("latency", quantile(&from_arrival, 0.95), 5.0, "s", remark)])
}

async fn watch(api: AdminApi, path: String, room: String, person: Uuid, changed_at: i64) -> Result<Seen> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let account = api.get(&path).await?;
        if text(&account, "/attributes/officeLocation") == room {
            return Ok(Seen { person, changed_at, seen_at: now() });
        }
        sleep(PAUSE).await;
    }
    Err(format!("a change did not reach the platform in {} s", PATIENCE.as_secs()).into())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the rim of the measurements; the tenant's moments are of the same clock"
)]
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
