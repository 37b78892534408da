//! From Graph's users and groups to the core's.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{Person, PersonReading, Reading};
use rollcall_directory::property::{Attributes, Property};
use rollcall_graph::{ManagerField, Properties, PropertyValue, User};
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
    let told =
        inputs.iter().filter_map(|property| Some((property.clone(), value(property, &user.properties)?.into_owned())));
    PersonReading {
        id: PersonId(user.id),
        enabled: enabled(user),
        attributes: told.collect(),
        manager: manager(user, answered),
    }
}

/// The person, where Graph's answer tells everything that the rules look at, so that nothing known before is needed.
pub(super) fn whole<'a>(
    user: &'a User,
    inputs: &BTreeSet<Property>,
    answered: Answered,
) -> Option<Person<Cow<'a, str>>> {
    let Reading::Is(enabled) = enabled(user) else { return None };
    let manager = match manager(user, answered) {
        Reading::Is(manager) => Some(manager),
        Reading::Cleared => None,
        Reading::Absent => return None,
    };
    let mut attributes = Attributes::with_capacity(inputs.len());
    for property in inputs {
        match value(property, &user.properties)? {
            Reading::Is(text) => drop(attributes.insert(property.clone(), text)),
            Reading::Cleared => {}
            Reading::Absent => return None,
        }
    }
    Some(Person { id: PersonId(user.id), enabled, attributes, manager })
}

fn enabled(user: &User) -> Reading<bool> {
    match user.properties.get("accountEnabled") {
        Some(PropertyValue::Flag(enabled)) => Reading::Is(enabled),
        _ => Reading::Absent,
    }
}

const fn manager(user: &User, answered: Answered) -> Reading<PersonId> {
    match (user.manager, answered) {
        (ManagerField::Is(id), _) => Reading::Is(PersonId(id)),
        (ManagerField::Cleared, _) | (ManagerField::NotReturned, Answered::WithManager) => Reading::Cleared,
        (ManagerField::NotReturned, Answered::AsDelta) => Reading::Absent,
    }
}

/// The value of a property in what Graph returned under the name that was selected.
fn value<'a>(property: &Property, properties: &'a Properties) -> Option<Reading<Cow<'a, str>>> {
    let selected = properties.get(property.selected())?;
    let Some(member) = property.member() else { return Some(text(selected)) };
    Some(match selected {
        // The whole complex property is gone, and its members with it.
        PropertyValue::Null => Reading::Cleared,
        PropertyValue::Other(Value::Object(members)) => {
            members.get(member).map_or(Reading::Absent, |value| text(value.into()))
        }
        PropertyValue::Flag(_) | PropertyValue::Text(_) | PropertyValue::Other(_) => Reading::Absent,
    })
}

/// An empty text is no value: Graph stores none, and a platform has no use for one.
fn text(value: PropertyValue<'_>) -> Reading<Cow<'_, str>> {
    match value {
        PropertyValue::Null | PropertyValue::Text("") => Reading::Cleared,
        PropertyValue::Text(text) => Reading::Is(text.into()),
        // Directory extensions may be of other simple types.
        PropertyValue::Flag(flag) => Reading::Is(if flag { "true" } else { "false" }.into()),
        PropertyValue::Other(Value::Number(number)) => Reading::Is(number.to_string().into()),
        PropertyValue::Other(Value::Array(values)) => list(values),
        // A type that Graph's schema does not know for these properties says nothing.
        PropertyValue::Other(_) => Reading::Absent,
    }
}

/// Several values as one text, in a fixed order: Graph promises none.
fn list(values: &[Value]) -> Reading<Cow<'_, str>> {
    let mut texts: Vec<&str> = values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).collect();
    texts.sort_unstable();
    texts.dedup();
    if texts.is_empty() { Reading::Cleared } else { Reading::Is(texts.join("; ").into()) }
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
        let inputs = Rules::default().inputs();
        let reading = read(row.clone(), &inputs, Answered::AsDelta);
        assert_eq!(reading.enabled, Reading::Is(true));
        assert_eq!(reading.attributes.get(&Property::City), Some(&Reading::Cleared));
        assert_eq!(reading.attributes.get(&Property::Department), Some(&Reading::Is("Sales".to_owned())));
        assert_eq!(reading.attributes.get(&Property::JobTitle), None);
        assert_eq!(reading.manager, Reading::Absent);
        assert_eq!(whole(&user(row), &inputs, Answered::AsDelta), None);
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
        let row = json!({ "id": ID, "accountEnabled": true });
        assert_eq!(read(row.clone(), &inputs, Answered::WithManager).manager, Reading::Cleared);
        assert!(whole(&user(row.clone()), &inputs, Answered::WithManager).is_some());
        assert!(whole(&user(row), &inputs, Answered::AsDelta).is_none());
    }

    #[test]
    fn a_whole_answer_is_the_person_that_its_reading_is_over_nobody() {
        let inputs = BTreeSet::from([Property::City, Property::Department]);
        for (city, department) in [(json!("Ulm"), json!(null)), (json!(""), json!("Sales"))] {
            for manager in [json!(null), json!({ "id": ID })] {
                let row = json!({
                    "id": ID,
                    "accountEnabled": false,
                    "city": city,
                    "department": department,
                    "manager": manager,
                });
                let reading = read(row.clone(), &inputs, Answered::WithManager);
                let user = user(row);
                let whole = whole(&user, &inputs, Answered::WithManager);
                let whole = whole.map(|Person { id, enabled, attributes, manager }| Person {
                    id,
                    enabled,
                    attributes: attributes
                        .into_iter()
                        .map(|(property, value)| (property, value.into_owned()))
                        .collect(),
                    manager,
                });
                assert_eq!(whole, reading.over(None));
                assert!(reading.over(None).is_some());
            }
        }
    }

    #[test]
    fn an_answer_without_one_value_or_without_account_enabled_is_not_whole() {
        let inputs = BTreeSet::from([Property::City]);
        for row in [
            json!({ "id": ID, "accountEnabled": true }),
            json!({ "id": ID, "city": "Ulm" }),
            json!({ "id": ID, "accountEnabled": true, "city": {} }),
        ] {
            assert!(whole(&user(row.clone()), &inputs, Answered::WithManager).is_none(), "{row}");
        }
    }

    #[test]
    fn account_enabled_of_a_wrong_type_says_nothing() {
        for odd in [json!(null), json!("true"), json!(1)] {
            let reading = read(json!({ "id": ID, "accountEnabled": odd }), &BTreeSet::new(), Answered::AsDelta);
            assert_eq!(reading.enabled, Reading::Absent);
        }
    }
}
