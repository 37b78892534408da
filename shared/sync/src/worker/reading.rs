//! From Graph's users and groups to the core's.

use std::collections::BTreeSet;

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{PersonReading, Reading};
use rollcall_directory::property::Property;
use rollcall_graph::{ManagerField, User};
use serde_json::Value;

/// How the answer came about, which decides what a missing manager means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// With `$expand=manager`, where Graph leaves out the manager of a person who has none.
    WithManager,
    /// As a delta row, where what is left out did not change.
    AsDelta,
}

/// What Graph's answer says of a person, as far as the rules look at it.
#[must_use]
pub fn person(user: &User, inputs: &BTreeSet<Property>, answered: Answered) -> PersonReading {
    let mut reading = PersonReading::of(PersonId(user.id));
    reading.enabled = match user.properties.get("accountEnabled") {
        Some(Value::Bool(enabled)) => Reading::Is(*enabled),
        _ => Reading::Absent,
    };
    reading.attributes = inputs
        .iter()
        .filter_map(|property| Some((property.clone(), value(property, user.properties.get(property.selected())?))))
        .collect();
    reading.manager = match (user.manager, answered) {
        (ManagerField::Is(id), _) => Reading::Is(PersonId(id)),
        (ManagerField::Cleared, _) | (ManagerField::NotReturned, Answered::WithManager) => Reading::Cleared,
        (ManagerField::NotReturned, Answered::AsDelta) => Reading::Absent,
    };
    reading
}

/// The value of a property in what Graph returned under the name that was selected.
fn value(property: &Property, selected: &Value) -> Reading<String> {
    match (property.member(), selected) {
        (None, value) => text(value),
        // The whole complex property is gone, and its members with it.
        (Some(_), Value::Null) => Reading::Cleared,
        (Some(member), Value::Object(members)) => members.get(member).map_or(Reading::Absent, text),
        (Some(_), _) => Reading::Absent,
    }
}

/// An empty text is no value: Graph stores none, and a platform has no use for one.
fn text(value: &Value) -> Reading<String> {
    match value {
        Value::Null => Reading::Cleared,
        Value::String(text) if text.is_empty() => Reading::Cleared,
        Value::String(text) => Reading::Is(text.clone()),
        // Directory extensions may be of other simple types.
        Value::Bool(flag) => Reading::Is(flag.to_string()),
        Value::Number(number) => Reading::Is(number.to_string()),
        Value::Array(values) => list(values),
        // A type that Graph's schema does not know for these properties says nothing.
        Value::Object(_) => Reading::Absent,
    }
}

/// Several values as one text, in a fixed order: Graph promises none.
fn list(values: &[Value]) -> Reading<String> {
    let mut texts: Vec<&str> = values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).collect();
    texts.sort_unstable();
    texts.dedup();
    if texts.is_empty() { Reading::Cleared } else { Reading::Is(texts.join("; ")) }
}

/// Whether a reading speaks of everything, so that nothing known before is needed.
pub(super) fn is_complete(reading: &PersonReading, inputs: &BTreeSet<Property>) -> bool {
    let PersonReading { id: _, enabled, attributes, manager } = reading;
    *enabled != Reading::Absent
        && *manager != Reading::Absent
        && attributes.len() == inputs.len()
        && attributes.values().all(|reading| *reading != Reading::Absent)
}

/// The members of a group by kind. Devices and the like are nobody's account.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) people: BTreeSet<PersonId>,
    pub(super) groups: BTreeSet<GroupId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_directory::rules::Rules;
    use serde_json::json;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    fn user(value: Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    fn read(value: Value, inputs: &BTreeSet<Property>, answered: Answered) -> PersonReading {
        person(&user(value), inputs, answered)
    }

    #[test]
    fn a_null_clears_and_silence_does_not() {
        let row = json!({ "id": ID, "accountEnabled": true, "city": null, "department": "Sales" });
        let reading = read(row, &Rules::default().inputs(), Answered::AsDelta);
        assert_eq!(reading.enabled, Reading::Is(true));
        assert_eq!(reading.attributes.get(&Property::City), Some(&Reading::Cleared));
        assert_eq!(reading.attributes.get(&Property::Department), Some(&Reading::Is("Sales".to_owned())));
        assert_eq!(reading.attributes.get(&Property::JobTitle), None);
        assert_eq!(reading.manager, Reading::Absent);
        assert!(!is_complete(&reading, &Rules::default().inputs()));
    }

    #[test]
    fn what_no_rule_looks_at_is_not_read() {
        let inputs = BTreeSet::from([Property::City]);
        let reading = read(json!({ "id": ID, "city": "Ulm", "jobTitle": "Trainer" }), &inputs, Answered::AsDelta);
        assert_eq!(reading.attributes.len(), 1);
    }

    #[test]
    fn members_of_complex_properties_are_read_one_by_one() {
        let inputs = BTreeSet::from([Property::Division, Property::CostCenter, Property::ExtensionAttribute15]);
        let row = json!({
            "id": ID,
            "employeeOrgData": { "division": "North", "costCenter": null },
            "onPremisesExtensionAttributes": null,
        });
        let reading = read(row, &inputs, Answered::AsDelta);
        assert_eq!(reading.attributes[&Property::Division], Reading::Is("North".to_owned()));
        assert_eq!(reading.attributes[&Property::CostCenter], Reading::Cleared);
        assert_eq!(reading.attributes[&Property::ExtensionAttribute15], Reading::Cleared);
    }

    #[test]
    fn lists_and_extensions_become_text() {
        let extension = "extension_25883231668a43a780b25685c3f874bc_level";
        let level = Property::from_name(extension).unwrap();
        let inputs = BTreeSet::from([Property::OtherMails, Property::ProxyAddresses, level.clone()]);
        let row = json!({ "id": ID, "otherMails": [], "proxyAddresses": ["smtp:b@x", "SMTP:a@x"], (extension): 7 });
        let reading = read(row, &inputs, Answered::AsDelta);
        assert_eq!(reading.attributes[&Property::OtherMails], Reading::Cleared);
        assert_eq!(reading.attributes[&Property::ProxyAddresses], Reading::Is("SMTP:a@x; smtp:b@x".to_owned()));
        assert_eq!(reading.attributes[&level], Reading::Is("7".to_owned()));
    }

    #[test]
    fn an_expanded_answer_without_a_manager_means_that_there_is_none() {
        let inputs = BTreeSet::new();
        let reading = read(json!({ "id": ID, "accountEnabled": true }), &inputs, Answered::WithManager);
        assert_eq!(reading.manager, Reading::Cleared);
        assert!(is_complete(&reading, &inputs));
    }

    #[test]
    fn account_enabled_of_a_wrong_type_says_nothing() {
        for odd in [json!(null), json!("true"), json!(1)] {
            let reading = read(json!({ "id": ID, "accountEnabled": odd }), &BTreeSet::new(), Answered::AsDelta);
            assert_eq!(reading.enabled, Reading::Absent);
        }
    }
}
