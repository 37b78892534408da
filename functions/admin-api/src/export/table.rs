//! The columns of exported lists. A cell is found in the object that the list's JSON shows, so that both forms agree.

use std::sync::LazyLock;

use rollcall_directory::property::Property;
use serde_json::Value;

use super::csv::line;

/// The columns of a list.
#[derive(Debug)]
pub(crate) struct Table {
    /// The array of which each element is a line of its own; an object without any has one line.
    each: Option<&'static str>,
    columns: Vec<Column>,
    /// An object; its members that have no column are together in the last cell, as JSON.
    rest: Option<&'static str>,
}

/// The name of the column of [`Table::rest`].
const REST: &str = "other_attributes";

#[derive(Debug)]
struct Column {
    name: String,
    /// JSON pointers (RFC 6901); the first that leads to something holds. From the element of [`Table::each`] those that
    /// begin with `*`, from the object the others.
    from: Vec<String>,
}

impl Table {
    /// The names of the columns, as a line.
    pub(super) fn head(&self) -> String {
        line(self.columns.iter().map(|column| column.name.as_str()).chain(self.rest.map(|_| REST)))
    }

    /// The lines of an object.
    pub(super) fn lines(&self, object: &Value) -> String {
        let parts = self.each.and_then(|each| object.pointer(each)).and_then(Value::as_array).map(Vec::as_slice);
        match parts {
            Some(parts) if !parts.is_empty() => parts.iter().map(|part| self.line(object, part)).collect(),
            _ => self.line(object, &Value::Null),
        }
    }

    fn rest(&self, object: Option<&Value>) -> String {
        let Some(members) = object.and_then(Value::as_object) else { return String::new() };
        let mut rest = members.clone();
        rest.retain(|name, _| self.columns.iter().all(|column| column.name != *name));
        if rest.is_empty() { String::new() } else { Value::Object(rest).to_string() }
    }

    fn line(&self, object: &Value, part: &Value) -> String {
        let find = |pointer: &String| match pointer.strip_prefix('*') {
            Some(pointer) => part.pointer(pointer),
            None => object.pointer(pointer),
        };
        let cell = |column: &Column| column.from.iter().find_map(find).map(text).unwrap_or_default();
        let rest = self.rest.map(|rest| self.rest(object.pointer(rest)));
        let cells: Vec<String> = self.columns.iter().map(cell).chain(rest).collect();
        line(cells.iter().map(String::as_str))
    }
}

/// A value as a cell: texts as they are, lists with spaces between.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn columns(all: &[(&str, &[&str])]) -> Vec<Column> {
    let column = |(name, from): &(&str, &[&str])| Column {
        name: (*name).to_owned(),
        from: from.iter().map(|pointer| (*pointer).to_owned()).collect(),
    };
    all.iter().map(column).collect()
}

/// What a run changed: a line for each field of each change.
pub(crate) static CHANGES: LazyLock<Table> = LazyLock::new(|| Table {
    each: Some("/fields"),
    rest: None,
    columns: columns(&[
        ("object", &["/object"]),
        ("id", &["/user", "/team", "/id"]),
        ("person", &["/person"]),
        ("group", &["*/group", "/group"]),
        ("manager", &["/manager"]),
        ("name", &["/name"]),
        ("action", &["/action"]),
        ("reasons", &["/reasons"]),
        ("field", &["*/field"]),
        ("before", &["*/before", "/name_before"]),
        ("after", &["*/after", "/name_after"]),
    ]),
});

/// Accounts. Attributes without a column of their own are together in the last one, as JSON.
pub(crate) static USERS: LazyLock<Table> = LazyLock::new(|| {
    let before = columns(&[
        ("id", &["/id"]),
        ("person", &["/person"]),
        ("status", &["/status"]),
        ("reason", &["/reason"]),
        ("inactive_since", &["/inactive_since"]),
    ]);
    let attribute = |property: &Property| Column {
        name: property.name().to_owned(),
        from: vec![format!("/attributes/{}", property.name())],
    };
    let after = columns(&[
        ("origin", &["/origin"]),
        ("linked_account", &["/linked_account"]),
        ("protected", &["/protected"]),
        ("email", &["/email"]),
        ("language", &["/language"]),
        ("manager", &["/manager"]),
        ("teams", &["/teams"]),
        ("reports_to", &["/reports_to"]),
        ("photo", &["/photo/digest"]),
        ("created_at", &["/created_at"]),
        ("updated_at", &["/updated_at"]),
    ]);
    let columns = before.into_iter().chain(Property::FIXED.iter().map(attribute)).chain(after).collect();
    Table { each: None, columns, rest: Some("/attributes") }
});

/// What a hold would take, a line for each loss.
pub(crate) static REMOVALS: LazyLock<Table> = LazyLock::new(|| Table {
    each: None,
    rest: None,
    columns: columns(&[
        ("person", &["/person"]),
        ("name", &["/name"]),
        ("user_principal_name", &["/user_principal_name"]),
        ("loss", &["/loss/kind"]),
        ("reason", &["/loss/reason"]),
        ("group", &["/loss/group"]),
        ("attribute", &["/loss/attribute"]),
    ]),
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::csv::tests::parse;
    use super::*;

    #[test]
    fn each_field_of_a_change_has_a_line_and_a_change_without_fields_too() {
        let user = json!({"object": "user", "user": "u", "person": "p", "action": "updated", "fields": [
            {"field": "city", "before": "Ulm", "after": "=Bonn"}, {"field": "team", "group": "g", "after": "g"}]});
        let team = json!({"object": "team", "team": "t", "manager": "m", "action": "renamed", "name_before": "A", "name_after": "B"});
        let bare = json!({"object": "user", "user": "u", "person": "p", "action": "reactivated", "fields": []});
        let skipped = json!({"object": "skipped", "id": "s", "person": "p", "name": "Ann", "action": "skipped",
            "reasons": ["surname", "email"], "problem": {"kind": "lacks"}});
        let text = CHANGES.head()
            + &CHANGES.lines(&user)
            + &CHANGES.lines(&team)
            + &CHANGES.lines(&bare)
            + &CHANGES.lines(&skipped);
        assert_eq!(
            parse(&text),
            [
                ["object", "id", "person", "group", "manager", "name", "action", "reasons", "field", "before", "after"],
                ["user", "u", "p", "", "", "", "updated", "", "city", "Ulm", "'=Bonn"],
                ["user", "u", "p", "g", "", "", "updated", "", "team", "", "g"],
                ["team", "t", "", "", "m", "", "renamed", "", "", "A", "B"],
                ["user", "u", "p", "", "", "", "reactivated", "", "", "", ""],
                ["skipped", "s", "p", "", "", "Ann", "skipped", "surname email", "", "", ""],
            ]
        );
    }

    #[test]
    fn every_known_attribute_has_a_column_and_no_other_is_lost() {
        let user = json!({"id": "u", "status": "active", "attributes": {"city": "Ulm", "extension_x": "y"}, "teams": ["a", "b"]});
        let read = parse(&(USERS.head() + &USERS.lines(&user)));
        let cell = |name: &str| read[1][read[0].iter().position(|known| known == name).unwrap()].as_str();
        assert_eq!((cell("city"), cell("teams"), cell("manager"), cell("country")), ("Ulm", "a b", "", ""));
        assert_eq!(cell("other_attributes"), r#"{"extension_x":"y"}"#);
        assert_eq!(read[0].len(), Property::FIXED.len() + 17);
    }
}
