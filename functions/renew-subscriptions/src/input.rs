//! What the scheduler sends.

use serde::Deserialize;

/// The input of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// The round.
    Renew {},
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_understood_and_anything_else_is_refused() {
        let sample = include_str!("../../../events/renew-subscriptions/renew.json");
        assert_eq!(serde_json::from_str::<Input>(sample).unwrap(), Input::Renew {});
        for text in ["{}", r#"{"job":"erase"}"#, r#"{"job":"renew","more":1}"#, "null"] {
            assert!(serde_json::from_str::<Input>(text).is_err(), "{text}");
        }
    }
}
