//! Graph's error body.

use serde_json::Value;

/// A limit for a text that the other side chose.
const LONGEST_CODE: usize = 64;
/// Deeper nesting of `innerError` was never seen.
const DEEPEST: usize = 8;

/// The codes of an error body from the outside in; the messages are never read (Graph page "Error responses").
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GraphError {
    codes: Vec<String>,
}

impl GraphError {
    /// Reads a body. Anything that is no Graph error has no codes.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut codes = Vec::new();
        let mut level = body.get("error");
        while let Some(error) = level.filter(|_| codes.len() < DEEPEST) {
            codes.push(error.get("code").and_then(Value::as_str).map(safe_code).unwrap_or_default());
            level = error.get("innerError").or_else(|| error.get("innererror"));
        }
        codes.retain(|code| !code.is_empty());
        Self { codes }
    }

    /// Whether it is an error that Graph itself wrote.
    pub(crate) fn is_from_graph(&self) -> bool {
        !self.codes.is_empty()
    }

    /// The outermost code.
    pub(crate) fn code(&self) -> String {
        self.codes.first().cloned().unwrap_or_else(|| "no error code".to_owned())
    }

    /// Whether a code stands anywhere in it. Case is not relied on.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own.eq_ignore_ascii_case(code))
    }
}

/// A code as it may stand in a log: word characters only, and not many.
pub(crate) fn safe_code(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).take(LONGEST_CODE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> GraphError {
        GraphError::parse(text.as_bytes())
    }

    #[test]
    fn codes_are_read_at_every_depth_and_in_both_spellings() {
        let error = parse(
            r#"{"error":{"code":"BadRequest","message":"m","innererror":{"code":"a","innerError":{"code":"syncStateNotFound"}}}}"#,
        );
        assert_eq!(error.code(), "BadRequest");
        assert!(error.has("SyncStateNotFound") && error.has("a") && !error.has("m"));
    }

    #[test]
    fn what_is_no_graph_error_has_no_codes() {
        for body in ["", "<html>", "[]", "{}", r#"{"error":"x"}"#, r#"{"error":{"code":7}}"#, r#"{"error":null}"#] {
            assert!(!parse(body).is_from_graph(), "{body}");
        }
    }

    #[test]
    fn a_code_cannot_smuggle_text_into_a_log() {
        let error = parse(r#"{"error":{"code":"Evil\n{\"level\":\"error\"}"}}"#);
        assert_eq!(error.code(), "Evillevelerror");
    }
}
