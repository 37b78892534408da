//! From types to items and back: schema version, sizes, and reading what may be damaged.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::keys::{Item, Key};

/// The schema version that this code writes. One back and one ahead are read, so that two
/// releases can work side by side while one replaces the other.
pub(crate) const VERSION: u64 = 1;

/// An item may have 400 KB with names and values (`DynamoDB`, "Quotas"). Some room is left for
/// keys and for counting a little differently.
pub(crate) const MAX_ITEM: usize = 390_000;

/// An item made from a serialisable value.
pub(crate) fn to_item<T: Serialize>(kind: &'static str, key: &Key, value: &T) -> Result<Item, Error> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|error| Error::Corrupt { item: kind, what: error.to_string() })?;
    item.extend(key.item());
    item.insert("v".to_owned(), number(VERSION));
    within_limit(kind, item)
}

/// The item, if it is not too large.
pub(crate) fn within_limit(kind: &'static str, item: Item) -> Result<Item, Error> {
    let bytes = size(&item);
    if bytes > MAX_ITEM { Err(Error::TooLarge { item: kind, bytes }) } else { Ok(item) }
}

/// The value of an item. Attributes that are not known are left alone.
pub(crate) fn from_item<T: DeserializeOwned>(kind: &'static str, item: Item) -> Result<T, Error> {
    check_version(kind, &item)?;
    if !item.values().all(is_known) {
        return Err(Error::Corrupt { item: kind, what: "a value of a kind that nobody knows".to_owned() });
    }
    serde_dynamo::from_item(item)
        .map_err(|error: serde_dynamo::Error| Error::Corrupt { item: kind, what: without_values(&error.to_string()) })
}

/// Whether a value is of a kind that the SDK knows. The conversion to our types would panic over another one.
fn is_known(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::L(values) => values.iter().all(is_known),
        AttributeValue::M(members) => members.values().all(is_known),
        other => !other.is_unknown(),
    }
}

/// An error's text up to where it begins to quote what it read. The name of a field that is ours, and is not there or there
/// twice, is in backticks and stays; an unknown word stands in them too.
fn without_values(text: &str) -> String {
    let names_a_field = ["missing field `", "duplicate field `"].iter().any(|start| text.starts_with(start));
    let quotes: &[char] = if names_a_field { &['"', '\''] } else { &['"', '\'', '`'] };
    text.split(quotes).next().unwrap_or_default().trim_end().to_owned()
}

/// Whether the item is of a version that this code reads.
pub(crate) fn check_version(kind: &'static str, item: &Item) -> Result<(), Error> {
    let found = read_u64(kind, item, "v")?;
    if found.abs_diff(VERSION) <= 1 { Ok(()) } else { Err(Error::Schema { item: kind, found }) }
}

/// Sets the time to live.
pub(crate) fn expire(item: &mut Item, at: Timestamp) {
    item.insert("expires_at".to_owned(), AttributeValue::N(at.as_second().to_string()));
}

/// Whether the item's time is over. `DynamoDB` deletes such items days later.
pub(crate) fn is_expired(item: &Item, now: Timestamp) -> bool {
    let at = item.get("expires_at").and_then(|value| value.as_n().ok()).and_then(|text| text.parse::<i64>().ok());
    at.is_some_and(|at| at <= now.as_second())
}

/// A number attribute.
pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A binary attribute.
pub(crate) fn binary(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value.into()))
}

/// Reads a number.
pub(crate) fn read_u64(kind: &'static str, item: &Item, name: &'static str) -> Result<u64, Error> {
    let value = item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    value.ok_or_else(|| missing(kind, name))
}

/// Reads a text.
pub(crate) fn read_text<'a>(kind: &'static str, item: &'a Item, name: &'static str) -> Result<&'a str, Error> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or_else(|| missing(kind, name))
}

/// Reads bytes.
pub(crate) fn read_binary<'a>(kind: &'static str, item: &'a Item, name: &'static str) -> Result<&'a [u8], Error> {
    item.get(name).and_then(|value| value.as_b().ok()).map(AsRef::as_ref).ok_or_else(|| missing(kind, name))
}

/// Reads an id from a text, or from the part of a key behind a prefix.
pub(crate) fn read_id<T: std::str::FromStr>(
    kind: &'static str,
    item: &Item,
    name: &'static str,
    prefix: &str,
) -> Result<T, Error> {
    let id = read_text(kind, item, name)?.strip_prefix(prefix).and_then(|text| text.parse().ok());
    id.ok_or_else(|| missing(kind, name))
}

fn missing(kind: &'static str, name: &str) -> Error {
    Error::Corrupt { item: kind, what: format!("attribute {name} is missing or of a wrong kind") }
}

/// The size of an item as `DynamoDB` counts it, rounded up a little.
/// Source: `DynamoDB`, "Item sizes and formats".
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() / 2 + 2,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + value_size(value)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use uuid::Uuid;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
    }

    fn key() -> Key {
        Key::connection(rollcall_directory::identity::ConnectionId(Uuid::from_u128(1)))
    }

    fn sample(version: u64) -> Item {
        let mut item = to_item("sample", &key(), &Sample { name: "x".to_owned() }).unwrap();
        item.insert("v".to_owned(), number(version));
        item
    }

    #[test]
    fn one_version_back_and_one_ahead_are_read_and_others_are_not() {
        for version in 0..=2 {
            assert_eq!(from_item::<Sample>("sample", sample(version)).unwrap().name, "x");
        }
        assert!(matches!(from_item::<Sample>("sample", sample(3)), Err(Error::Schema { found: 3, .. })));
    }

    #[test]
    fn attributes_of_a_newer_version_are_left_alone() {
        let mut item = sample(2);
        item.insert("novel".to_owned(), text("y"));
        assert_eq!(from_item::<Sample>("sample", item).unwrap().name, "x");
    }

    #[test]
    fn a_damaged_item_is_an_error_that_shows_no_value() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Other {
            name: u64,
            more: Option<Timestamp>,
            word: Option<Word>,
        }
        #[derive(Debug, Deserialize)]
        enum Word {
            Yes,
        }
        let mut item = sample(1);
        item.insert("name".to_owned(), text("canary"));
        let error = from_item::<Other>("sample", item.clone()).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }));
        assert!(!error.to_string().contains("canary"), "{error}");
        item.insert("name".to_owned(), number(1));
        item.insert("more".to_owned(), text("canary"));
        let error = from_item::<Other>("sample", item.clone()).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
        item.remove("more");
        for (name, value) in [
            ("name", AttributeValue::N("canary".to_owned())),
            ("word", text("canary")),
            ("word", AttributeValue::M(Item::from([("canary".to_owned(), number(1))]))),
        ] {
            let item = Item::from_iter(item.clone().into_iter().chain([(name.to_owned(), value)]));
            let error = from_item::<Other>("sample", item).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        item.remove("name");
        let error = from_item::<Other>("sample", item).unwrap_err();
        assert!(error.to_string().contains("`name`"), "{error}");
    }

    #[test]
    fn an_item_that_is_too_large_is_not_even_sent() {
        let value = Sample { name: "x".repeat(MAX_ITEM) };
        assert!(matches!(to_item("sample", &key(), &value), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn an_expired_item_counts_as_gone_before_it_is_deleted() {
        let mut item = sample(1);
        assert!(!is_expired(&item, Timestamp::UNIX_EPOCH));
        expire(&mut item, Timestamp::UNIX_EPOCH);
        assert!(is_expired(&item, Timestamp::UNIX_EPOCH));
    }
}
