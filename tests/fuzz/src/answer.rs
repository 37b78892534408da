//! HTTP answers as text: a status line, headers, an empty line, a body.
//!
//! Several of them, one after the other, are separated by a line of `%%%`. A text without a status line is the body of
//! a 200 with JSON.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

/// Stands between two answers.
pub(crate) const SEPARATOR: &[u8] = b"\n%%%\n";

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Reads one answer.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        Self::with_head(text).unwrap_or_else(|| Self::json(text.to_vec()))
    }

    /// Reads all answers.
    #[must_use]
    pub fn read_all(text: &[u8]) -> Vec<Self> {
        parts(text).map(Self::read).collect()
    }

    /// A 200 with JSON.
    #[must_use]
    pub fn json(body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status: StatusCode::OK, headers, body: body.into() }
    }

    fn with_head(text: &[u8]) -> Option<Self> {
        let mut rest = text.strip_prefix(b"HTTP/1.1 ")?;
        let status = StatusCode::from_bytes(line(&mut rest)).ok()?;
        let mut headers = HeaderMap::new();
        loop {
            let line = line(&mut rest);
            if line.is_empty() {
                return Some(Self { status, headers, body: Bytes::copy_from_slice(rest) });
            }
            let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or(line.len()));
            let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
    }

    /// As the client gets it.
    #[must_use]
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    /// A header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether it says that it is JSON, and a success.
    #[must_use]
    pub fn is_json_success(&self) -> bool {
        let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        self.status.is_success() && media_type.contains("json")
    }

    /// The body as JSON.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        let body = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body);
        serde_json::from_slice(body).ok()
    }
}

/// The answers of a text, unread.
pub(crate) fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        rest = end.and_then(|end| text.get(end + SEPARATOR.len()..));
        text.get(..end.unwrap_or(text.len()))
    })
}

/// Takes a line away from the beginning.
fn line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (line, after) = rest.split_at(end);
    *rest = after.strip_prefix(b"\n").unwrap_or(after);
    line.strip_suffix(b"\r").unwrap_or(line)
}
