//! What an answer means. Pure: the answer comes in, the verdict goes out.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Response};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cloud::Origins;
use crate::decode::{Body, Unread};
use crate::error::{Call, Cause, Error, StartOver};
use crate::graph_error::GraphError;
use crate::request::{Parts, Request};
use crate::retry_after;
use crate::transport::TransportError;

/// What to do after one attempt.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// The answer.
    Done(T),
    /// No other attempt will help.
    Failed(Error),
    /// Graph asks for a pause.
    Throttled(Option<Duration>),
    /// Passing trouble.
    Passing(Cause, Option<Duration>),
    /// The access token is not accepted (any more).
    TokenRefused(String),
}

/// Judges one attempt at `request`. Notes the request id in `call`.
pub(crate) fn judge<T>(
    request: &Request<T>,
    answer: Result<Response<Bytes>, TransportError>,
    origins: &Origins,
    now: Timestamp,
    call: &mut Call,
) -> Verdict<T> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Verdict::Passing(error.into(), None),
    };
    call.request_id = header(answer.headers(), "request-id").and_then(|id| Uuid::try_parse(id).ok());
    if !answer.status().is_success() {
        return refusal(&request.parts, &answer, now, call);
    }
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = Body { content_type, bytes: answer.body(), origins };
    match (request.read)(&body) {
        Ok(value) => Verdict::Done(value),
        Err(Unread::NoAnswer) => Verdict::Passing(Cause::Unreadable, None),
        Err(Unread::Broken(what)) => Verdict::Failed(Error::ContractBroken { what, call: boxed(call) }),
        Err(Unread::Foreign) => Verdict::Failed(Error::ForeignLink { call: boxed(call) }),
    }
}

fn refusal<T>(parts: &Parts, answer: &Response<Bytes>, now: Timestamp, call: &Call) -> Verdict<T> {
    let status = answer.status().as_u16();
    let pause = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after::parse(value, now));
    let error = GraphError::parse(answer.body());
    match status {
        300..=399 => Verdict::Failed(Error::ForeignLink { call: boxed(call) }),
        429 => Verdict::Throttled(pause),
        // 424 is what an item of a throttled batch may get in place of 429. Below 200 there is no answer yet.
        ..200 | 408 | 424 | 500 | 502.. => Verdict::Passing(Cause::Status(status), pause),
        401 if !insufficient_claims(answer.headers()) => Verdict::TokenRefused(error.code()),
        _ => Verdict::Failed(match final_refusal(parts, status, &error, call) {
            Some(error) => error,
            None => return Verdict::Passing(Cause::Status(status), pause),
        }),
    }
}

/// A refusal that will be repeated for ever, or `None` if this is not certain.
fn final_refusal(parts: &Parts, status: u16, error: &GraphError, call: &Call) -> Option<Error> {
    let code = error.code();
    let call = boxed(call);
    if let Some(reason) = start_over(parts, status, error) {
        return Some(Error::StartOver { reason, call });
    }
    if status == 401 || (status == 403 && lacks_consent(error)) {
        return Some(Error::Consent { permission: parts.permission, code, call });
    }
    let expired = parts.link().is_some() && matches!(status, 400 | 404 | 410);
    if expired || error.has("Directory_ExpiredPageToken") {
        return Some(Error::PageExpired { status, code, call });
    }
    // A 404 that Graph did not write, or wrote without knowing why, must not be read as absence. A 501 of Graph's
    // means a property that a collection never returns.
    if matches!(status, 404 | 501) && (!error.is_from_graph() || error.has("UnknownError")) {
        return None;
    }
    Some(if status == 404 { Error::NotFound { code, call } } else { Error::Refused { status, code, call } })
}

fn start_over(parts: &Parts, status: u16, error: &GraphError) -> Option<StartOver> {
    if error.has("syncStateNotFound") {
        return Some(StartOver::Expired);
    }
    if error.has("resyncRequired") {
        return Some(StartOver::ResyncRequired);
    }
    let link = parts.link().filter(|_| parts.is_delta())?;
    match status {
        // The `Location` of a 410 only repeats the question without its token, so it is not needed.
        410 => Some(StartOver::Reset),
        // A delta link is sent as it came. If Graph finds it malformed or unknown, it has become useless.
        400 | 404 if link.is_delta() => Some(StartOver::Expired),
        _ => None,
    }
}

fn lacks_consent(error: &GraphError) -> bool {
    const CODES: [&str; 6] = [
        "Authorization_RequestDenied",
        "Authorization_IdentityNotFound",
        "insufficient_claims",
        "accessDenied",
        "ErrorAccessDenied",
        // What `POST /subscriptions` answers when the resource behind it refuses.
        "ExtensionError",
    ];
    CODES.iter().any(|code| error.has(code))
}

/// A claims challenge of continuous access evaluation: a new token would be refused as well.
fn insufficient_claims(headers: &HeaderMap) -> bool {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains("insufficient_claims")))
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn boxed(call: &Call) -> Box<Call> {
    Box::new(call.clone())
}

impl From<TransportError> for Cause {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Connect => Self::Connect,
            TransportError::Broken => Self::Broken,
            TransportError::Timeout => Self::Timeout,
            TransportError::TooLarge => Self::TooLarge,
        }
    }
}
