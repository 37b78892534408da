//! Access tokens: asked for once, kept until shortly before they expire.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};
use url::Url;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::client_proof::{NoProof, Proof};
use crate::cloud::Origins;
use crate::credential::Credential;
use crate::error::{Call, Cause, CredentialHint, Error};
use crate::http_client::HttpClient;
use crate::patience::{Jitter, Patience, Tuning, pause_until, too_late};
use crate::retry_after;
use crate::token_answer::{Granted, Refusal, granted, refusal};

/// A token is replaced this long before it expires, so that it outlives the call it goes with.
const MARGIN: Duration = Duration::from_secs(300);
/// A token is used at least this long, even one that claims to be expired: asking at every call would be
/// refused as a loop (AADSTS50196).
const LEAST_USE: Duration = Duration::from_secs(60);
/// A refused credential, and a token that Graph refused, lead to one new question a minute at most.
const COOL_DOWN: Duration = Duration::from_secs(60);

const WHAT: &str = "POST /{tenant}/oauth2/v2.0/token";

/// Gives access tokens for one application in one tenant. Concurrent callers share one question.
pub(crate) struct TokenProvider {
    http: HttpClient,
    url: Url,
    scope: String,
    credential: Credential,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Counts the tokens, to see whether a refused one has been replaced already.
    number: u64,
    /// The last refusal, repeated to everybody until the cool-down is over.
    refused: Option<(Instant, Error)>,
    /// When Graph last refused a token.
    forced: Option<Instant>,
}

/// An access token in use.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    number: u64,
    /// Both clocks must agree that it is fresh: the monotonic one may stand still while a machine is frozen, and
    /// the wall clock may be set back.
    fresh_until: (Instant, Timestamp),
}

impl TokenProvider {
    pub(crate) fn new(http: HttpClient, origins: &Origins, tenant: Uuid, credential: Credential) -> Self {
        let mut url = origins.login().clone();
        url.set_path(&format!("/{tenant}/oauth2/v2.0/token"));
        Self { http, url, scope: origins.scope(), credential, state: Mutex::default() }
    }

    /// A fresh token, from the cache or from the identity platform.
    pub(crate) async fn token(
        &self,
        tuning: &Tuning,
        jitter: &Jitter,
        deadline: Option<Instant>,
    ) -> Result<Token, Error> {
        let mut call = Call { what: WHAT.to_owned(), client_request_id: None, request_id: None };
        let mut state = self.lock(deadline, &call).await?;
        let now = Instant::now();
        if let Some(token) = state.token.as_ref().filter(|token| token.is_fresh(now, (tuning.wall_clock)())) {
            return Ok(token.clone());
        }
        if let Some((_, error)) = state.refused.as_ref().filter(|(until, _)| now < *until) {
            return Err(error.clone());
        }
        // The lock is held while asking: that is what makes it a single flight.
        match self.ask(tuning, jitter, deadline, &mut call).await {
            Ok(granted) => Ok(state.keep(granted, (tuning.wall_clock)())),
            Err(error) => {
                if error.needs_a_person() {
                    state.refused = Some((Instant::now() + COOL_DOWN, error.clone()));
                }
                Err(error)
            }
        }
    }

    /// Takes note that Graph refused `token`. Says whether another one is worth a try.
    pub(crate) async fn refused(&self, token: &Token) -> bool {
        let mut state = self.state.lock().await;
        if state.number != token.number {
            return true;
        }
        let now = Instant::now();
        if state.forced.is_some_and(|forced| now < forced + COOL_DOWN) {
            return false;
        }
        state.forced = Some(now);
        state.token = None;
        true
    }

    async fn lock(&self, deadline: Option<Instant>, call: &Call) -> Result<MutexGuard<'_, State>, Error> {
        match deadline {
            None => Ok(self.state.lock().await),
            Some(deadline) => timeout_at(deadline, self.state.lock()).await.map_err(|_| too_late(call)),
        }
    }

    async fn ask(
        &self,
        tuning: &Tuning,
        jitter: &Jitter,
        deadline: Option<Instant>,
        call: &mut Call,
    ) -> Result<Granted, Error> {
        let mut patience = Patience::new(tuning, jitter, deadline);
        loop {
            let until = match self.form((tuning.wall_clock)(), call).await {
                Err(Refusal::Final(error)) => return Err(error),
                Err(Refusal::Passing(cause)) => patience.passing(cause, None, true, call)?,
                Ok(form) => match self.http.send(self.request(form, call), deadline).await {
                    Err(error) => patience.passing(error.into(), None, true, call)?,
                    Ok(answer) => match self.judge(&answer, &mut patience, call)? {
                        Ok(granted) => return Ok(granted),
                        Err(until) => until,
                    },
                },
            };
            pause_until(until).await;
        }
    }

    /// A token, or when to ask again.
    fn judge(
        &self,
        answer: &Response<Bytes>,
        patience: &mut Patience<'_>,
        call: &mut Call,
    ) -> Result<Result<Granted, Instant>, Error> {
        let now = (patience.tuning.wall_clock)();
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked = asked.and_then(|value| retry_after::parse(value, now));
        match answer.status().as_u16() {
            200..=299 => match granted(answer.body()) {
                Some(granted) => Ok(Ok(granted)),
                None => patience.passing(Cause::Unreadable, asked, true, call).map(Err),
            },
            300..=399 => Err(Error::ForeignLink { call: Box::new(call.clone()) }),
            429 => patience.throttled(asked, call).map(Err),
            status @ 500.. => patience.passing(Cause::Status(status), asked, true, call).map(Err),
            status => match refusal(status, answer.body(), self.secret_is_id(), call) {
                Refusal::Final(error) => Err(error),
                Refusal::Passing(cause) => patience.passing(cause, asked, true, call).map(Err),
            },
        }
    }

    fn request(&self, form: Bytes, call: &mut Call) -> Request<Bytes> {
        let id = Uuid::new_v4();
        call.client_request_id = Some(id);
        let mut request = Request::new(form);
        *request.method_mut() = Method::POST;
        // A `Url` that was parsed is a valid URI.
        *request.uri_mut() = self.url.as_str().parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            headers.insert("client-request-id", value);
        }
        request
    }

    async fn form(&self, now: Timestamp, call: &Call) -> Result<Bytes, Refusal> {
        let unusable = |code: &str, hint| {
            let (code, call) = (code.to_owned(), Box::new(call.clone()));
            Refusal::Final(Error::Credential { code, aadsts: Vec::new(), hint, call })
        };
        let proof = match Proof::of(&self.credential, self.url.as_str(), now).await {
            Ok(proof) => proof,
            Err(NoProof::CertificateUnusable) => {
                return Err(unusable("certificate", CredentialHint::CertificateUnusable));
            }
            Err(NoProof::AssertionRefused) => {
                return Err(unusable("assertion", CredentialHint::AssertionUnavailable));
            }
            Err(NoProof::AssertionUnavailable) => {
                return Err(Refusal::Passing(Cause::Identity("assertion".to_owned())));
            }
        };
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").append_pair("scope", &self.scope);
        proof.append(self.credential.client_id(), &mut form);
        Ok(form.finish().into())
    }

    /// The id of a client secret is a GUID, its value never is.
    fn secret_is_id(&self) -> bool {
        match &self.credential {
            Credential::ClientSecret { secret, .. } => Uuid::try_parse(secret.expose_secret()).is_ok(),
            _ => false,
        }
    }
}

impl State {
    fn keep(&mut self, granted: Granted, now: Timestamp) -> Token {
        let Granted { header, life } = granted;
        let life = life.saturating_sub(MARGIN).max(life / 2).max(LEAST_USE);
        self.number += 1;
        let wall = now.checked_add(life).unwrap_or(now);
        let token = Token { header, number: self.number, fresh_until: (Instant::now() + life, wall) };
        self.token = Some(token.clone());
        self.refused = None;
        token
    }
}

impl Token {
    fn is_fresh(&self, now: Instant, wall: Timestamp) -> bool {
        now < self.fresh_until.0 && wall < self.fresh_until.1
    }
}
