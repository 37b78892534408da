//! Values of attributes, as the JSON protocol writes them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::Refusal;

/// A value with its type. Source: `DynamoDB` API reference, "`AttributeValue`".
///
/// Binary values stay in their base64 form: nothing is computed with them, and equal bytes have equal texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// A text.
    S(String),
    /// A number, in the digits in which it was sent.
    N(String),
    /// Bytes, in base64.
    B(String),
    /// True or false.
    #[serde(rename = "BOOL")]
    Bool(bool),
    /// Nothing.
    #[serde(rename = "NULL")]
    Null(bool),
    /// A list.
    L(Vec<Value>),
    /// A map.
    M(Item),
    /// A set of texts.
    #[serde(rename = "SS")]
    Texts(BTreeSet<String>),
    /// A set of numbers.
    #[serde(rename = "NS")]
    Numbers(BTreeSet<String>),
    /// A set of byte strings.
    #[serde(rename = "BS")]
    Binaries(BTreeSet<String>),
}

/// An item, or a map in one.
pub type Item = BTreeMap<String, Value>;

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::S(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    #[must_use]
    pub fn whole(&self) -> Option<i128> {
        match self {
            Self::N(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The name of the type as `attribute_type` knows it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Bool(_) => "BOOL",
            Self::Null(_) => "NULL",
            Self::L(_) => "L",
            Self::M(_) => "M",
            Self::Texts(_) => "SS",
            Self::Numbers(_) => "NS",
            Self::Binaries(_) => "BS",
        }
    }

    /// Bytes as `DynamoDB` counts them. Source: "Item sizes and formats".
    pub(super) fn size(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(digits) => number_size(digits),
            Self::B(text) => bytes_of(text),
            Self::Bool(_) | Self::Null(_) => 1,
            Self::L(values) => 3 + values.iter().map(|value| 1 + value.size()).sum::<usize>(),
            Self::M(values) => 3 + values.iter().map(|(name, value)| 1 + name.len() + value.size()).sum::<usize>(),
            Self::Texts(texts) => texts.iter().map(String::len).sum(),
            Self::Numbers(numbers) => numbers.iter().map(|digits| number_size(digits)).sum(),
            Self::Binaries(texts) => texts.iter().map(|text| bytes_of(text)).sum(),
        }
    }

    /// Checks what the service checks of every value that it is sent, and brings numbers into their usual form.
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        Ok(match self {
            Self::N(digits) => Self::N(usual(&digits)?),
            Self::L(values) => Self::L(values.into_iter().map(Self::checked).collect::<Result<_, _>>()?),
            Self::M(values) => Self::M(checked_item(values)?),
            Self::Numbers(numbers) => {
                Self::Numbers(numbers.iter().map(|digits| usual(digits)).collect::<Result<_, _>>()?)
            }
            Self::Texts(texts) if texts.is_empty() => return Err(empty_set("string")),
            Self::Binaries(texts) if texts.is_empty() => return Err(empty_set("binary")),
            other => other,
        })
    }

    /// How two values of one type compare; nothing for others.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::S(one), Self::S(two)) => Some(one.as_bytes().cmp(two.as_bytes())),
            (Self::N(_), Self::N(_)) => match (self.whole(), other.whole()) {
                (Some(one), Some(two)) => Some(one.cmp(&two)),
                _ => self.decimal()?.partial_cmp(&other.decimal()?),
            },
            (Self::B(one), Self::B(two)) => Some(one.cmp(two)),
            _ => None,
        }
    }

    fn decimal(&self) -> Option<f64> {
        match self {
            Self::N(digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

/// Every value of an item, checked.
pub(super) fn checked_item(item: Item) -> Result<Item, Refusal> {
    item.into_iter().map(|(name, value)| Ok((name, value.checked()?))).collect()
}

/// The size of an item: names and values.
pub(super) fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size()).sum()
}

fn empty_set(kind: &str) -> Refusal {
    Refusal::validation(format!("One or more parameter values were invalid: An {kind} set may not be empty"))
}

/// A number without leading zeros, plus sign or a fraction of zeros.
fn usual(digits: &str) -> Result<String, Refusal> {
    let refused = || Refusal::validation(format!("The parameter cannot be converted to a numeric value: {digits}"));
    if let Ok(whole) = digits.parse::<i128>() {
        return Ok(whole.to_string());
    }
    let decimal: f64 = digits.parse().map_err(|_| refused())?;
    if !decimal.is_finite() {
        return Err(refused());
    }
    let text = decimal.to_string();
    Ok(text)
}

fn number_size(digits: &str) -> usize {
    let significant = digits.trim_start_matches('-').trim_matches('0').len();
    significant.div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
}

fn bytes_of(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}
