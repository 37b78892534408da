//! From the arrival of the notification that somebody was disabled until they are out everywhere: refused at sign-in, refresh
//! token dead, and the platform told by the back channel.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use local::comparison::desired;
use local::json::{number, text};
use local::sign_in::{Browser, Logouts, Platform};
use local::story::Teller;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Result;
use crate::connected::Connected;
use crate::figure::Figure;
use crate::statistics::{median, quantile};

const LEAVERS: usize = 40;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// Whoever is in after that is no leaver.
const PATIENCE: Duration = Duration::from_secs(60);

/// Disables people who are signed in, one after the other.
pub(crate) async fn measure(connected: &Connected) -> Result<Vec<Figure>> {
    let teller = connected.teller().await?;
    let told = Logouts::listen(connected.stack().platform()).await?;
    let platform = Platform::register(connected.stack(), &teller.api, &teller.connection).await?;
    let people: Vec<Uuid> = desired(&teller.directory().await?, &teller.scope()).into_keys().take(LEAVERS).collect();
    let mut seconds = Vec::with_capacity(people.len());
    for person in people {
        seconds.push(leave(connected, &teller, &platform, &told, person).await?);
    }
    let remark = format!(
        "p95 of {} people, median {:.2} s, slowest {:.2} s, from the webhook's answer until all three hold",
        seconds.len(),
        median(&seconds),
        quantile(&seconds, 1.0),
    );
    Ok(vec![Figure::at_most("leaver", quantile(&seconds, 0.95), 5.0, "s", remark)])
}

async fn leave(
    connected: &Connected,
    teller: &Teller<'_>,
    platform: &Platform,
    told: &Logouts,
    person: Uuid,
) -> Result<f64> {
    let signed_in = Browser::new(connected.stack()).sign_in(platform, person).await?;
    connected.control(Method::DELETE, "/metrics", None).await?;
    teller.change(json!({"action": "disable", "id": person})).await?;
    let begun = Instant::now();
    let (mut refused, mut dead) = (None, None);
    while begun.elapsed() < PATIENCE {
        if dead.is_none() && !platform.refresh(&signed_in).await? {
            dead = Some(now());
        }
        if dead.is_some()
            && refused.is_none()
            && Browser::new(connected.stack()).sign_in(platform, person).await.is_err()
        {
            refused = Some(now());
        }
        if let (Some(refused), Some(dead), Some(heard)) = (refused, dead, told.of(&signed_in.session)) {
            let arrived = arrival(connected, person).await?;
            let heard = now() - i64::try_from(heard.elapsed().as_millis())?;
            return Ok(f64::from(i32::try_from(heard.max(refused).max(dead) - arrived)?) / 1e3);
        }
        sleep(PAUSE).await;
    }
    Err(format!("a leaver is in after {} s", PATIENCE.as_secs()).into())
}

/// When the webhook answered the notification.
async fn arrival(connected: &Connected, person: Uuid) -> Result<i64> {
    let deliveries = connected.control(Method::GET, "/deliveries", None).await?;
    let of = |delivery: &&Value| text(delivery, "/resource") == format!("Users/{person}");
    let found = deliveries.as_array().and_then(|all| all.iter().find(of));
    let at = found.and_then(|found| number(found, "/finishedAt"));
    Ok(i64::try_from(at.ok_or("a leaver is out without a notification")?)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the rim of the measurements; the tenant's moments are of the same clock"
)]
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
