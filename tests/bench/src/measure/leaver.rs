//! From the arrival of the notification that somebody was disabled until they are out everywhere: refused at sign-in, refresh
//! token dead, and the platform told by the back channel.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::Method;
use jiff::Timestamp;
use local::comparison::desired;
use local::json::{number, text};
use local::sign_in::{Browser, Platform};
use local::story::Teller;
use serde_json::{Value, json};
use tokio::net::TcpListener;
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

/// When the platform was told of each session, in milliseconds since 1970.
type Told = Arc<Mutex<BTreeMap<String, i64>>>;

/// Disables people who are signed in, one after the other.
pub(crate) async fn measure(connected: &Connected) -> Result<Vec<Figure>> {
    let teller = connected.teller().await?;
    let told = Told::default();
    let listening = listen(connected.stack().platform(), told.clone()).await?;
    let platform = Platform::register(connected.stack(), &teller.api, &teller.connection).await?;
    let people: Vec<Uuid> = desired(&teller.directory().await?, &teller.scope()).into_keys().take(LEAVERS).collect();
    let mut seconds = Vec::with_capacity(people.len());
    for person in people {
        seconds.push(leave(connected, &teller, &platform, &told, person).await?);
    }
    listening.abort();
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
    told: &Told,
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
        let heard = told.lock().unwrap_or_else(PoisonError::into_inner).get(&signed_in.session).copied();
        if let (Some(refused), Some(dead), Some(heard)) = (refused, dead, heard) {
            let arrived = arrival(connected, person).await?;
            let last = refused.max(dead).max(heard);
            return Ok(f64::from(i32::try_from(last - arrived)?) / 1e3);
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

/// Takes logout tokens, as a platform does. They are looked at for their session only.
async fn listen(origin: &str, told: Told) -> Result<tokio::task::JoinHandle<()>> {
    let router = Router::new().route("/backchannel-logout", post(hear)).with_state(told);
    let address = origin.strip_prefix("http://").ok_or("an origin")?;
    let listener = TcpListener::bind(address).await?;
    Ok(tokio::spawn(async move {
        // It serves until the task is aborted.
        let _ = axum::serve(listener, router).await;
    }))
}

async fn hear(State(told): State<Told>, form: String) {
    if let Some(session) = form.strip_prefix("logout_token=").and_then(local::sign_in::session_of) {
        told.lock().unwrap_or_else(PoisonError::into_inner).entry(session).or_insert_with(now);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the rim of the measurements; the tenant's moments are of the same clock"
)]
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
