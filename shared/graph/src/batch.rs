//! Many calls in few requests: `$batch`.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::iter;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::client::GraphClient;
use crate::error::{Call, Cause, CredentialHint, Error};
use crate::patience::{Patience, pause_until};
use crate::request::Request;
use crate::verdict::{Verdict, judge};

/// The most items of one `$batch` (Graph page "JSON batching").
const ITEMS: usize = 20;
/// How many `$batch` requests are under way at once.
const IN_FLIGHT: usize = 4;

#[derive(Serialize)]
struct Outgoing {
    requests: Vec<OutgoingItem>,
}

#[derive(Serialize)]
struct OutgoingItem {
    id: String,
    method: String,
    url: String,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    headers: HashMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Incoming {
    responses: Vec<IncomingItem>,
}

#[derive(Deserialize)]
struct IncomingItem {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, serde_json::Value>>,
    body: Option<Box<RawValue>>,
}

/// An item that still has no outcome.
struct Open<'a> {
    index: usize,
    call: Call,
    patience: Patience<'a>,
    refreshed: bool,
}

/// What became of an item in one round.
enum Round<'a, T> {
    Closed(usize, Result<T, Error>),
    /// To be asked again, not before this moment.
    Open(Open<'a>, Instant),
}

impl GraphClient {
    /// Makes any number of calls, 20 in a request and a few requests at a time, and gives their outcomes in the order
    /// of `requests`.
    ///
    /// Each item has its own retries, by its own `Retry-After`. An item that the answer lacks is asked for again, and
    /// is an error in the end; none is dropped. Calls of several types go together as `Request<serde_json::Value>`.
    pub async fn batch<T: Send>(&self, requests: &[Request<T>]) -> Vec<Result<T, Error>> {
        let mut outcomes: Vec<Option<Result<T, Error>>> = requests.iter().map(|_| None).collect();
        let mut open: Vec<Open<'_>> =
            requests.iter().enumerate().map(|(index, request)| self.open(index, request)).collect();
        while !open.is_empty() {
            let mut chunks = Vec::new();
            while !open.is_empty() {
                let rest = open.split_off(open.len().min(ITEMS));
                chunks.push(std::mem::replace(&mut open, rest));
            }
            let rounds: Vec<Vec<Round<'_, T>>> =
                iter(chunks).map(|chunk| self.round(requests, chunk)).buffer_unordered(IN_FLIGHT).collect().await;
            let mut resume = None;
            for round in rounds.into_iter().flatten() {
                match round {
                    Round::Closed(index, outcome) => {
                        if let Some(place) = outcomes.get_mut(index) {
                            *place = Some(outcome);
                        }
                    }
                    Round::Open(item, until) => {
                        resume = resume.max(Some(until));
                        open.push(item);
                    }
                }
            }
            if let Some(until) = resume {
                self.shared.count_wait(pause_until(until).await);
            }
        }
        // Every index is closed by now: the loop ends only when nothing is open.
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(lost(&Call::default())))).collect()
    }

    fn open<T>(&self, index: usize, request: &Request<T>) -> Open<'_> {
        let call = Call { what: format!("{} in $batch", request.parts.what()), ..Call::default() };
        let patience = Patience::new(&self.shared.tuning, &self.shared.jitter, self.deadline);
        Open { index, call, patience, refreshed: false }
    }

    /// Asks once for up to 20 items.
    async fn round<'a, T>(&'a self, requests: &[Request<T>], chunk: Vec<Open<'a>>) -> Vec<Round<'a, T>> {
        let mut outgoing = Vec::new();
        let mut asked = Vec::new();
        let mut rounds = Vec::new();
        for item in chunk {
            match requests.get(item.index).map(|request| self.outgoing(item.index, request)) {
                Some(Some(out)) => {
                    outgoing.push(out);
                    asked.push(item);
                }
                _ => rounds.push(Round::Closed(item.index, Err(Error::ForeignLink { call: Box::new(item.call) }))),
            }
        }
        if outgoing.is_empty() {
            return rounds;
        }
        let repeatable =
            asked.iter().all(|item| requests.get(item.index).is_some_and(|request| request.parts.repeatable));
        let mut outer = Request::object(Method::POST, "/$batch", &[]).body(&Outgoing { requests: outgoing });
        outer.parts.repeatable = repeatable;
        match self.send::<Incoming>(&outer).await {
            Err(error) => rounds.extend(asked.into_iter().map(|item| Round::Closed(item.index, Err(error.clone())))),
            Ok(incoming) => {
                let mut answers: HashMap<String, IncomingItem> =
                    incoming.responses.into_iter().map(|item| (item.id.clone(), item)).collect();
                for item in asked {
                    let answer = answers.remove(&item.index.to_string());
                    if let Some(request) = requests.get(item.index) {
                        rounds.push(self.close(request, item, answer).await);
                    }
                }
            }
        }
        rounds
    }

    fn outgoing<T>(&self, index: usize, request: &Request<T>) -> Option<OutgoingItem> {
        let parts = &request.parts;
        let mut headers = HashMap::new();
        if parts.advanced {
            headers.insert("ConsistencyLevel", "eventual");
        }
        let body = parts.body.as_ref().and_then(|body| serde_json::from_slice::<Box<RawValue>>(body).ok());
        if body.is_some() {
            headers.insert("Content-Type", "application/json");
        }
        let url = parts.relative(&self.shared.origins).ok()?;
        Some(OutgoingItem { id: index.to_string(), method: parts.method.to_string(), url, headers, body })
    }

    async fn close<'a, T>(
        &'a self,
        request: &Request<T>,
        mut item: Open<'a>,
        answer: Option<IncomingItem>,
    ) -> Round<'a, T> {
        let Some(answer) = answer else {
            return passing(request, item, Cause::LostItem, None);
        };
        let now = (self.shared.tuning.wall_clock)();
        let Some(answer) = answer.into_response() else {
            return passing(request, item, Cause::Unreadable, None);
        };
        match judge(request, Ok(answer), &self.shared.origins, now, &mut item.call) {
            Verdict::Done(value) => Round::Closed(item.index, Ok(value)),
            Verdict::Failed(error) => Round::Closed(item.index, Err(error)),
            Verdict::Throttled(asked) => match self.throttled(&mut item.patience, asked, &item.call) {
                Ok(until) => Round::Open(item, until),
                Err(error) => Round::Closed(item.index, Err(error)),
            },
            Verdict::Passing(cause, asked) => passing(request, item, cause, asked),
            Verdict::TokenRefused(_) if !item.refreshed => {
                item.refreshed = true;
                Round::Open(item, Instant::now())
            }
            Verdict::TokenRefused(code) => {
                let (aadsts, hint, call) = (Vec::new(), CredentialHint::TokenRefused, Box::new(item.call));
                Round::Closed(item.index, Err(Error::Credential { code, aadsts, hint, call }))
            }
        }
    }
}

fn passing<'a, T>(request: &Request<T>, mut item: Open<'a>, cause: Cause, asked: Option<Duration>) -> Round<'a, T> {
    if !request.parts.repeatable {
        return Round::Closed(item.index, Err(lost_with(cause, &item.call)));
    }
    match item.patience.passing(cause, asked, &item.call) {
        Ok(until) => Round::Open(item, until),
        Err(error) => Round::Closed(item.index, Err(error)),
    }
}

fn lost(call: &Call) -> Error {
    lost_with(Cause::LostItem, call)
}

fn lost_with(cause: Cause, call: &Call) -> Error {
    Error::Transient { retry_after: crate::retry_after::SHORTEST, cause, call: Box::new(call.clone()) }
}

impl IncomingItem {
    /// The item as the answer that it would have been on its own.
    fn into_response(self) -> Option<Response<Bytes>> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::from_u16(self.status).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.unwrap_or_default() {
            // `Retry-After` was seen as a number as well as a string.
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        if let Some(body) = self.body {
            headers.entry(http::header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            *response.body_mut() = Bytes::from(body.get().to_owned());
        }
        *response.headers_mut() = headers;
        Some(response)
    }
}
