//! From the bytes of a body to a value, telling "this is no answer" from "this answer breaks the contract".

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::cloud::Origins;

/// A body with what is needed to judge it.
pub(crate) struct Body<'a> {
    pub(crate) content_type: &'a str,
    pub(crate) bytes: &'a Bytes,
    pub(crate) origins: &'a Origins,
}

/// Why a body gave no value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is no answer of Graph at all. Another attempt may bring one.
    NoAnswer,
    /// It is an answer, and it breaks the contract. Names the rule or the field's path, never a value.
    Broken(String),
    /// It contains a page link that leads elsewhere.
    Foreign,
}

/// Reads a JSON body. A byte order mark is dropped, unknown fields are ignored.
pub(crate) fn json<T: DeserializeOwned>(body: &Body<'_>) -> Result<T, Unread> {
    if !body.content_type.to_ascii_lowercase().contains("json") {
        return Err(Unread::NoAnswer);
    }
    let bytes = body.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body.bytes);
    serde_json::from_slice(bytes).map_err(|error| why::<T>(bytes, &error))
}

/// The first pass is without path tracking, because that costs time at every field. Only a failure is read twice.
fn why<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Unread {
    if !error.is_data() || is_error_body(bytes) {
        return Unread::NoAnswer;
    }
    let mut again = serde_json::Deserializer::from_slice(bytes);
    let what = match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Ok(_) => "a value of the wrong type".to_owned(),
        Err(error) => format!("{}: {}", error.path(), without_values(error.inner())),
    };
    Unread::Broken(what)
}

/// `serde_json`'s messages quote the data, except for those that name a field of ours.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !text.starts_with("missing field `") && !text.starts_with("duplicate field `") {
        return "a value of the wrong type".to_owned();
    }
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Graph was seen to answer 200 with an error object.
fn is_error_body(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct ErrorBody {
        #[serde(rename = "error")]
        _error: IgnoredAny,
    }
    serde_json::from_slice::<ErrorBody>(bytes).is_ok()
}

/// Reads nothing: the answer to a deletion, or to a `reauthorize`.
pub(crate) fn nothing(_: &Body<'_>) -> Result<(), Unread> {
    Ok(())
}

/// Reads the plain number that a `/$count` segment answers.
pub(crate) fn count(body: &Body<'_>) -> Result<u64, Unread> {
    let bytes = body.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body.bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Unread::NoAnswer)?;
    text.trim().trim_matches('"').parse().map_err(|_| Unread::NoAnswer)
}
