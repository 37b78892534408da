//! What a transaction writes, as `DynamoDB` reads it: the JSON of its low-level protocol.
//!
//! A first sync writes some hundred thousand items. To build each of them as a tree of the SDK's attribute values, to copy
//! the trees for each attempt, and to have them serialised took more than half of its CPU. So what is written is made as
//! text at once, and a transaction is sent again with the very same bytes. All else of a request stays the SDK's.
//!
//! Source: `DynamoDB`, "`DynamoDB` low-level API", "`AttributeValue`".

use aws_sdk_dynamodb::types::AttributeValue;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::ser::{Error as _, Serialize, Serializer};
use uuid::Uuid;

use crate::error::Error;
use crate::item::{self, MAX_ITEM, VERSION};
use crate::keys::{Item, Key};

/// An item as text, with its size as `DynamoDB` counts it, rounded up a little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemText {
    json: Vec<u8>,
    bytes: usize,
}

impl ItemText {
    /// The text of an item.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it has a value of a kind that the SDK does not know.
    pub(crate) fn of(kind: &'static str, item: &Item) -> Result<Self, Error> {
        let mut json = Vec::new();
        write(kind, &mut json, &Attributes(item))?;
        Ok(Self { json, bytes: item::size(item) })
    }

    /// The text of an item with this key, the version of the schema, and these attributes. The capacity is a guess at its
    /// length.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(crate) fn with(
        kind: &'static str,
        key: &Key,
        attributes: &[(&str, Attribute<'_>)],
        capacity: usize,
    ) -> Result<Self, Error> {
        let given = [
            ("pk", Attribute::Text(&key.pk)),
            ("sk", Attribute::Text(&key.sk)),
            ("v", Attribute::Number(VERSION.cast_signed())),
        ];
        let all = || given.iter().chain(attributes);
        let bytes = all().map(|(name, attribute)| name.len() + attribute.size()).sum();
        if bytes > MAX_ITEM {
            return Err(Error::TooLarge { item: kind, bytes });
        }
        let mut json = Vec::with_capacity(capacity);
        let written = serde_json::Serializer::new(&mut json).collect_map(all().map(|(name, value)| (name, value)));
        written.map_err(|error| unwritten(kind, &error))?;
        Ok(Self { json, bytes })
    }

    /// Its size in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The text.
    pub(crate) fn json(&self) -> &[u8] {
        &self.json
    }

    /// The item of a text.
    #[cfg(test)]
    pub(crate) fn item(&self) -> Item {
        tests::item(&self.json)
    }

    /// Whether it has this key.
    #[cfg(test)]
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        let item = self.item();
        key.item().into_iter().all(|(name, value)| item.get(&name) == Some(&value))
    }
}

/// Writes a value as JSON.
///
/// # Errors
/// [`Error::Corrupt`] when there is an attribute of a kind that the SDK does not know.
pub(crate) fn write<T: Serialize + ?Sized>(kind: &'static str, json: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    serde_json::to_writer(json, value).map_err(|error| unwritten(kind, &error))
}

fn unwritten(kind: &'static str, error: &serde_json::Error) -> Error {
    Error::Corrupt { item: kind, what: error.to_string() }
}

/// An attribute that borrows what it can: for what is written in great numbers.
#[derive(Clone, Debug)]
pub(crate) enum Attribute<'a> {
    /// A text.
    Text(&'a str),
    /// An id, as a text.
    Id(Uuid),
    /// A time, as a text.
    Time(Timestamp),
    /// A number.
    Number(i64),
    /// A truth value.
    Bool(bool),
    /// Bytes.
    Binary(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A map of texts.
    Texts(Vec<(&'a str, &'a str)>),
}

impl Attribute<'_> {
    /// The same as a value of the SDK.
    pub(crate) fn value(&self) -> AttributeValue {
        match self {
            Self::Text(text) => item::text(*text),
            Self::Id(id) => item::text(id.to_string()),
            Self::Time(time) => item::text(time.to_string()),
            Self::Number(number) => AttributeValue::N(number.to_string()),
            Self::Bool(boolean) => AttributeValue::Bool(*boolean),
            Self::Binary(bytes) => item::binary(bytes.clone()),
            Self::List(values) => AttributeValue::L(values.iter().map(Self::value).collect()),
            Self::Texts(texts) => {
                let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), item::text(*text)));
                AttributeValue::M(texts.collect())
            }
        }
    }

    /// Its size in bytes as `DynamoDB` counts it, or a little more.
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Id(_) => uuid::fmt::Hyphenated::LENGTH,
            // With nine decimals.
            Self::Time(_) => 30,
            // Nineteen digits, of which two make a byte, and a sign.
            Self::Number(_) => 12,
            Self::Bool(_) => 1,
            Self::Binary(bytes) => bytes.len(),
            Self::List(values) => 3 + values.iter().map(|value| 1 + value.size()).sum::<usize>(),
            Self::Texts(texts) => 3 + texts.iter().map(|(name, text)| 1 + name.len() + text.len()).sum::<usize>(),
        }
    }
}

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => tagged(serializer, "S", *text),
            Self::Id(id) => tagged(serializer, "S", id),
            Self::Time(time) => tagged(serializer, "S", time),
            Self::Number(number) => tagged(serializer, "N", &number.to_string()),
            Self::Bool(boolean) => tagged(serializer, "BOOL", boolean),
            Self::Binary(bytes) => tagged(serializer, "B", &Base64(bytes)),
            Self::List(values) => tagged(serializer, "L", values),
            Self::Texts(texts) => tagged(serializer, "M", &Texts(texts)),
        }
    }
}

/// The SDK's attributes: of an item, of a key, or the values of an expression.
pub(crate) struct Attributes<'a>(pub(crate) &'a Item);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Value(value))))
    }
}

struct Value<'a>(&'a AttributeValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::S(text) => tagged(serializer, "S", text),
            AttributeValue::N(digits) => tagged(serializer, "N", digits),
            AttributeValue::B(bytes) => tagged(serializer, "B", &Base64(bytes.as_ref())),
            AttributeValue::Bool(boolean) => tagged(serializer, "BOOL", boolean),
            AttributeValue::Null(null) => tagged(serializer, "NULL", null),
            AttributeValue::Ss(texts) => tagged(serializer, "SS", texts),
            AttributeValue::Ns(digits) => tagged(serializer, "NS", digits),
            AttributeValue::Bs(blobs) => {
                tagged(serializer, "BS", &blobs.iter().map(|blob| Base64(blob.as_ref())).collect::<Vec<_>>())
            }
            AttributeValue::L(values) => tagged(serializer, "L", &values.iter().map(Value).collect::<Vec<_>>()),
            AttributeValue::M(members) => tagged(serializer, "M", &Attributes(members)),
            _ => Err(S::Error::custom("a value of a kind that nobody knows")),
        }
    }
}

/// A value with the tag of its kind.
fn tagged<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    tag: &'static str,
    value: &T,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_variant("AttributeValue", 0, tag, value)
}

struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

struct Texts<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, Attribute::Text(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{binary, size};
    use base64::Engine as _;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Reads an item as a peer does that knows only the documentation of the protocol.
    pub(super) fn item(json: &[u8]) -> Item {
        let Value::Object(members) = serde_json::from_slice(json).unwrap() else { panic!("no object") };
        members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
    }

    fn attribute(value: &Value) -> AttributeValue {
        let (tag, value) = value.as_object().unwrap().iter().next().unwrap();
        let string = |value: &Value| value.as_str().unwrap().to_owned();
        let blob = |value: &Value| aws_sdk_dynamodb::primitives::Blob::new(STANDARD.decode(string(value)).unwrap());
        let array = || value.as_array().unwrap().iter();
        match tag.as_str() {
            "S" => AttributeValue::S(string(value)),
            "N" => AttributeValue::N(string(value)),
            "B" => AttributeValue::B(blob(value)),
            "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
            "NULL" => AttributeValue::Null(value.as_bool().unwrap()),
            "SS" => AttributeValue::Ss(array().map(string).collect()),
            "NS" => AttributeValue::Ns(array().map(string).collect()),
            "BS" => AttributeValue::Bs(array().map(blob).collect()),
            "L" => AttributeValue::L(array().map(attribute).collect()),
            "M" => AttributeValue::M(item(value.to_string().as_bytes())),
            other => panic!("{other}"),
        }
    }

    fn any_value() -> impl Strategy<Value = AttributeValue> {
        let texts = || proptest::collection::vec(".{0,8}", 1..4);
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        let leaf = prop_oneof![
            ".{0,40}".prop_map(AttributeValue::S),
            any::<i64>().prop_map(|number| AttributeValue::N(number.to_string())),
            bytes().prop_map(binary),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::Null(true)),
            texts().prop_map(AttributeValue::Ss),
            Just(AttributeValue::Ns(vec!["1".to_owned(), "-2.5".to_owned()])),
            proptest::collection::vec(bytes().prop_map(aws_sdk_dynamodb::primitives::Blob::new), 1..3)
                .prop_map(AttributeValue::Bs),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
                proptest::collection::hash_map(".{0,6}", inner, 0..4).prop_map(AttributeValue::M),
            ]
        })
    }

    fn key() -> Key {
        Key::connection(rollcall_directory::identity::ConnectionId(uuid::Uuid::from_u128(1)))
    }

    proptest! {
        #[test]
        fn every_item_comes_back_from_its_text(item in proptest::collection::hash_map(".{1,8}", any_value(), 0..5)) {
            let text = ItemText::of("sample", &item).unwrap();
            prop_assert_eq!(text.bytes(), size(&item));
            prop_assert_eq!(text.item(), item);
        }

        #[test]
        fn attributes_that_borrow_give_the_same_item(
            (free, yes, count) in (".{0,40}", any::<bool>(), any::<i64>()),
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            ids in proptest::collection::vec(any::<u128>().prop_map(Uuid::from_u128), 0..4),
            members in proptest::collection::hash_map(".{1,8}", ".{0,8}", 0..4),
        ) {
            let members = members.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let attributes = [
                ("text", Attribute::Text(&free)),
                ("id", Attribute::Id(Uuid::nil())),
                ("time", Attribute::Time(Timestamp::UNIX_EPOCH)),
                ("number", Attribute::Number(count)),
                ("bool", Attribute::Bool(yes)),
                ("binary", Attribute::Binary(bytes)),
                ("list", Attribute::List(ids.into_iter().map(Attribute::Id).collect())),
                ("texts", Attribute::Texts(members)),
            ];
            let written = ItemText::with("sample", &key(), &attributes, 0).unwrap();
            let mut item = key().item();
            item.insert("v".to_owned(), item::number(VERSION));
            item.extend(attributes.iter().map(|(name, attribute)| ((*name).to_owned(), attribute.value())));
            prop_assert!(written.bytes() >= size(&item));
            prop_assert_eq!(written.item(), item);
        }
    }

    #[test]
    fn an_item_that_is_too_large_is_an_error() {
        let long = "x".repeat(MAX_ITEM);
        let written = ItemText::with("sample", &key(), &[("long", Attribute::Text(&long))], 0);
        assert!(matches!(written, Err(Error::TooLarge { item: "sample", .. })));
    }
}
