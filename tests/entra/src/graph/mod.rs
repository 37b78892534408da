//! The part of Microsoft Graph v1.0 that a directory sync uses, one file for each subject.

mod access;
mod batch;
mod deleted;
mod delta;
mod directory_objects;
mod error;
mod expand;
mod filter;
pub(crate) mod json;
mod links;
mod listing;
mod me;
mod objects;
mod organization;
mod photos;
pub(crate) mod query;
mod search;
mod session;
mod subscriptions;
mod throttle;
mod writes;

pub(crate) use delta::Rounds;
pub(crate) use error::GraphError;
pub(crate) use listing::Listings;
pub use photos::Photo;
pub(crate) use photos::Photos;
pub(crate) use session::Sessions;
pub(crate) use throttle::Buckets;
pub(crate) use writes::stored_values;

use crate::directory::{Kind, View};
use crate::faults::{self, Fault, Plane};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;
use crate::tenant::Tenant;
use http::Method;
use links::Link;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The content type of everything that Graph answers.
pub(crate) const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// What a handler returns.
pub(crate) type Outcome = Result<Reply, GraphError>;

/// One request with everything that was found out about it.
pub(crate) struct Call<'request> {
    pub(crate) state: &'request Arc<State>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) app: Uuid,
    pub(crate) roles: BTreeSet<String>,
    /// The person behind a delegated token.
    pub(crate) person: Option<Uuid>,
    pub(crate) request: &'request Request,
    /// Virtual time in milliseconds since 1970.
    pub(crate) now: i64,
    /// How old the directory looks, in milliseconds.
    pub(crate) age: i64,
    pub(crate) in_batch: bool,
}

impl Call<'_> {
    /// Reads the directory as this request sees it: the present, or the past when there is a lag.
    pub(crate) fn with_view<T>(&self, read: impl FnOnce(&View<'_>) -> T) -> T {
        let directory = crate::sync::read(&self.tenant.directory);
        if self.age <= 0 {
            return read(&directory.present());
        }
        let sequence = directory.sequence_at(self.now - self.age);
        read(&directory.as_of(sequence))
    }

    /// The number of the last change that this request sees.
    pub(crate) fn visible(&self, view: &View<'_>) -> u64 {
        if self.age <= 0 { view.directory().sequence() } else { view.directory().sequence_at(self.now - self.age) }
    }
}

/// Answers a request to Graph.
pub(crate) async fn answer(state: &Arc<State>, request: &Request) -> Reply {
    let reply = answer_one(state, request, false).await;
    let id = Uuid::new_v4().to_string();
    let reply = if reply.header_value("request-id").is_some() { reply } else { reply.header("request-id", id) };
    match request.header("client-request-id") {
        Some(client) => reply.header("client-request-id", client),
        None => reply,
    }
}

/// Answers one request, alone or inside a batch.
async fn answer_one(state: &Arc<State>, request: &Request, in_batch: bool) -> Reply {
    let caller = session::identify(state, request);
    let tenant = caller.as_ref().ok().map(|caller| caller.tenant.clone());
    let fault = state.faults.pick(request, Plane::Graph, tenant.as_ref().map(|tenant| tenant.id), in_batch);
    if let Some(fault) = &fault {
        state.metrics.count_fault(&fault.kind());
    }
    delay(tenant.as_deref(), in_batch).await;
    if let Some(reply) = fault.as_ref().and_then(|fault| faults::instead(fault, request, state.clock.now())) {
        return reply;
    }
    let reply = match caller {
        Ok(caller) => {
            let lag = crate::sync::read(&caller.tenant.settings).propagation_lag_millis;
            let stale = if let Some(Fault::StaleRead { millis }) = &fault { *millis } else { 0 };
            let session::Caller { tenant, app, roles, person } = caller;
            let now = state.clock.now_millis();
            perform(&Call { state, tenant, app, roles, person, request, now, age: lag.max(stale), in_batch }).await
        }
        Err(error) => error.reply(request, state.clock.now()),
    };
    match fault {
        Some(fault) => faults::after(&fault, reply, request),
        None => reply,
    }
}

async fn delay(tenant: Option<&Tenant>, in_batch: bool) {
    let millis = tenant.map_or(0, |tenant| crate::sync::read(&tenant.settings).page_delay_millis);
    if millis > 0 && !in_batch {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

async fn perform(call: &Call<'_>) -> Reply {
    let is_batch = call.request.segments.get(1).is_some_and(|segment| segment == "$batch");
    let spent = (!is_batch).then(|| throttle::spend(call));
    let outcome = match spent.as_ref().and_then(|spent| spent.refusal(call)) {
        Some(error) => Err(error),
        None => route(call).await,
    };
    let reply = outcome.unwrap_or_else(|error| error.reply(call.request, call.state.clock.now()));
    match spent {
        Some(spent) => spent.mark(reply),
        None => reply,
    }
}

async fn route(call: &Call<'_>) -> Outcome {
    let segments: Vec<String> = call.request.segments.iter().skip(1).flat_map(|segment| unfold(segment)).collect();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    if call.request.segments.first().is_some_and(|version| version != "v1.0") {
        return Err(no_segment("beta"));
    }
    match path.as_slice() {
        ["$batch"] if !call.in_batch => Box::pin(batch::answer(call)).await,
        ["subscriptions", rest @ ..] => subscriptions::answer(call, rest).await,
        ["users", rest @ ..] => collection(call, Kind::User, rest),
        ["me", rest @ ..] => me::answer(call, rest),
        ["groups", rest @ ..] => collection(call, Kind::Group, rest),
        ["directoryObjects", rest @ ..] => directory_objects::answer(call, rest),
        ["directory", "deletedItems", rest @ ..] => deleted::answer(call, rest),
        ["organization", rest @ ..] => organization::answer(call, rest),
        ["invitations"] => writes::invite(call),
        _ => Err(no_segment(path.first().copied().unwrap_or_default())),
    }
}

fn collection(call: &Call<'_>, kind: Kind, path: &[&str]) -> Outcome {
    let method = &call.request.method;
    match (method, path) {
        (&Method::GET, []) => objects::list(call, kind),
        (&Method::GET, ["$count"]) => objects::count(call, kind),
        (&Method::GET, ["delta" | "delta()" | "microsoft.graph.delta" | "microsoft.graph.delta()"]) => {
            delta::answer(call, kind)
        }
        (&Method::GET, [key]) => objects::get(call, kind, key),
        (&Method::GET, [key, "manager"]) if kind == Kind::User => links::manager(call, key),
        (&Method::GET, [key, "photo" | "photos", rest @ ..]) if kind == Kind::User => photos::answer(call, key, rest),
        (&Method::POST, [key, "checkMemberGroups" | "microsoft.graph.checkMemberGroups"]) => {
            links::check_member_groups(call, kind, key)
        }
        (&Method::POST, [key, "getMemberGroups" | "microsoft.graph.getMemberGroups"]) => {
            links::get_member_groups(call, kind, key)
        }
        (&Method::GET, [key, link, rest @ ..]) => match Link::from_segment(link) {
            Some(link) => links::list(call, kind, key, link, rest),
            None => Err(no_segment(link)),
        },
        _ => writes::answer(call, kind, path),
    }
}

/// `users('x')` is the same as `users/x`.
fn unfold(segment: &str) -> Vec<String> {
    let inner = segment.strip_suffix("')").and_then(|rest| rest.split_once("('"));
    match inner {
        Some((name, key)) if !name.is_empty() => vec![name.to_owned(), key.replace("''", "'")],
        _ => vec![segment.to_owned()],
    }
}

/// 400: there is no such path.
fn no_segment(segment: &str) -> GraphError {
    GraphError::new(400, "BadRequest", format!("Resource not found for the segment '{segment}'."))
}

/// The JSON body of a request.
fn body(call: &Call<'_>) -> Result<Value, GraphError> {
    let problem = || {
        GraphError::new(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    };
    let typed = call.request.header("content-type").is_some_and(|value| value.starts_with("application/json"));
    if !typed {
        return Err(problem());
    }
    serde_json::from_slice::<Value>(&call.request.body).ok().filter(Value::is_object).ok_or_else(problem)
}
