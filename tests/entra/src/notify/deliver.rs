//! Delivery: gathering, sending, sending again, and the switches that spoil it.

use super::health::{Health, Speed, Treatment};
use super::post::Unanswered;
use crate::clock::real_now;
use crate::metrics::Delivery;
use crate::settings::NotificationSettings;
use crate::state::State;
use crate::tenant::Tenant;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Retries end after four hours.
const LONGEST_MILLIS: i64 = 4 * 3_600_000;
const SLOW_STATE_DELAY: Duration = Duration::from_secs(600);

/// A notification on its way.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) tenant: Uuid,
    pub(crate) subscription: Uuid,
    pub(crate) url: String,
    pub(crate) resource: String,
    pub(crate) change_type: String,
    pub(crate) body: Value,
    pub(crate) changed_at_virtual: i64,
    pub(crate) changed_at: i64,
}

/// Notifications waiting for company, by address.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<HashMap<String, Vec<Outgoing>>>,
    health: Health,
}

impl Outbox {
    /// Takes notifications of one tenant. Those that its switches lose are recorded as lost.
    pub(crate) fn send(&self, state: &Arc<State>, tenant: &Arc<Tenant>, outgoing: Vec<Outgoing>) {
        for notification in outgoing {
            match self.fate(state, tenant, &notification) {
                Fate::Lost(outcome) => record(state, &notification, 0, outcome),
                Fate::Sent { copies, delay } => self.wait(state, tenant, notification, copies, delay),
            }
        }
    }

    fn fate(&self, state: &State, tenant: &Tenant, notification: &Outgoing) -> Fate {
        let mut settings = crate::sync::write(&tenant.settings);
        let switches = &mut settings.notifications;
        if switches.drop_next > 0 {
            switches.drop_next -= 1;
            return Fate::Lost("lost");
        }
        let unlucky =
            switches.lose_percent > 0 && crate::sync::lock(&tenant.random).random_range(0..100) < switches.lose_percent;
        if switches.lose || unlucky {
            return Fate::Lost("lost");
        }
        let mut delay = Duration::from_millis(switches.delay_millis + switches.batch_millis);
        if switches.slow_and_drop_states {
            match self.health.treatment(host(&notification.url), state.clock.now_millis()) {
                Treatment::Deliver => {}
                Treatment::Delay => delay += SLOW_STATE_DELAY,
                Treatment::Drop => return Fate::Lost("dropped"),
            }
        }
        Fate::Sent { copies: switches.copies, delay }
    }

    fn wait(&self, state: &Arc<State>, tenant: &Arc<Tenant>, notification: Outgoing, copies: u32, delay: Duration) {
        let url = notification.url.clone();
        let mut waiting = crate::sync::lock(&self.waiting);
        let first = !waiting.contains_key(&url);
        let list = waiting.entry(url.clone()).or_default();
        list.extend((0..copies).map(|_| notification.clone()));
        if first {
            state.runtime.spawn(flush(state.clone(), tenant.clone(), url, delay));
        }
    }
}

enum Fate {
    Lost(&'static str),
    Sent { copies: u32, delay: Duration },
}

async fn flush(state: Arc<State>, tenant: Arc<Tenant>, url: String, delay: Duration) {
    if !pause(&state, delay).await {
        return;
    }
    let mut gathered = crate::sync::lock(&state.outbox.waiting).remove(&url).unwrap_or_default();
    let settings = tenant.settings().notifications;
    if settings.shuffle {
        gathered.shuffle(&mut *crate::sync::lock(&tenant.random));
    }
    for part in gathered.chunks(settings.batch_size.max(1)) {
        state.runtime.spawn(deliver(state.clone(), settings.clone(), url.clone(), part.to_vec()));
    }
}

/// Sends one request until it is taken: three seconds for the first attempt, ten for each later one.
async fn deliver(state: Arc<State>, settings: NotificationSettings, url: String, part: Vec<Outgoing>) {
    let body =
        json!({"value": part.iter().map(|notification| spoof(&settings, &notification.body)).collect::<Vec<_>>()})
            .to_string();
    let begun = state.clock.now_millis();
    let mut wait = Duration::from_millis(settings.retry_millis.max(1));
    let mut attempts = 0;
    let mut timeout = Duration::from_millis(settings.first_timeout_millis);
    loop {
        attempts += 1;
        if attempt(&state, &settings, &url, &body, timeout).await {
            return part.iter().for_each(|notification| record(&state, notification, attempts, "delivered"));
        }
        timeout = Duration::from_millis(settings.retry_timeout_millis);
        if state.clock.now_millis() - begun > LONGEST_MILLIS {
            return part.iter().for_each(|notification| record(&state, notification, attempts, "abandoned"));
        }
        if !pause(&state, wait).await {
            return;
        }
        wait = (wait * 2).min(Duration::from_secs(600));
    }
}

async fn attempt(state: &State, settings: &NotificationSettings, url: &str, body: &str, timeout: Duration) -> bool {
    let started = Instant::now();
    let answer = state.post.send(url, "application/json; charset=utf-8", body, timeout).await;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let timed_out = matches!(answer, Err(Unanswered::Late));
    let speed = if millis >= settings.retry_timeout_millis {
        Speed::TooSlow
    } else if timed_out || millis >= settings.first_timeout_millis {
        Speed::Slow
    } else {
        Speed::Fine
    };
    state.outbox.health.record(host(url), state.clock.now_millis(), speed);
    answer.is_ok_and(|answer| (200..300).contains(&answer.status))
}

/// Waits; `false` when the server stops meanwhile.
async fn pause(state: &State, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        () = state.stopped() => false,
    }
}

fn spoof(settings: &NotificationSettings, body: &Value) -> Value {
    let mut body = body.clone();
    if let (Some(state), Some(members)) = (&settings.client_state, body.as_object_mut()) {
        members.insert("clientState".to_owned(), state.as_str().into());
    }
    body
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn record(state: &State, notification: &Outgoing, attempts: u32, outcome: &'static str) {
    state.metrics.record(Delivery {
        tenant_id: notification.tenant,
        subscription_id: notification.subscription,
        resource: notification.resource.clone(),
        change_type: notification.change_type.clone(),
        changed_at_virtual: notification.changed_at_virtual,
        changed_at: notification.changed_at,
        finished_at_virtual: state.clock.now_millis(),
        finished_at: real_now().as_millisecond(),
        attempts,
        outcome,
    });
}
