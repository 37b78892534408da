//! `POST /$batch`: up to 20 requests in one.

use super::{Call, GraphError, Outcome, answer_one};
use crate::reply::Reply;
use crate::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rand::seq::SliceRandom as _;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};

const MOST_REQUESTS: usize = 20;

pub(super) async fn answer(call: &Call<'_>) -> Outcome {
    if call.request.method != Method::POST {
        return Err(GraphError::new(405, "BadRequest", "The batch endpoint takes POST."));
    }
    let body = super::body(call)?;
    let requests =
        body.get("requests").and_then(Value::as_array).ok_or_else(|| invalid("Invalid batch payload format."))?;
    check(requests)?;
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    let mut responses = Vec::with_capacity(requests.len());
    for inner in requests {
        let id = id_of(inner).unwrap_or_default();
        let failed =
            depends_on(inner).any(|earlier| statuses.get(&earlier.to_lowercase()).is_none_or(|status| *status >= 400));
        let reply = if failed { failed_dependency() } else { perform(call, inner).await? };
        statuses.insert(id.to_lowercase(), reply.status);
        responses.push(response(&id, &reply));
    }
    // Graph promises no order.
    responses.shuffle(&mut *crate::sync::lock(&call.tenant.random));
    Ok(Reply::json(200, &json!({"responses": responses})))
}

fn invalid(message: &str) -> GraphError {
    GraphError::new(400, "BadRequest", message)
}

fn check(requests: &[Value]) -> Result<(), GraphError> {
    if requests.is_empty() || requests.len() > MOST_REQUESTS {
        return Err(invalid(&format!("Number of batch request steps must be between 1 and {MOST_REQUESTS}.")));
    }
    let mut ids = HashSet::new();
    for inner in requests {
        let id = id_of(inner).ok_or_else(|| invalid("Each request of a batch needs an id."))?;
        if !ids.insert(id.to_lowercase()) {
            return Err(invalid(&format!("Duplicate request id '{id}' in batch.")));
        }
        let url =
            inner.get("url").and_then(Value::as_str).ok_or_else(|| invalid("Each request of a batch needs a url."))?;
        if url.contains("://") || url.trim_start_matches('/').starts_with("$batch") {
            return Err(invalid("Only relative URLs that are not batches themselves are allowed."));
        }
        let typed = header(inner, "content-type").is_some();
        if inner.get("body").is_some() && !typed {
            return Err(invalid("A request with a body needs a Content-Type header."));
        }
    }
    check_dependencies(requests, &ids)
}

/// All in parallel, all one after the other, or all on the same one.
fn check_dependencies(requests: &[Value], ids: &HashSet<String>) -> Result<(), GraphError> {
    let mut earlier = HashSet::new();
    for inner in requests {
        for dependency in depends_on(inner).map(str::to_lowercase) {
            if !ids.contains(&dependency) || !earlier.contains(&dependency) {
                return Err(invalid("dependsOn must name an earlier request of the batch."));
            }
        }
        earlier.insert(id_of(inner).unwrap_or_default().to_lowercase());
    }
    Ok(())
}

async fn perform(call: &Call<'_>, inner: &Value) -> Result<Reply, GraphError> {
    let request = inner_request(call, inner)?;
    Ok(answer_one(call.state, &request, true).await)
}

fn inner_request(call: &Call<'_>, inner: &Value) -> Result<Request, GraphError> {
    let method = inner.get("method").and_then(Value::as_str).unwrap_or("GET");
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).map_err(|_| invalid("Unknown method."))?;
    let url = inner.get("url").and_then(Value::as_str).unwrap_or_default();
    let target = format!("/v1.0/{}", url.trim_start_matches('/'));
    let mut headers = HeaderMap::new();
    if let Some(token) = call.request.headers.get("authorization") {
        headers.insert("authorization", token.clone());
    }
    for (name, value) in inner.get("headers").and_then(Value::as_object).into_iter().flatten() {
        if let (Ok(name), Some(Ok(value))) = (HeaderName::try_from(name), value.as_str().map(HeaderValue::try_from)) {
            headers.insert(name, value);
        }
    }
    let body = inner.get("body").map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    Ok(Request::new(method, &target, headers, body, call.request.origin.clone()))
}

fn response(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> =
        reply.headers.iter().map(|(name, value)| (header_case(name), Value::from(value.as_str()))).collect();
    let is_image = reply.header_value("content-type").is_some_and(|value| value.starts_with("image/"));
    let body = match std::str::from_utf8(&reply.body) {
        Ok(text) if !is_image => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        _ => Value::from(STANDARD.encode(&reply.body)),
    };
    let mut response = json!({"id": id, "status": reply.status, "headers": headers});
    if !reply.body.is_empty()
        && let Some(members) = response.as_object_mut()
    {
        members.insert("body".to_owned(), body);
    }
    response
}

/// `retry-after` as `Retry-After`: inside a batch headers are JSON, and Graph writes them so.
fn header_case(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn failed_dependency() -> Reply {
    let body = json!({"error": {"code": "FailedDependency", "message": "A request that this one depends on failed."}});
    Reply::json(424, &body)
}

fn id_of(inner: &Value) -> Option<String> {
    match inner.get("id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        _ => None,
    }
}

fn depends_on(inner: &Value) -> impl Iterator<Item = &str> {
    inner.get("dependsOn").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn header<'inner>(inner: &'inner Value, name: &str) -> Option<&'inner str> {
    let headers = inner.get("headers")?.as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str()
}
