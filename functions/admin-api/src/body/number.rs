//! Whole numbers. JSON knows only one kind of number, so that 6 and 6.0 are the same.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// The largest whole number that JSON carries without loss everywhere (RFC 8259, section 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// A whole number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
        u64::try_from(number).map(Whole).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
        if number.fract() != 0.0 || !(0.0..=LARGEST).contains(&number) {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        // Written without fraction and sign (there is a zero with one), it is an integer.
        format!("{:.0}", number.abs()).parse().map(Whole).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_nothing() {
        let read = |text: &str| serde_json::from_str::<Whole>(text).ok().map(|Whole(number)| number);
        for (text, number) in [("6", 6), ("6.0", 6), ("6e0", 6), ("0", 0), ("-0.0", 0), ("1e6", 1_000_000)] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        for text in ["-1", "6.5", "1e300", "true", "\"6\"", "null", "[]"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
