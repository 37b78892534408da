//! Throttling by resource units: Microsoft's limits of the identity and access service.

use super::{Call, GraphError};
use crate::reply::Reply;
use crate::request::Request;
use std::collections::HashMap;
use uuid::Uuid;

const WINDOW_MILLIS: i64 = 10_000;

/// What each app used in its current window.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<Uuid, Bucket>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    started: i64,
    used: u32,
}

/// What one request used.
pub(crate) struct Spent {
    cost: u32,
    used: u32,
    limit: u32,
    reset_seconds: i64,
}

/// Counts a request. Requests made while throttled count too.
pub(crate) fn spend(call: &Call<'_>) -> Spent {
    let settings = call.tenant.settings();
    let limit = if settings.resource_units == 0 { limit_of(call) } else { settings.resource_units };
    let cost = cost(call.request);
    let mut buckets = crate::sync::lock(&call.tenant.buckets);
    let bucket = buckets.0.entry(call.app).or_insert(Bucket { started: call.now, used: 0 });
    // A clock that was set back starts a window too.
    if !(0..WINDOW_MILLIS).contains(&(call.now - bucket.started)) {
        *bucket = Bucket { started: call.now, used: 0 };
    }
    bucket.used = bucket.used.saturating_add(cost);
    let used = if settings.throttling { bucket.used } else { 0 };
    Spent { cost, used, limit, reset_seconds: (bucket.started + WINDOW_MILLIS - call.now).div_euclid(1000) + 1 }
}

impl Spent {
    /// The refusal, when the window is used up.
    pub(crate) fn refusal(&self, call: &Call<'_>) -> Option<GraphError> {
        if self.used <= self.limit {
            return None;
        }
        let access = if call.request.method == http::Method::GET { "Read" } else { "ReadWrite" };
        Some(
            GraphError::new(429, "TooManyRequests", "Please retry again later.")
                .header("retry-after", self.reset_seconds.to_string())
                .header("x-ms-throttle-scope", format!("Tenant_Application/{access}/{}/{}", call.app, call.tenant.id))
                .header("x-ms-throttle-information", "ResourceUnitLimitExceeded"),
        )
    }

    /// The headers of every answer.
    pub(crate) fn mark(&self, reply: Reply) -> Reply {
        let reply = reply.header("x-ms-resource-unit", self.cost.to_string());
        let share = f64::from(self.used) / f64::from(self.limit.max(1));
        if share <= 0.8 {
            return reply;
        }
        reply.header("x-ms-throttle-limit-percentage", format!("{:.1}", share.min(1.8)))
    }
}

/// Resource units in ten seconds, by the size of the tenant.
fn limit_of(call: &Call<'_>) -> u32 {
    match crate::sync::read(&call.tenant.directory).len() {
        0..50 => 3_500,
        50..=500 => 5_000,
        _ => 8_000,
    }
}

/// The resource units of a request.
pub(crate) fn cost(request: &Request) -> u32 {
    if request.method != http::Method::GET && request.method != http::Method::POST {
        return 1;
    }
    let segments: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    let base: i32 = match segments.as_slice() {
        ["users"] => 2,
        ["groups", _, "members", ..] => 3,
        ["groups", _, "transitiveMembers", ..] => 5,
        [_, _, "memberOf" | "transitiveMemberOf" | "licenseDetails" | "getMemberGroups", ..] => 2,
        [_, _, "checkMemberGroups"] => 4,
        ["directoryObjects", "getByIds"] => 5,
        ["subscribedSkus"] => 3,
        _ => 1,
    };
    let selects = i32::from(request.option("$select").is_some());
    let expands = i32::from(request.option("$expand").is_some());
    let small = i32::from(request.option("$top").and_then(|top| top.parse::<u32>().ok()).is_some_and(|top| top < 20));
    u32::try_from((base - selects + expands - small).max(1)).unwrap_or(1)
}
