//! Counts of what clients asked for.

use crate::reply::Reply;
use crate::request::Request;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// The counters of one server.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counts: Mutex<Counts>,
    in_flight: AtomicU64,
    deliveries: Mutex<Vec<Delivery>>,
}

/// Requests since the last reset.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests by class.
    pub requests: BTreeMap<String, u64>,
    /// Requests to the identity platform by endpoint, token requests by grant type too.
    pub login: BTreeMap<String, u64>,
    /// Answers by class and status, as `usersPages 429`.
    pub statuses: BTreeMap<String, u64>,
    /// The most Graph requests at one time.
    pub max_concurrency: u64,
    /// Faults injected, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Bytes of bodies sent by Graph.
    pub graph_bytes: u64,
}

/// What became of one notification.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The subscription.
    pub subscription_id: Uuid,
    /// What it was about: `Users/{id}`, or the name of a lifecycle event.
    pub resource: String,
    /// `updated`, `deleted` or `lifecycle`.
    pub change_type: String,
    /// When the change happened, in virtual milliseconds since 1970.
    pub changed_at_virtual: i64,
    /// When the change happened, in real milliseconds since 1970.
    pub changed_at: i64,
    /// When the receiver took it, or the sender gave up, in virtual milliseconds since 1970.
    pub finished_at_virtual: i64,
    /// When the receiver took it, or the sender gave up, in real milliseconds since 1970.
    pub finished_at: i64,
    /// Attempts made.
    pub attempts: u32,
    /// `delivered`, `lost` (by a switch), `dropped` (by the drop state) or `abandoned` (after four hours).
    pub outcome: &'static str,
}

/// Held while a Graph request is worked on.
pub(crate) struct InFlight<'metrics>(&'metrics Metrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        let mut counts = crate::sync::lock(&self.counts);
        counts.max_concurrency = counts.max_concurrency.max(now);
        InFlight(self)
    }

    pub(crate) fn count(&self, request: &Request, reply: &Reply) {
        let class = classify(request);
        let mut counts = crate::sync::lock(&self.counts);
        *counts.statuses.entry(format!("{class} {}", reply.status)).or_default() += 1;
        *counts.requests.entry(class.to_owned()).or_default() += 1;
        if let Some(endpoint) = login_endpoint(request) {
            *counts.login.entry(endpoint).or_default() += 1;
        }
        counts.graph_bytes += u64::try_from(reply.body.len()).unwrap_or(0);
    }

    pub(crate) fn count_fault(&self, kind: &str) {
        *crate::sync::lock(&self.counts).faults.entry(kind.to_owned()).or_default() += 1;
    }

    pub(crate) fn record(&self, delivery: Delivery) {
        crate::sync::lock(&self.deliveries).push(delivery);
    }

    pub(crate) fn counts(&self) -> Counts {
        crate::sync::lock(&self.counts).clone()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        crate::sync::lock(&self.deliveries).clone()
    }

    pub(crate) fn reset(&self) {
        *crate::sync::lock(&self.counts) = Counts::default();
        crate::sync::lock(&self.deliveries).clear();
    }
}

/// The endpoint of the identity platform, and of the token endpoint the grant type.
fn login_endpoint(request: &Request) -> Option<String> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let name = match segments.as_slice() {
        ["v1.0" | "beta" | "control", ..] => return None,
        [_, "oauth2", "v2.0", "token"] => {
            let mut fields = url::form_urlencoded::parse(&request.body);
            let grant = fields.find(|(name, _)| name == "grant_type").map(|(_, value)| value.into_owned());
            return Some(format!("token {}", grant.unwrap_or_default()).trim_end().to_owned());
        }
        [_, "oauth2", "v2.0", "authorize"] => "authorize",
        [_, "oauth2", "v2.0", "logout"] => "logout",
        [_, "adminconsent"] | [_, "v2.0", "adminconsent"] => "adminconsent",
        [_, "v2.0", ".well-known", ..] => "discovery",
        [_, "discovery", ..] => "keys",
        _ => return None,
    };
    Some(name.to_owned())
}

/// The class of a request: what a bench or a test would count.
pub(crate) fn classify(request: &Request) -> &'static str {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [_, "oauth2", "v2.0", "token"] => "token",
        [_, "v2.0", ".well-known", ..] | [_, "discovery", ..] => "discovery",
        ["v1.0", "$batch"] => "batch",
        ["v1.0", "users"] => "usersPages",
        ["v1.0", "groups"] => "groupsPages",
        ["v1.0", "users", "delta" | "delta()" | "microsoft.graph.delta()" | "microsoft.graph.delta"] => "usersDelta",
        ["v1.0", "groups", "delta" | "delta()" | "microsoft.graph.delta()" | "microsoft.graph.delta"] => "groupsDelta",
        ["v1.0", "users" | "groups", "$count"] => "count",
        ["v1.0", "users", _, "manager", ..] => "manager",
        ["v1.0", "users", _] => "user",
        ["v1.0", "groups", _] => "group",
        ["v1.0", "groups", _, "members", ..] => "members",
        ["v1.0", "groups", _, "transitiveMembers", ..] => "transitiveMembers",
        ["v1.0", _, _, "memberOf" | "transitiveMemberOf" | "checkMemberGroups" | "getMemberGroups", ..] => "memberOf",
        ["v1.0", "subscriptions", ..] => "subscriptions",
        ["v1.0", "directory", "deletedItems", ..] => "deletedItems",
        ["v1.0", "directoryObjects", ..] => "directoryObjects",
        ["v1.0", "organization", ..] => "organization",
        _ => "other",
    }
}
