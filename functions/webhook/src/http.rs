//! The part of API Gateway's HTTP API events that this function reads, payload format version 2.0
//! ("Create AWS Lambda proxy integrations for HTTP APIs").

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall_sync::notification::parse::LARGEST_BODY;
use serde::{Deserialize, Serialize};

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Request {
    /// The query string as it was sent.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.raw_query_string
    }

    /// The body as it was sent. A compressed one is not unpacked. What is no base64 although it should be, and
    /// what is beyond any limit, comes as it stands: reading it as notifications will fail.
    #[must_use]
    pub fn body(&self) -> Cow<'_, [u8]> {
        let text = self.body.as_deref().unwrap_or_default();
        if !self.is_base64_encoded || text.len() > 2 * LARGEST_BODY {
            return Cow::Borrowed(text.as_bytes());
        }
        STANDARD.decode(text).map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned)
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The body, as it is sent.
    pub body: String,
    is_base64_encoded: bool,
}

impl Response {
    /// A response without body.
    pub(crate) fn empty(status_code: u16) -> Self {
        Self::plain(status_code, String::new())
    }

    /// Plain text that no browser can take for anything else.
    pub(crate) fn plain(status_code: u16, body: String) -> Self {
        let headers = BTreeMap::from([
            ("cache-control", "no-store"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("content-type", "text/plain; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
        ]);
        Self { status_code, headers, body, is_base64_encoded: false }
    }
}
