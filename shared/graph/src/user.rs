//! A user as Graph tells it: in a list, alone, or as a row of a delta page.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use uuid::Uuid;

use crate::decode::Row;
use crate::properties::{Name, Properties};

/// A user with the properties that were selected.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The object id, unique in the tenant and never reused.
    pub id: Uuid,
    /// Set on a delta row that says the user was deleted.
    pub removed: Option<Removed>,
    /// The manager, from `$expand=manager` or from `manager@delta`.
    pub manager: ManagerField,
    /// Every other property that came. A `null` is kept: it tells a cleared property from one that was not returned.
    /// `OData` annotations are left out.
    pub properties: Properties,
}

/// Why a delta row is marked as removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Soft-deleted: it can be restored for 30 days. Also stands for any reason this crate does not know.
    Changed,
    /// Deleted for good.
    Deleted,
}

/// What an answer says about a user's manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManagerField {
    /// Nothing. In a delta row: unchanged. With `$expand=manager` Graph leaves the property out for
    /// a user who has no manager, so that there it means none.
    #[default]
    NotReturned,
    /// There is no manager (any more).
    Cleared,
    /// This object is the manager: a user, rarely an organisational contact.
    Is(Uuid),
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UserVisitor)
    }
}

struct UserVisitor;

impl<'de> Visitor<'de> for UserVisitor {
    type Value = User;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<User, A::Error> {
        let mut id = None;
        let mut removed = None;
        let mut manager = ManagerField::NotReturned;
        let mut properties = Properties::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => id = Some(map.next_value()?),
                Key::Removed => removed = map.next_value::<Option<Removed>>()?,
                Key::Manager => {
                    manager = map.next_value::<Option<Row<Reference>>>()?.map(|Row(manager)| manager).into()
                }
                Key::ManagerDelta => {
                    // The entries tell a history; the last one holds.
                    if let Some(Row(last)) =
                        map.next_value::<Option<Vec<Row<Reference>>>>()?.and_then(|mut all| all.pop())
                    {
                        manager = Some(last).into();
                    }
                }
                Key::Annotation => drop(map.next_value::<IgnoredAny>()?),
                Key::Property(name) => {
                    let slot = map.next_value_seed(properties.room())?;
                    properties.insert(name, slot);
                }
            }
        }
        let id = id.ok_or_else(|| A::Error::missing_field("id"))?;
        Ok(User { id, removed, manager, properties })
    }
}

enum Key {
    Id,
    Removed,
    Manager,
    ManagerDelta,
    Annotation,
    Property(Name),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(match name {
            "id" => Key::Id,
            "@removed" => Key::Removed,
            "manager" => Key::Manager,
            "manager@delta" => Key::ManagerDelta,
            _ => match Name::known(name) {
                Some(known) => Key::Property(known),
                None if name.contains('@') => Key::Annotation,
                None => Key::Property(Name::Other(name.into())),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Removed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            reason: Option<String>,
        }
        let Wire { reason } = Wire::deserialize(deserializer)?;
        Ok(if reason.as_deref() == Some("deleted") { Self::Deleted } else { Self::Changed })
    }
}

/// A reference to a directory object, perhaps marked as taken away.
#[derive(Deserialize)]
struct Reference {
    id: Uuid,
    #[serde(rename = "@removed")]
    removed: Option<IgnoredAny>,
}

impl From<Option<Reference>> for ManagerField {
    fn from(reference: Option<Reference>) -> Self {
        match reference {
            Some(Reference { id, removed: None }) => Self::Is(id),
            Some(Reference { removed: Some(_), .. }) | None => Self::Cleared,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::PropertyValue;

    fn user(value: Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_null_is_told_from_an_absent_property() {
        let user = user(json!({"id": id(1), "department": null, "accountEnabled": true}));
        assert_eq!(user.properties.get("department"), Some(PropertyValue::Null));
        assert_eq!(user.properties.get("accountEnabled"), Some(PropertyValue::Flag(true)));
        assert_eq!(user.properties.get("city"), None);
    }

    #[test]
    fn a_removed_row_says_whether_it_can_come_back() {
        for (reason, removed) in [
            (json!({"reason": "changed"}), Some(Removed::Changed)),
            (json!({"reason": "deleted"}), Some(Removed::Deleted)),
            (json!({"reason": "unknownFutureValue"}), Some(Removed::Changed)),
            (json!({}), Some(Removed::Changed)),
            (json!(null), None),
        ] {
            assert_eq!(user(json!({"id": id(1), "@removed": reason})).removed, removed, "{reason}");
        }
    }

    #[test]
    fn the_manager_comes_from_either_source() {
        let gone = json!({"reason": "deleted"});
        for (name, value, manager) in [
            (
                "manager",
                json!({"@odata.type": "#microsoft.graph.user", "id": id(2), "mail": "x"}),
                ManagerField::Is(id(2)),
            ),
            ("manager", json!(null), ManagerField::Cleared),
            ("manager@delta", json!([{"@odata.type": "#microsoft.graph.user", "id": id(2)}]), ManagerField::Is(id(2))),
            ("manager@delta", json!([{"id": id(2), "@removed": gone}]), ManagerField::Cleared),
            ("manager@delta", json!([{"id": id(2), "@removed": gone}, {"id": id(3)}]), ManagerField::Is(id(3))),
            ("manager@delta", json!([{"id": id(3)}, {"id": id(2), "@removed": gone}]), ManagerField::Cleared),
            ("manager@delta", json!([]), ManagerField::NotReturned),
            ("manager@delta", json!(null), ManagerField::NotReturned),
            ("mail", json!("x"), ManagerField::NotReturned),
        ] {
            let found = user(json!({"id": id(1), name: value}));
            assert_eq!(found.manager, manager, "{name}: {value}");
            assert_eq!(found.properties.contains_key("mail"), name == "mail", "the manager's properties stay out");
        }
    }

    #[test]
    fn annotations_stay_out_and_of_two_equal_names_the_last_holds() {
        let text = r##"{"@odata.type":"#microsoft.graph.user","id":"00000000-0000-0000-0000-000000000001",
            "manager@odata.context":"x","mail":"a","mail":"b","id":"00000000-0000-0000-0000-000000000002"}"##;
        let user: User = serde_json::from_str(text).unwrap();
        assert_eq!((user.id, user.properties.text("mail")), (id(2), Some("b")));
        assert_eq!(user.properties.keys().collect::<Vec<_>>(), ["mail"]);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_graph_writes_is_what_is_read(
            number in any::<u128>(),
            manager in option::of(any::<u128>()),
            removed in option::of(any::<bool>()),
            properties in btree_map("[A-Za-z][A-Za-z0-9_]{0,20}|city|mail|accountEnabled|otherMails", value(), 0..20),
        ) {
            let properties: Map<String, Value> =
                properties.into_iter().filter(|(name, _)| name != "id" && name != "manager").collect();
            let mut wire = properties.clone();
            wire.insert("id".to_owned(), json!(id(number)));
            wire.insert("@odata.etag".to_owned(), json!("x"));
            if let Some(manager) = manager {
                wire.insert("manager".to_owned(), json!({"id": id(manager)}));
            }
            if let Some(deleted) = removed {
                wire.insert("@removed".to_owned(), json!({"reason": if deleted { "deleted" } else { "changed" }}));
            }
            let user: User = serde_json::from_slice(&serde_json::to_vec(&wire).unwrap()).unwrap();
            prop_assert_eq!(user.id, id(number));
            prop_assert_eq!(user.removed, removed.map(|deleted| if deleted { Removed::Deleted } else { Removed::Changed }));
            prop_assert_eq!(user.manager, manager.map_or(ManagerField::NotReturned, |manager| ManagerField::Is(id(manager))));
            prop_assert_eq!(user.properties.keys().count(), properties.len());
            for (name, value) in &properties {
                prop_assert_eq!(user.properties.get(name), Some(PropertyValue::from(value)));
            }
            prop_assert_eq!(serde_json::from_value::<User>(Value::Object(wire)).unwrap(), user);
        }

        #[test]
        fn no_json_at_all_makes_it_panic(value in value(), name in "id|@removed|manager|manager@delta|x") {
            let _ = serde_json::from_value::<User>(json!({"id": id(1), name: value}));
        }
    }
}
