//! One call, with all its attempts.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::GraphClient;
use crate::error::{Call, CredentialHint, Error};
use crate::patience::{Patience, pause_until, too_late};
use crate::request::{Parts, Request};
use crate::token::Token;
use crate::transport::TransportError;
use crate::verdict::{Verdict, header, judge};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Errors are JSON whatever is asked for.
const IMAGE: HeaderValue = HeaderValue::from_static("image/*, application/json;q=0.5");

impl GraphClient {
    /// Makes a call, repeats it where that may help, and reads its answer.
    ///
    /// # Errors
    /// Every variant of [`Error`]; its documentation says what to do.
    pub async fn send<T>(&self, request: &Request<T>) -> Result<T, Error> {
        let mut call = Call { what: request.parts.what(), client_request_id: Some(Uuid::new_v4()), request_id: None };
        let mut patience = Patience::new(&self.shared.tuning, &self.shared.jitter, self.deadline);
        let mut refreshed = false;
        loop {
            let (token, answer) = self.attempt(&request.parts, &call).await?;
            let unsent = matches!(answer, Err(TransportError::Connect));
            let now = (self.shared.tuning.wall_clock)();
            let until = match judge(request, answer, &self.shared.origins, now, &mut call) {
                Verdict::Done(value) => return Ok(value),
                Verdict::Failed(error) => return Err(error),
                Verdict::TokenRefused(code) => {
                    self.renew_token(&token, code, &mut refreshed, &call).await?;
                    continue;
                }
                Verdict::Throttled(asked) => self.throttled(&mut patience, asked, &call)?,
                Verdict::Passing(cause, asked) => {
                    tracing::debug!(call = %call, cause = %cause, "a call to Graph failed and may be repeated");
                    patience.passing(cause, asked, request.parts.repeatable || unsent, &call)?
                }
            };
            self.shared.count_wait(pause_until(until).await);
        }
    }

    /// Waits for its turn, gets a token, sends once, and takes note of what the headers say about the pace.
    async fn attempt(
        &self,
        parts: &Parts,
        call: &Call,
    ) -> Result<(Token, Result<Response<Bytes>, TransportError>), Error> {
        // Checked before anything else, so that no token is even asked for on behalf of a foreign link.
        let url = parts.url(&self.shared.origins).map_err(|_| Error::ForeignLink { call: Box::new(call.clone()) })?;
        self.admit(call).await?;
        let token = self.shared.tokens.token(&self.shared.tuning, &self.shared.jitter, self.deadline).await?;
        let mut request = http::Request::new(parts.body.clone().unwrap_or_default());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|_| Error::ForeignLink { call: Box::new(call.clone()) })?;
        self.headers(parts, &token, call, request.headers_mut());
        self.shared.count_request();
        let answer = self.shared.http.send(request, self.deadline).await;
        if let Ok(answer) = &answer {
            self.note_pace(answer.headers());
        }
        Ok((token, answer))
    }

    fn headers(&self, parts: &Parts, token: &Token, call: &Call, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, token.header.clone());
        headers.insert(ACCEPT, if parts.is_image() { IMAGE } else { JSON });
        headers.insert("x-ms-throttle-priority", HeaderValue::from_static(self.priority.name()));
        if parts.advanced {
            headers.insert("consistencylevel", HeaderValue::from_static("eventual"));
        }
        if parts.search {
            headers.insert("prefer", HeaderValue::from_static("legacySearch=false"));
        }
        if parts.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        let id = call.client_request_id.and_then(|id| HeaderValue::try_from(id.to_string()).ok());
        if let Some(id) = id {
            headers.insert("client-request-id", id);
        }
    }

    /// Waits until neither a pause nor the pace stands against a request.
    async fn admit(&self, call: &Call) -> Result<(), Error> {
        let mut placed = false;
        loop {
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                return Err(too_late(call));
            }
            let paused = self.shared.pace().paused_until(now);
            let until = match paused {
                Some(end) => self.after_pause(now, end, call)?,
                None if placed => return Ok(()),
                None => {
                    placed = true;
                    let place = self.shared.pace().take_place(now, self.deadline);
                    place.map_err(|retry_after| Error::Throttled { retry_after, call: Box::new(call.clone()) })?
                }
            };
            if until > now {
                self.shared.count_wait(pause_until(until).await);
            }
        }
    }

    /// A moment soon after the end of a pause, not the same for everybody who waits for it.
    fn after_pause(&self, now: Instant, end: Instant, call: &Call) -> Result<Instant, Error> {
        let until = now + self.shared.jitter.beyond(end - now);
        match self.deadline {
            Some(deadline) if end >= deadline => {
                Err(Error::Throttled { retry_after: end - now, call: Box::new(call.clone()) })
            }
            Some(deadline) if until >= deadline => Ok(end),
            _ => Ok(until),
        }
    }

    /// Counts a 429 and stops every clone of this client until its pause is over.
    pub(crate) fn throttled(
        &self,
        patience: &mut Patience<'_>,
        asked: Option<Duration>,
        call: &Call,
    ) -> Result<Instant, Error> {
        self.shared.count_throttled();
        let now = Instant::now();
        let until = patience.throttled(asked, call);
        let pause = match &until {
            Ok(until) => *until - now,
            Err(error) => error.retry_after().unwrap_or_default(),
        };
        tracing::debug!(call = %call, pause.ms = pause.as_millis(), "Graph asks for a pause");
        self.shared.pace().pause(now, pause);
        until
    }

    /// Sees to it that the next attempt has another token, once per call.
    async fn renew_token(&self, token: &Token, code: String, refreshed: &mut bool, call: &Call) -> Result<(), Error> {
        if !*refreshed && self.shared.tokens.refused(token).await {
            *refreshed = true;
            return Ok(());
        }
        let (aadsts, hint, call) = (Vec::new(), CredentialHint::TokenRefused, Box::new(call.clone()));
        Err(Error::Credential { code, aadsts, hint, call })
    }

    fn note_pace(&self, headers: &HeaderMap) {
        let number = |name| header(headers, name).and_then(|value| value.parse::<f64>().ok());
        let units = number("x-ms-resource-unit");
        let share = number("x-ms-throttle-limit-percentage");
        if let Some(share) = share {
            tracing::debug!(share, "Graph warns of throttling");
        }
        self.shared.pace().note(Instant::now(), units, share);
    }
}
