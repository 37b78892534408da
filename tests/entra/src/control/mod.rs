//! The API for tests, under `/control`. It needs no token: whoever reaches the port rules the tenant.

mod actions;
mod apps;
mod burst;
mod dump;
mod sign_in;

use crate::options::TenantOptions;
use crate::reply::Reply;
use crate::request::Request;
use crate::settings::Settings;
use crate::state::State;
use crate::tenant::Tenant;
use crate::{FaultRule, server};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Why a control request failed: a sentence for the person who wrote the test.
#[derive(Debug)]
pub(crate) struct ControlError {
    status: u16,
    message: String,
}

impl ControlError {
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    pub(crate) fn missing(what: &str) -> Self {
        Self { status: 404, message: format!("{what} is not there") }
    }
}

type Outcome = Result<Reply, ControlError>;

/// Answers a control request.
pub(crate) fn answer(state: &Arc<State>, request: &Request) -> Reply {
    let outcome = route(state, request);
    outcome.unwrap_or_else(|error| Reply::json(error.status, &json!({"error": error.message})))
}

fn route(state: &Arc<State>, request: &Request) -> Outcome {
    let path: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", [] | ["tenants"]) => Ok(overview(state, request)),
        ("POST", ["tenants"]) => add_tenant(state, request),
        ("GET", ["clock"]) => Ok(clock(state)),
        ("POST", ["clock"]) => move_clock(state, request),
        ("GET", ["keys"]) => {
            let keys = crate::login::named_keys(state, &request.origin);
            Ok(Reply::json(200, &keys.map_err(|error| ControlError::bad(error.to_string()))?))
        }
        ("POST", ["keys", "rotate"]) => rotate_keys(state, request),
        ("PUT", ["faults"]) => set_faults(state, read(request)?),
        ("DELETE", ["faults"]) => set_faults(state, Vec::new()),
        ("GET", ["faults"]) => Ok(faults(state)),
        ("GET", ["metrics"]) => ok(&state.metrics.counts()),
        ("GET", ["deliveries"]) => ok(&state.metrics.deliveries()),
        ("DELETE", ["metrics"]) => {
            state.metrics.reset();
            Ok(Reply::empty(204))
        }
        (_, ["tenants", tenant, rest @ ..]) => of_tenant(state, &find_tenant(state, tenant)?, request, rest),
        _ => Err(ControlError {
            status: 404,
            message: format!("{} on {} was not received", request.method, request.path),
        }),
    }
}

fn of_tenant(state: &Arc<State>, tenant: &Arc<Tenant>, request: &Request, path: &[&str]) -> Outcome {
    match (request.method.as_str(), path) {
        ("GET", []) => ok(&server::info(tenant)),
        ("DELETE", []) => {
            crate::sync::write(&state.tenants).remove(&tenant.id);
            Ok(Reply::empty(204))
        }
        ("GET", ["settings"]) => ok(&tenant.settings()),
        ("PATCH", ["settings"]) => change_settings(tenant, request),
        ("GET", ["state"]) => Ok(dump::reply(tenant, request)),
        ("POST", ["actions"]) => actions::perform(state, tenant, request),
        ("POST", ["reset-delta"]) => {
            tenant.reset_delta();
            Ok(Reply::empty(204))
        }
        ("GET", ["subscriptions"]) => Ok(subscriptions(tenant)),
        ("DELETE", ["subscriptions"]) => {
            crate::sync::lock(&tenant.subscriptions).clear();
            Ok(Reply::empty(204))
        }
        ("DELETE", ["subscriptions", id]) => vanish(tenant, id),
        ("POST", ["subscriptions", id, "lifecycle"]) => lifecycle(state, tenant, id, request),
        (_, ["apps", rest @ ..]) => apps::answer(state, tenant, request, rest),
        _ => sign_in::answer(state, tenant, request, path).unwrap_or_else(|| {
            Err(ControlError {
                status: 404,
                message: format!("{} on {} was not received", request.method, request.path),
            })
        }),
    }
}

/// A tenant by id, by domain, or `first`.
fn find_tenant(state: &State, name: &str) -> Result<Arc<Tenant>, ControlError> {
    let found = match name {
        "first" => crate::sync::read(&state.tenants).values().next().cloned(),
        _ => state.tenant_by_name(name),
    };
    found.ok_or_else(|| ControlError::missing("the tenant"))
}

/// The JSON body of a request.
pub(crate) fn read<T: DeserializeOwned>(request: &Request) -> Result<T, ControlError> {
    let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    serde_json::from_slice(body).map_err(|error| ControlError::bad(error.to_string()))
}

fn ok<T: Serialize>(value: &T) -> Outcome {
    let body = serde_json::to_value(value).map_err(|error| ControlError::bad(error.to_string()))?;
    Ok(Reply::json(200, &body))
}

fn overview(state: &State, request: &Request) -> Reply {
    let tenants: Vec<_> = crate::sync::read(&state.tenants).values().map(|tenant| server::info(tenant)).collect();
    Reply::json(200, &json!({"graphOrigin": request.origin, "loginOrigin": request.origin, "tenants": tenants}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NewTenant {
    id: Option<Uuid>,
    seed: u64,
    people: u32,
    groups: u32,
    depth: u32,
    roots: u32,
    large_group: Option<u32>,
    roles: Vec<String>,
    settings: Settings,
}

impl Default for NewTenant {
    fn default() -> Self {
        let TenantOptions { id, seed, people, groups, depth, roots, large_group, roles, settings } =
            TenantOptions::default();
        Self { id, seed, people, groups, depth, roots, large_group, roles, settings }
    }
}

fn add_tenant(state: &State, request: &Request) -> Outcome {
    let NewTenant { id, seed, people, groups, depth, roots, large_group, roles, settings } = read(request)?;
    let options = TenantOptions { id, seed, people, groups, depth, roots, large_group, roles, settings };
    let tenant = Arc::new(crate::seed::tenant(&options, state.clock.now_millis()));
    let info = server::info(&tenant);
    crate::sync::write(&state.tenants).insert(tenant.id, tenant);
    let body = serde_json::to_value(info).map_err(|error| ControlError::bad(error.to_string()))?;
    Ok(Reply::json(201, &body))
}

fn clock(state: &State) -> Reply {
    Reply::json(200, &json!({"now": state.clock.now().to_string(), "millis": state.clock.now_millis()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[derive(Default)]
struct ClockMove {
    advance_seconds: i64,
    freeze_at: Option<Timestamp>,
    run: bool,
}

fn move_clock(state: &State, request: &Request) -> Outcome {
    let ClockMove { advance_seconds, freeze_at, run } = read(request)?;
    if run || freeze_at.is_some() {
        state.clock.freeze(freeze_at);
    }
    state.clock.advance(advance_seconds.saturating_mul(1000));
    Ok(clock(state))
}

fn rotate_keys(state: &State, request: &Request) -> Outcome {
    let body: Value = read(request)?;
    let keep = body.get("keepOld").and_then(Value::as_bool).unwrap_or(true);
    state.keys.rotate(keep).map_err(|error| ControlError::bad(error.to_string()))?;
    state.sessions.clear();
    Ok(Reply::empty(204))
}

fn set_faults(state: &State, rules: Vec<FaultRule>) -> Outcome {
    state.faults.replace(rules).map_err(|error| ControlError::bad(error.to_string()))?;
    Ok(Reply::empty(204))
}

fn faults(state: &State) -> Reply {
    let report = state.faults.report();
    let rules: Vec<Value> =
        report.iter().map(|(rule, met, injected)| json!({"rule": rule, "met": met, "injected": injected})).collect();
    Reply::json(200, &json!({"rules": rules}))
}

/// Merges into the settings; objects are merged member by member.
fn change_settings(tenant: &Tenant, request: &Request) -> Outcome {
    let change: Value = read(request)?;
    let mut settings = crate::sync::write(&tenant.settings);
    let mut merged = serde_json::to_value(&*settings).map_err(|error| ControlError::bad(error.to_string()))?;
    merge(&mut merged, change);
    *settings = serde_json::from_value(merged).map_err(|error| ControlError::bad(error.to_string()))?;
    ok(&*settings)
}

fn merge(target: &mut Value, change: Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (name, value) in change {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, change) => *target = change,
    }
}

fn subscriptions(tenant: &Tenant) -> Reply {
    let rows: Vec<Value> =
        crate::sync::lock(&tenant.subscriptions).values().map(|subscription| subscription.show(Uuid::nil())).collect();
    Reply::json(200, &json!({"subscriptions": rows}))
}

/// Removes a subscription without a word to anybody.
fn vanish(tenant: &Tenant, id: &str) -> Outcome {
    let id = parse_id(id)?;
    let removed = crate::sync::lock(&tenant.subscriptions).remove(&id);
    removed.map(|_| Reply::empty(204)).ok_or_else(|| ControlError::missing("the subscription"))
}

fn lifecycle(state: &Arc<State>, tenant: &Arc<Tenant>, id: &str, request: &Request) -> Outcome {
    let body: Value = read(request)?;
    let event = body.get("event").and_then(Value::as_str).unwrap_or("reauthorizationRequired");
    let subscription = crate::sync::lock(&tenant.subscriptions).get(&parse_id(id)?).cloned();
    let subscription = subscription.ok_or_else(|| ControlError::missing("the subscription"))?;
    let outgoing = crate::notify::lifecycle(tenant, &subscription, event, state.clock.now_millis());
    state.outbox.send(state, tenant, vec![outgoing]);
    Ok(Reply::empty(202))
}

/// An id from a path or a body.
pub(crate) fn parse_id(text: &str) -> Result<Uuid, ControlError> {
    Uuid::parse_str(text).map_err(|_| ControlError::bad(format!("'{text}' is no id")))
}
