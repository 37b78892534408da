//! What a fault does to an answer.

use super::Fault;
use crate::graph::GraphError;
use crate::login::LoginError;
use crate::reply::Reply;
use crate::request::Request;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::io::Write as _;

/// The answer that takes the place of the right one, so that the request is not carried out.
pub(crate) fn instead(fault: &Fault, request: &Request, now: Timestamp) -> Option<Reply> {
    match fault {
        Fault::Status { status, retry_after, code, message, nested } => {
            let reply = error(*status, code.as_deref(), message.as_deref(), *nested, request, now);
            Some(match retry_after {
                Some(value) => reply.header("retry-after", retry_after_value(value, now)),
                None => reply,
            })
        }
        Fault::Aadsts { number } => Some(crate::login::refuse(request, &LoginError::new(*number), now)),
        Fault::Gone { origin } => Some(gone(request, origin.as_deref(), now)),
        Fault::ClaimsChallenge => Some(claims_challenge(request, now)),
        Fault::Html { status } => {
            let page = "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h2>Our services aren't available right now</h2></body></html>";
            Some(Reply::bytes(*status, "text/html; charset=utf-8", page))
        }
        Fault::EmptyBody => Some(Reply::empty(200).header("content-type", "application/json")),
        Fault::ErrorWith200 => {
            Some(error(200, Some("UnknownError"), Some("An unexpected error occurred."), false, request, now))
        }
        Fault::Redirect { status, location } => Some(Reply::empty(*status).header("location", location.clone())),
        Fault::ResetBeforeHead => Some(cut(Reply::empty(200), 0)),
        Fault::ResetInHead => Some(cut(Reply::empty(200), 20)),
        Fault::EmptyPage => Some(page(&json!({"value": [], "@odata.nextLink": next_link(request)}))),
        Fault::ZeroRows => Some(page(&json!({"value": []}))),
        _ => None,
    }
}

/// The right answer, spoiled.
pub(crate) fn after(fault: &Fault, reply: Reply, request: &Request) -> Reply {
    match fault {
        Fault::LoseAnswer => cut(reply, 0),
        Fault::ContentType { value } => reply.with_header("content-type", value.clone()),
        Fault::TruncatedJson => shorten(reply),
        Fault::ContentLength { extra } => {
            wire(reply, |reply| reply.wire.declared_length = Some(reply.body.len() + extra))
        }
        Fault::Endless => wire(reply, |reply| reply.wire.endless = true),
        Fault::ResetInBody { after } => wire(reply, |reply| reply.wire.reset_in_body = Some(*after)),
        Fault::SlowHead { millis } => wire(reply, |reply| reply.wire.delay_millis += millis),
        Fault::SlowBody { bytes, millis } => wire(reply, |reply| reply.wire.pace = Some((*bytes, *millis))),
        Fault::InvalidUtf8 => wire(reply, |reply| reply.body = spoil_text(&reply.body)),
        Fault::ByteOrderMark => {
            wire(reply, |reply| reply.body = [b"\xef\xbb\xbf", reply.body.as_ref()].concat().into())
        }
        Fault::DuplicateKeys => {
            replace_text(reply, "{\"id\":", "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"id\":")
        }
        Fault::NotANumber => replace_text(reply, "{\"id\":", "{\"score\":NaN,\"id\":"),
        Fault::Gzip => gzip(reply),
        Fault::ThrottlePercentage { value } => reply.with_header("x-ms-throttle-limit-percentage", value.to_string()),
        _ => edit(reply, |body| edit_json(fault, body, request)),
    }
}

fn edit_json(fault: &Fault, body: &mut Map<String, Value>, request: &Request) {
    match fault {
        Fault::ForeignLink { origin } => {
            for name in ["@odata.nextLink", "@odata.deltaLink"] {
                if let Some(Value::String(link)) = body.get_mut(name) {
                    *link = link.replacen(&request.origin, origin, 1);
                }
            }
        }
        Fault::LinkToSelf => link(body, own_link(request)),
        Fault::LinkTo { link: target } => link(body, target.clone()),
        Fault::NoLinks => {
            body.remove("@odata.nextLink");
            body.remove("@odata.deltaLink");
        }
        Fault::BothLinks => {
            for name in ["@odata.nextLink", "@odata.deltaLink"] {
                body.entry(name).or_insert_with(|| own_link(request).into());
            }
        }
        Fault::UnknownFields => {
            body.insert("@odata.futureAnnotation".to_owned(), json!({"nested": [1, null]}));
            rows(body, |row| {
                row.insert("futureProperty".to_owned(), json!({"value": "unknownFutureValue"}));
                row.insert("futureNumber".to_owned(), json!(9_223_372_036_854_775_807_i64));
            });
        }
        Fault::BlankProperty { names } => rows(body, |row| {
            for name in names {
                if let Some(value) = row.get_mut(name) {
                    *value = Value::Null;
                }
            }
        }),
        Fault::SetProperty { name, value } => rows(body, |row| {
            row.insert(name.clone(), value.clone());
        }),
        Fault::ExpiresIn { value } => {
            body.remove("expires_in");
            if let Some(value) = value {
                body.insert("expires_in".to_owned(), value.clone());
            }
        }
        Fault::DropRows { every } => edit_list(body, |list| {
            let mut number = 0;
            list.retain(|_| {
                number += 1;
                *every == 0 || number % every != 0
            });
        }),
        Fault::DuplicateRows => {
            edit_list(body, |list| *list = list.iter().flat_map(|row| [row.clone(), row.clone()]).collect())
        }
        Fault::ReverseRows => edit_list(body, |list| list.reverse()),
        _ => {}
    }
}

fn edit(reply: Reply, change: impl FnOnce(&mut Map<String, Value>)) -> Reply {
    wire(reply, |reply| {
        if let Ok(Value::Object(mut body)) = serde_json::from_slice(&reply.body) {
            change(&mut body);
            reply.body = Value::Object(body).to_string().into();
        }
    })
}

fn edit_list(body: &mut Map<String, Value>, change: impl FnOnce(&mut Vec<Value>)) {
    if let Some(Value::Array(list)) = body.get_mut("value") {
        change(list);
    }
}

/// Each row of a page, or the one object of an answer.
fn rows(body: &mut Map<String, Value>, mut change: impl FnMut(&mut Map<String, Value>)) {
    match body.get_mut("value") {
        Some(Value::Array(list)) => list.iter_mut().filter_map(Value::as_object_mut).for_each(change),
        _ => change(body),
    }
}

fn link(body: &mut Map<String, Value>, target: String) {
    body.remove("@odata.deltaLink");
    body.insert("@odata.nextLink".to_owned(), target.into());
}

fn own_link(request: &Request) -> String {
    let query = if request.raw_query.is_empty() { String::new() } else { format!("?{}", request.raw_query) };
    format!("{}{}{query}", request.origin, request.path)
}

/// A link to the same rows that is not the request's own: no page of Graph's leads to itself, not even an empty one.
fn next_link(request: &Request) -> String {
    let separator = if request.raw_query.is_empty() { '?' } else { '&' };
    format!("{}{separator}after=empty", own_link(request))
}

fn page(body: &Value) -> Reply {
    Reply::json(200, body)
}

fn cut(mut reply: Reply, bytes: usize) -> Reply {
    reply.wire.reset_after = Some(bytes);
    reply
}

fn wire(mut reply: Reply, change: impl FnOnce(&mut Reply)) -> Reply {
    change(&mut reply);
    reply
}

fn shorten(mut reply: Reply) -> Reply {
    let half = reply.body.len() / 2;
    reply.body.truncate(half);
    reply
}

fn replace_text(mut reply: Reply, from: &str, to: &str) -> Reply {
    if let Ok(text) = std::str::from_utf8(&reply.body) {
        reply.body = text.replace(from, to).into();
    }
    reply
}

/// Puts a lone continuation byte into the first string of the body.
fn spoil_text(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    let place = bytes.iter().position(|byte| *byte == b'"').map_or(bytes.len(), |position| position + 1);
    bytes.insert(place, 0xff);
    bytes.into()
}

fn gzip(mut reply: Reply) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    if encoder.write_all(&reply.body).is_ok()
        && let Ok(body) = encoder.finish()
    {
        reply.body = body.into();
        return reply.header("content-encoding", "gzip");
    }
    reply
}

fn error(
    status: u16,
    code: Option<&str>,
    message: Option<&str>,
    nested: bool,
    request: &Request,
    now: Timestamp,
) -> Reply {
    let code = code.unwrap_or(match status {
        401 => "InvalidAuthenticationToken",
        403 => "Authorization_RequestDenied",
        404 => "Request_ResourceNotFound",
        429 => "TooManyRequests",
        503 => "serviceNotAvailable",
        _ => "UnknownError",
    });
    let message = message.unwrap_or("The service could not answer.");
    let outer = if nested { "UnknownError" } else { code };
    let reply = GraphError::new(status, outer, message).reply(request, now);
    if !nested {
        return reply;
    }
    edit(reply, |body| {
        if let Some(Value::Object(inner)) = body.get_mut("error").and_then(|error| error.get_mut("innerError")) {
            inner.insert("code".to_owned(), code.into());
        }
    })
}

fn gone(request: &Request, origin: Option<&str>, now: Timestamp) -> Reply {
    let base = origin.unwrap_or(&request.origin);
    let location = format!("{base}{}?$deltatoken=", request.path);
    GraphError::new(410, "resyncRequired", "Resync required.").reply(request, now).header("location", location)
}

/// The shape of a continuous access evaluation challenge.
fn claims_challenge(request: &Request, now: Timestamp) -> Reply {
    let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                     error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==\"";
    GraphError::new(401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge.")
        .reply(request, now)
        .header("www-authenticate", challenge)
}

fn retry_after_value(value: &str, now: Timestamp) -> String {
    let Some(seconds) = value.strip_prefix("date:").and_then(|text| text.parse::<i64>().ok()) else {
        return value.to_owned();
    };
    let at = Timestamp::from_millisecond(now.as_millisecond() + seconds * 1000).unwrap_or(now);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
