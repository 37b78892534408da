//! A plain reading of JSON, written without a look at the parsers, to hold them against.

use serde_json::Value;
use uuid::Uuid;

/// Something personal or secret, as the samples have it.
pub const CANARY: &str = "CANARY";

/// A member that is there and not null.
#[must_use]
pub fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|member| !member.is_null())
}

/// A member that is an id.
#[must_use]
pub fn id(value: &Value, name: &str) -> Option<Uuid> {
    member(value, name)?.as_str()?.parse().ok()
}

/// Whether any member has a name like this, at any depth.
#[must_use]
pub fn has_name(value: &Value, part: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.contains(part) || has_name(value, part)),
        Value::Array(items) => items.iter().any(|value| has_name(value, part)),
        _ => false,
    }
}

/// The codes of a Graph error, from the outside in.
#[must_use]
pub fn error_codes(body: &Value) -> Vec<String> {
    let (mut codes, mut level) = (Vec::new(), body.get("error"));
    while let Some(error) = level {
        codes.extend(error.get("code").and_then(Value::as_str).map(str::to_owned));
        level = error.get("innerError").or_else(|| error.get("innererror"));
    }
    codes
}
