//! The `Retry-After` header (RFC 9110 §10.2.3), as Graph really sends it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The shortest pause that a `Retry-After` leads to.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause that a `Retry-After` leads to. A longer wish is not believed.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Reads whole seconds, decimal seconds (Graph sends `2.128`) or an HTTP date, and clamps the pause to 1 s…15 min.
/// `None` for anything else, which then counts as a missing header.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let pause = match seconds(value) {
        Some(pause) => pause,
        None => until_date(value, now)?,
    };
    Some(pause.clamp(SHORTEST, LONGEST))
}

/// Digits with at most one dot. `f64` alone would also take signs, exponents and `inf`.
fn seconds(value: &str) -> Option<Duration> {
    let plain =
        value.starts_with(|c: char| c.is_ascii_digit()) && value.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = plain.then(|| value.parse::<f64>().ok()).flatten()?;
    Some(Duration::try_from_secs_f64(number).unwrap_or(LONGEST))
}

fn until_date(value: &str, now: Timestamp) -> Option<Duration> {
    static PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    let date = PARSER.parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Option<Duration> {
        parse(text, "1994-11-06T08:49:30Z".parse().unwrap())
    }

    #[test]
    fn seconds_decimals_and_dates_are_read() {
        assert_eq!(at("7"), Some(Duration::from_secs(7)));
        assert_eq!(at(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(at("2.128"), Some(Duration::from_millis(2128)));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
    }

    #[test]
    fn the_pause_is_clamped() {
        for short in ["0", "0.01", "Sun, 06 Nov 1994 08:49:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(at(short), Some(SHORTEST), "{short}");
        }
        for long in ["999999", "99999999999999999999999999", "Sun, 06 Nov 2994 08:49:37 GMT"] {
            assert_eq!(at(long), Some(LONGEST), "{long}");
        }
    }

    #[test]
    fn garbage_counts_as_missing() {
        for bad in ["", "-1", "+1", "1e3", "inf", "NaN", "soon", "1.2.3", ".", "7 s", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_pause_within_the_limits_or_none(text in "\\PC*") {
            if let Some(pause) = at(&text) {
                prop_assert!((SHORTEST..=LONGEST).contains(&pause));
            }
        }

        #[test]
        fn any_number_of_seconds_is_read(number in 0.0f64..2000.0) {
            let expected = Duration::from_secs_f64(number).clamp(SHORTEST, LONGEST);
            prop_assert_eq!(at(&format!("{number}")), Some(expected));
        }

        #[test]
        fn any_date_is_read(ahead in -100_000i64..100_000) {
            let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
            let date = now + jiff::SignedDuration::from_secs(ahead);
            let text = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let expected = Duration::from_secs(u64::try_from(ahead).unwrap_or(0)).clamp(SHORTEST, LONGEST);
            prop_assert_eq!(parse(&text, now), Some(expected));
        }
    }
}
