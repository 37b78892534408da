//! Objects as JSON, written straight into the body: a page of 999 people is made thousands of times in a test.

use super::query::Columns;
use crate::clock::iso;
use crate::directory::{Form, Kind, NULL, Object, Presence, Property, PropertyId, View};
use uuid::Uuid;

/// Which annotations an object gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Annotations {
    /// None.
    None,
    /// `@odata.type`.
    Type,
}

/// Writes an object with its opening brace and without its closing one.
pub(crate) fn open_object(
    out: &mut Vec<u8>,
    view: &View<'_>,
    object: &Object,
    columns: &Columns,
    annotations: Annotations,
) {
    let start = out.len() + 1;
    out.push(b'{');
    if annotations == Annotations::Type {
        write_type(out, object.kind);
    }
    if columns.id {
        comma(out, start);
        write_id(out, object.id);
    }
    for id in &columns.properties {
        if let Some(property) = object.kind.describe(*id) {
            comma(out, start);
            key(out, property.name);
            write_value(out, view, object, *id, property);
        }
    }
}

/// Writes a whole object.
pub(crate) fn write_object(
    out: &mut Vec<u8>,
    view: &View<'_>,
    object: &Object,
    columns: &Columns,
    annotations: Annotations,
) {
    open_object(out, view, object, columns, annotations);
    out.push(b'}');
}

/// Writes an object of a kind that the app may not read: type and id, the rest null.
pub(crate) fn write_limited(out: &mut Vec<u8>, object: &Object, columns: &Columns) {
    out.push(b'{');
    write_type(out, object.kind);
    out.push(b',');
    write_id(out, object.id);
    for property in columns.properties.iter().filter_map(|id| object.kind.describe(*id)) {
        out.push(b',');
        key(out, property.name);
        out.extend_from_slice(b"null");
    }
    out.push(b'}');
}

/// Writes the properties that were ever set, each with a comma before: what a delta row has. With a mask, only those.
pub(crate) fn write_known(out: &mut Vec<u8>, view: &View<'_>, object: &Object, columns: &Columns, mask: Option<u128>) {
    for id in &columns.properties {
        let Some(property) = object.kind.describe(*id) else { continue };
        let known = match property.form {
            Form::Created => true,
            Form::Deleted => false,
            _ => object.value(*id).is_some(),
        };
        if known && mask.is_none_or(|mask| mask & crate::directory::bit(*id) != 0) {
            out.push(b',');
            key(out, property.name);
            write_value(out, view, object, *id, property);
        }
    }
}

fn write_value(out: &mut Vec<u8>, view: &View<'_>, object: &Object, id: PropertyId, property: &Property) {
    match (property.form, object.presence) {
        (Form::Created, _) => return string(out, &iso(object.created)),
        (Form::Deleted, Presence::Deleted(at)) => return string(out, &iso(at)),
        (Form::Deleted, _) => return out.extend_from_slice(b"null"),
        // While a group is in the recycle bin it reports itself as not security-enabled.
        (Form::Bool, Presence::Deleted(_)) if property.name == "securityEnabled" => {
            return out.extend_from_slice(b"false");
        }
        _ => {}
    }
    let text =
        object.value(id).filter(|symbol| *symbol != NULL).and_then(|symbol| view.directory().texts().get(symbol));
    match (property.form, text) {
        (Form::List, None) => out.extend_from_slice(b"[]"),
        (_, None) => out.extend_from_slice(b"null"),
        (Form::Text, Some(text)) if is_mangled(object, property) => {
            string(out, &format!("{}{text}", object.id.simple()));
        }
        (Form::Text, Some(text)) => string(out, text),
        (_, Some(text)) => out.extend_from_slice(text.as_bytes()),
    }
}

/// In the recycle bin a userPrincipalName carries the object id, so that the name is free again.
fn is_mangled(object: &Object, property: &Property) -> bool {
    property.name == "userPrincipalName" && matches!(object.presence, Presence::Deleted(_))
}

/// Writes `"@odata.type":"#microsoft.graph.user"`.
pub(crate) fn write_type(out: &mut Vec<u8>, kind: Kind) {
    out.extend_from_slice(b"\"@odata.type\":\"#microsoft.graph.");
    out.extend_from_slice(kind.type_name().as_bytes());
    out.push(b'"');
}

/// Writes `"id":"…"`.
pub(crate) fn write_id(out: &mut Vec<u8>, id: Uuid) {
    out.extend_from_slice(b"\"id\":\"");
    out.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    out.push(b'"');
}

/// Writes a comma unless nothing was written since `start`.
pub(crate) fn comma(out: &mut Vec<u8>, start: usize) {
    if out.len() > start {
        out.push(b',');
    }
}

/// Writes a member name and its colon. Names have nothing to escape.
pub(crate) fn key(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Writes a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_only_where_needed() {
        let mut out = Vec::new();
        string(&mut out, "Zoë");
        string(&mut out, "O\"Hara\\\n");
        assert_eq!(String::from_utf8(out).unwrap(), r#""Zoë""O\"Hara\\\n""#);
    }
}
