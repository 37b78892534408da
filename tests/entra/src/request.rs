//! Requests as the handlers see them.

use bytes::Bytes;
use http::{HeaderMap, Method};

/// One request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The path, split at its slashes and percent-decoded.
    pub segments: Vec<String>,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The query as sent.
    pub raw_query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Scheme and host by which the client came here.
    pub origin: String,
}

impl Request {
    /// Takes a request target (path and query) apart.
    pub(crate) fn new(method: Method, target: &str, headers: HeaderMap, body: Bytes, origin: String) -> Self {
        let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect();
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        Self { method, path: path.to_owned(), segments, query, raw_query: raw_query.to_owned(), headers, body, origin }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A query option; `OData` option names are compared without case.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Percent-decodes a text, such as a path segment. A plus stays a plus there.
pub(crate) fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            (*first == b'%').then(|| after.get(..2)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_split_and_decoded() {
        let request = Request::new(
            Method::GET,
            "/v1.0/users/a%20b+c%2Fd/%24ref?%24select=id&$filter=a%20eq%20'x%2By'",
            HeaderMap::new(),
            Bytes::new(),
            String::new(),
        );
        assert_eq!(request.segments, ["v1.0", "users", "a b+c/d", "$ref"]);
        assert_eq!(request.option("$select"), Some("id"));
        assert_eq!(request.option("$FILTER"), Some("a eq 'x+y'"));
    }
}
