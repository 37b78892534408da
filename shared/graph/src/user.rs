//! A user as Graph tells it: in a list, alone, or as a row of a delta page.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A user with the properties that were selected.
#[derive(Clone, PartialEq)]
pub struct User {
    /// The object id, unique in the tenant and never reused.
    pub id: Uuid,
    /// Set on a delta row that says the user was deleted.
    pub removed: Option<Removed>,
    /// The manager, from `$expand=manager` or from `manager@delta`.
    pub manager: ManagerField,
    /// Every other property that came, under Graph's name. A `null` is kept: it tells a cleared property from one
    /// that was not returned. Of a name that comes twice the last value is kept. `OData` annotations are left out.
    pub properties: Map<String, Value>,
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

/// The names of the properties only: their values are personal.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.properties.keys().map(String::as_str).collect();
        let Self { id, removed, manager, properties: _ } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("removed", removed)
            .field("manager", manager)
            .field("properties", &names)
            .finish()
    }
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
        let mut properties = Map::new();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => id = Some(map.next_value()?),
                Key::Removed => removed = map.next_value::<Option<Removed>>()?,
                Key::Manager => manager = map.next_value::<Option<Reference>>()?.into(),
                Key::ManagerDelta => {
                    // The entries tell a history; the last one holds.
                    if let Some(last) = map.next_value::<Option<Vec<Reference>>>()?.and_then(|mut all| all.pop()) {
                        manager = Some(last).into();
                    }
                }
                Key::Annotation => drop(map.next_value::<IgnoredAny>()?),
                Key::Property(name) => drop(properties.insert(name, map.next_value()?)),
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
    Property(String),
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
            _ if name.contains('@') => Key::Annotation,
            _ => Key::Property(name.to_owned()),
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
