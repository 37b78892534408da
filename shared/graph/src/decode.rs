//! From the bytes of a body to a value, telling "this is no answer" from "this answer breaks the contract".

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

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
    // The whole at once: text by text costs more than twice as much.
    let json = std::str::from_utf8(bytes).map_err(|_| Unread::NoAnswer)?;
    if is_array(bytes) {
        let is_json = serde_json::from_str::<IgnoredAny>(json).is_ok();
        return Err(if is_json { Unread::Broken("a list in place of an object".to_owned()) } else { Unread::NoAnswer });
    }
    serde_json::from_str(json).map_err(|error| why::<T>(json, &error))
}

/// Whether JSON is a list. A derived type would also be read from a list of its members' values, in their order.
pub(crate) fn is_array(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'[')
}

/// An object or a text inside of an answer. A list is refused, as [`is_array`] says why.
pub(crate) struct Row<T>(pub(crate) T);

impl<T> Row<T> {
    /// What is in the rows.
    pub(crate) fn all(rows: Vec<Self>) -> Vec<T> {
        rows.into_iter().map(|Self(row)| row).collect()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor(PhantomData)).map(Self)
    }
}

struct RowVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a text")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::deserialize(StrDeserializer::new(text))
    }
}

/// The first pass is without path tracking, because that costs time at every field. Only a failure is read twice.
fn why<T: DeserializeOwned>(json: &str, error: &serde_json::Error) -> Unread {
    if !error.is_data() || is_error_body(json) {
        return Unread::NoAnswer;
    }
    let mut again = serde_json::Deserializer::from_str(json);
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
fn is_error_body(json: &str) -> bool {
    #[derive(Deserialize)]
    struct ErrorBody {
        #[serde(rename = "error")]
        _error: IgnoredAny,
    }
    serde_json::from_str::<ErrorBody>(json).is_ok()
}

/// Reads nothing: the answer to a deletion, or to a `reauthorize`.
pub(crate) fn nothing(_: &Body<'_>) -> Result<(), Unread> {
    Ok(())
}

/// Reads the bytes of an image. Whether they are one is for the caller to see; that they are no page of a proxy and no error is
/// told by the media type.
pub(crate) fn image(body: &Body<'_>) -> Result<Bytes, Unread> {
    if body.bytes.is_empty() || !is_image(body.content_type) { Err(Unread::NoAnswer) } else { Ok(body.bytes.clone()) }
}

/// Whether a media type is that of an image, or says nothing.
pub(crate) fn is_image(content_type: &str) -> bool {
    let content_type = content_type.trim().to_ascii_lowercase();
    content_type.starts_with("image/") || content_type.starts_with("application/octet-stream")
}

/// Reads the plain number that a `/$count` segment answers.
pub(crate) fn count(body: &Body<'_>) -> Result<u64, Unread> {
    let bytes = body.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body.bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Unread::NoAnswer)?;
    text.trim().trim_matches('"').parse().map_err(|_| Unread::NoAnswer)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Named {
        #[serde(default)]
        id: Option<Uuid>,
    }

    #[test]
    fn an_object_and_a_text_are_rows_and_a_list_is_none() {
        let id = "\"00000000-0000-0000-0000-000000000001\"";
        assert_eq!(serde_json::from_str::<Row<Uuid>>(id).unwrap().0, Uuid::from_u128(1));
        let read = |text: String| serde_json::from_str::<Row<Named>>(&text).map(|Row(named)| named.id);
        assert_eq!(read(format!("{{\"id\":{id}}}")).unwrap(), Some(Uuid::from_u128(1)));
        assert!(read(format!("[{id}]")).is_err() && read("[]".to_owned()).is_err() && read("7".to_owned()).is_err());
    }
}
