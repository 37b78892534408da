//! Many calls in few requests: `$batch`.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use http::Method;
use tokio::time::Instant;

use crate::batch_wire::{Incoming, IncomingItem, Outgoing, OutgoingItem};
use crate::client::GraphClient;
use crate::error::{Call, Cause, CredentialHint, Error, IN_BATCH};
use crate::patience::{Patience, pause_until};
use crate::request::Request;
use crate::verdict::{Verdict, judge};

/// The most items of one `$batch`.
const ITEMS: usize = 20;
/// How many `$batch` requests are under way at once.
const IN_FLIGHT: usize = 4;

/// A call that still has no outcome.
struct Open<'a, T> {
    index: usize,
    request: &'a Request<T>,
    call: Call,
    patience: Patience<'a>,
    refreshed: bool,
}

/// What became of a call in one round.
enum Round<'a, T> {
    Closed(usize, Result<T, Error>),
    /// To be asked again, not before this moment.
    Open(Open<'a, T>, Instant),
}

impl GraphClient {
    /// Makes any number of calls, 20 in a request and a few requests at a time, and gives their outcomes in the order
    /// of `requests`.
    ///
    /// Each item has its own retries, by its own `Retry-After`. An item that the answer lacks is asked for again, and
    /// is an error in the end; none is dropped. Calls of several types go together as `Request<serde_json::Value>`.
    pub async fn batch<T: Send>(&self, requests: &[Request<T>]) -> Vec<Result<T, Error>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        let mut open: Vec<_> = requests.iter().enumerate().map(|(index, request)| self.open(index, request)).collect();
        while !open.is_empty() {
            let mut resume = Instant::now();
            for round in self.rounds(std::mem::take(&mut open)).await {
                match round {
                    Round::Closed(index, outcome) => outcomes.push((index, outcome)),
                    Round::Open(item, until) => {
                        resume = resume.max(until);
                        open.push(item);
                    }
                }
            }
            self.shared.count_wait(pause_until(resume).await);
        }
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    fn open<'a, T>(&'a self, index: usize, request: &'a Request<T>) -> Open<'a, T> {
        let call = Call { what: format!("{}{IN_BATCH}", request.parts.what()), ..Call::default() };
        let patience = Patience::new(&self.shared.tuning, &self.shared.jitter, self.deadline);
        Open { index, request, call, patience, refreshed: false }
    }

    /// Asks once for each of the calls.
    async fn rounds<'a, T: Send>(&'a self, mut open: Vec<Open<'a, T>>) -> Vec<Round<'a, T>> {
        let mut chunks = Vec::new();
        while !open.is_empty() {
            let rest = open.split_off(open.len().min(ITEMS));
            chunks.push(std::mem::replace(&mut open, rest));
        }
        let rounds = iter(chunks).map(|chunk| self.round(chunk)).buffer_unordered(IN_FLIGHT);
        rounds.collect::<Vec<_>>().await.into_iter().flatten().collect()
    }

    /// Asks once for up to 20 calls.
    async fn round<'a, T: Send>(&'a self, chunk: Vec<Open<'a, T>>) -> Vec<Round<'a, T>> {
        let mut requests = Vec::new();
        let mut asked = Vec::new();
        let mut rounds = Vec::new();
        for item in chunk {
            match OutgoingItem::new(item.index, &item.request.parts, &self.shared.origins) {
                Ok(outgoing) => {
                    requests.push(outgoing);
                    asked.push(item);
                }
                Err(_) => rounds.push(Round::Closed(item.index, Err(Error::ForeignLink { call: Box::new(item.call) }))),
            }
        }
        if !asked.is_empty() {
            let mut outer = Request::object(Method::POST, "/$batch", &[]).body(&Outgoing { requests });
            outer.parts.repeatable = asked.iter().all(|item| item.request.parts.repeatable);
            let answer = self.send::<Incoming>(&outer).await;
            rounds.extend(self.sort(asked, answer));
        }
        rounds
    }

    /// Gives each call its own part of the answer.
    fn sort<'a, T>(&'a self, asked: Vec<Open<'a, T>>, answer: Result<Incoming, Error>) -> Vec<Round<'a, T>> {
        match answer.map(Incoming::by_id) {
            Err(error) => asked.into_iter().map(|item| Round::Closed(item.index, Err(error.clone()))).collect(),
            Ok(mut answers) => asked
                .into_iter()
                .map(|item| {
                    let answer = answers.remove(&item.index.to_string());
                    self.close(item, answer)
                })
                .collect(),
        }
    }

    fn close<'a, T>(&'a self, mut item: Open<'a, T>, answer: Option<IncomingItem>) -> Round<'a, T> {
        let Some(answer) = answer else {
            return item.passing(Cause::LostItem, None);
        };
        let Some(answer) = answer.into_response() else {
            return item.passing(Cause::Unreadable, None);
        };
        let now = (self.shared.tuning.wall_clock)();
        match judge(item.request, Ok(answer), &self.shared.origins, now, &mut item.call) {
            Verdict::Done(value) => Round::Closed(item.index, Ok(value)),
            Verdict::Failed(error) => Round::Closed(item.index, Err(error)),
            Verdict::Throttled(asked) => match self.throttled(&mut item.patience, asked, &item.call) {
                Ok(until) => Round::Open(item, until),
                Err(error) => Round::Closed(item.index, Err(error)),
            },
            Verdict::Passing(cause, asked) => item.passing(cause, asked),
            Verdict::TokenRefused(code) => item.token_refused(code),
        }
    }
}

impl<'a, T> Open<'a, T> {
    fn passing(mut self, cause: Cause, asked: Option<Duration>) -> Round<'a, T> {
        match self.patience.passing(cause, asked, self.request.parts.repeatable, &self.call) {
            Ok(until) => Round::Open(self, until),
            Err(error) => Round::Closed(self.index, Err(error)),
        }
    }

    /// The token was good enough for the request around it, so one more attempt has to do.
    fn token_refused(mut self, code: String) -> Round<'a, T> {
        if self.refreshed {
            let (aadsts, hint, call) = (Vec::new(), CredentialHint::TokenRefused, Box::new(self.call));
            return Round::Closed(self.index, Err(Error::Credential { code, aadsts, hint, call }));
        }
        self.refreshed = true;
        Round::Open(self, Instant::now())
    }
}
