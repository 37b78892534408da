//! From Graph's users and groups to the core's.

use std::collections::BTreeSet;

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::person::{PersonReading, Reading};
use rollcall_directory::property::Property;
use rollcall_graph::{ManagerField, User};
use serde_json::Value;

/// How the answer came about, which decides what a missing manager means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// With `$expand=manager`, where Graph leaves out the manager of a person who has none.
    WithManager,
    /// As a delta row, where what is left out did not change.
    AsDelta,
}

/// What Graph's answer says of a person.
pub(super) fn person(user: &User, answered: Answered) -> PersonReading {
    let mut reading = PersonReading::of(PersonId(user.id));
    for (name, value) in &user.properties {
        if name == "accountEnabled" {
            reading.enabled = value.as_bool().map_or(Reading::Absent, Reading::Is);
        } else if let Some(property) = Property::from_name(name) {
            reading.attributes.insert(property, text(value));
        }
    }
    reading.manager = match (user.manager, answered) {
        (ManagerField::Is(id), _) => Reading::Is(PersonId(id)),
        (ManagerField::Cleared, _) | (ManagerField::NotReturned, Answered::WithManager) => Reading::Cleared,
        (ManagerField::NotReturned, Answered::AsDelta) => Reading::Absent,
    };
    reading
}

/// An empty text is no value: Graph stores none, and a platform has no use for one.
fn text(value: &Value) -> Reading<String> {
    match value {
        Value::String(text) if text.is_empty() => Reading::Cleared,
        Value::String(text) => Reading::Is(text.clone()),
        Value::Null => Reading::Cleared,
        // A type that Graph's schema does not know for a textual property says nothing.
        _ => Reading::Absent,
    }
}

/// Whether a reading speaks of everything, so that nothing known before is needed.
pub(super) fn is_complete(reading: &PersonReading) -> bool {
    let PersonReading { id: _, enabled, attributes, manager } = reading;
    *enabled != Reading::Absent
        && *manager != Reading::Absent
        && Property::ALL
            .iter()
            .all(|property| attributes.get(property).is_some_and(|reading| *reading != Reading::Absent))
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
    use serde_json::json;

    fn user(value: Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_null_clears_and_silence_does_not() {
        let user = user(json!({
            "id": "00000000-0000-0000-0000-000000000001", "accountEnabled": true, "city": null, "department": "Sales",
        }));
        let reading = person(&user, Answered::AsDelta);
        assert_eq!(reading.enabled, Reading::Is(true));
        assert_eq!(reading.attributes.get(&Property::City), Some(&Reading::Cleared));
        assert_eq!(reading.attributes.get(&Property::Department), Some(&Reading::Is("Sales".to_owned())));
        assert_eq!(reading.attributes.get(&Property::JobTitle), None);
        assert_eq!(reading.manager, Reading::Absent);
    }

    #[test]
    fn an_expanded_answer_without_a_manager_means_that_there_is_none() {
        let user = user(json!({ "id": "00000000-0000-0000-0000-000000000001" }));
        assert_eq!(person(&user, Answered::WithManager).manager, Reading::Cleared);
    }

    #[test]
    fn account_enabled_of_a_wrong_type_says_nothing() {
        for odd in [json!(null), json!("true"), json!(1)] {
            let user = user(json!({ "id": "00000000-0000-0000-0000-000000000001", "accountEnabled": odd }));
            assert_eq!(person(&user, Answered::AsDelta).enabled, Reading::Absent);
        }
    }
}
