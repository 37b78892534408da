//! `$batch` on the wire (Graph page "JSON batching").

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cloud::Origins;
use crate::decode::{Row, is_image};
use crate::link::Foreign;
use crate::request::Parts;

#[derive(Serialize)]
pub(crate) struct Outgoing {
    pub(crate) requests: Vec<OutgoingItem>,
}

#[derive(Serialize)]
pub(crate) struct OutgoingItem {
    id: String,
    method: String,
    url: String,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    headers: HashMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

impl OutgoingItem {
    /// A call as an item. Its headers are those that the call would have on its own.
    pub(crate) fn new(id: usize, parts: &Parts, origins: &Origins) -> Result<Self, Foreign> {
        let mut headers = HashMap::new();
        if parts.advanced {
            headers.insert("ConsistencyLevel", "eventual");
        }
        if parts.search {
            headers.insert("Prefer", "legacySearch=false");
        }
        let body = parts.body.as_ref().and_then(|body| serde_json::from_slice::<Box<RawValue>>(body).ok());
        if body.is_some() {
            headers.insert("Content-Type", "application/json");
        }
        let url = parts.relative(origins)?;
        Ok(Self { id: id.to_string(), method: parts.method.to_string(), url, headers, body })
    }
}

#[derive(Deserialize)]
pub(crate) struct Incoming {
    responses: Vec<Row<IncomingItem>>,
}

#[derive(Deserialize)]
pub(crate) struct IncomingItem {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, Value>>,
    body: Option<Box<RawValue>>,
}

impl Incoming {
    /// The answers by the ids of their items. Their order means nothing.
    pub(crate) fn by_id(self) -> HashMap<String, IncomingItem> {
        Row::all(self.responses).into_iter().map(|item| (item.id.clone(), item)).collect()
    }
}

impl IncomingItem {
    /// The item as the answer that it would have been on its own; `None` if its status is none.
    pub(crate) fn into_response(self) -> Option<Response<Bytes>> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.unwrap_or_default() {
            // `Retry-After` was seen as a number as well as a string.
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        let is_image = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(is_image);
        let body = match self.body {
            // Bytes are a text in base64 here. What is none has no bytes, and so is no answer.
            Some(body) if is_image => serde_json::from_str(body.get()).ok().and_then(decoded).unwrap_or_default(),
            Some(body) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                Bytes::from(body.get().to_owned())
            }
            None => Bytes::new(),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).ok()?;
        *response.headers_mut() = headers;
        Some(response)
    }
}

/// Bytes from base64. Graph's documentation says that it is the alphabet for URLs, and answers have the other one.
fn decoded(text: String) -> Option<Bytes> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Option<Vec<u8>> {
        decoded(text.to_owned()).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        for text in ["//79Pg==", "//79Pg", "__79Pg==", "__79Pg"] {
            assert_eq!(body(text).as_deref(), Some(&[0xff, 0xfe, 0xfd, 0x3e][..]), "{text}");
        }
        assert_eq!((body("_/79Pg"), body("<html>")), (None, None));
    }
}
