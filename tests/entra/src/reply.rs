//! Answers, and how they go over the wire.

use bytes::Bytes;
use serde_json::Value;

/// An answer to one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How it goes over the wire.
    pub wire: Wire,
}

/// Departures from a clean transfer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    /// Milliseconds before the first byte of the head.
    pub delay_millis: u64,
    /// The body goes out in pieces of so many bytes, with so many milliseconds between.
    pub pace: Option<(usize, u64)>,
    /// The connection is reset after so many bytes of the answer, head included.
    pub reset_after: Option<usize>,
    /// The connection is reset after so many bytes of the body.
    pub reset_in_body: Option<usize>,
    /// A `Content-Length` that is not the body's.
    pub declared_length: Option<usize>,
    /// The transfer is chunked and never ends.
    pub endless: bool,
}

impl Reply {
    /// An answer without body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), wire: Wire::default() }
    }

    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json; charset=utf-8", body.to_string())
    }

    /// An answer of any type.
    pub(crate) fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::empty(status) }.header("content-type", content_type)
    }

    /// The same answer with one more header.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The first header of that name.
    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The same answer with a header replaced.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.header(name, value)
    }
}
