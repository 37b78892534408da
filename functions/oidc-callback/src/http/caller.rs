//! Who calls.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, ORIGIN};
use axum::http::request::Parts;
use lambda_http::request::RequestContext;
use rollcall_runtime::clock;
use rollcall_sign_in::cookie::Cookies;
use rollcall_sign_in::flow::Visit;
use rollcall_sign_in::page::Language;
use tokio::time::Instant;

/// The longest that one answer may take. The gateway waits for 29 seconds, a person for fewer.
const LONGEST: Duration = Duration::from_secs(15);

/// What a request says of whoever makes it. Host and forwarding headers are none of it: they are the caller's to choose.
pub(crate) struct Caller {
    cookies: Cookies,
    accepted: Option<String>,
    /// The query as it was sent.
    pub(crate) query: String,
    address: String,
    headers: HeaderMap,
}

impl Caller {
    /// The request as a visit. `asked` are the languages that the platform asks for.
    pub(crate) fn visit(&self) -> Visit<'_> {
        let asked = url::form_urlencoded::parse(self.query.as_bytes()).find(|(name, _)| name == "ui_locales");
        let asked = asked.map(|(_, locales)| locales.into_owned());
        Visit {
            cookies: &self.cookies,
            language: Language::choose(asked.as_deref(), self.accepted.as_deref()),
            address: &self.address,
            now: clock::now(),
            until: Instant::now() + LONGEST,
        }
    }

    /// Whether the request comes from a page of ours, as the browser says, which no page can make it say otherwise.
    pub(crate) fn is_from_us(&self, issuer: &str) -> bool {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        match header("sec-fetch-site") {
            Some(site) => site == "same-origin",
            None => header(ORIGIN.as_str()) == Some(issuer),
        }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let texts = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let address = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        Ok(Self {
            cookies: Cookies::read(texts),
            accepted: parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(str::to_owned),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            address: address.unwrap_or_default(),
            headers: parts.headers.clone(),
        })
    }
}
