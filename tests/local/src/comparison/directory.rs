//! The directory, as the tenant's control API dumps it.

use super::PROPERTIES;
use crate::error::{Error, Result};
use crate::tenant::Tenant;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who and what is there now. The recycle bin is left out.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The people.
    pub people: Vec<Person>,
    /// The groups by id.
    pub groups: BTreeMap<Uuid, Group>,
}

/// A person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Object id.
    pub id: Uuid,
    /// Whether the account is enabled.
    pub enabled: bool,
    /// The default properties that have a value.
    pub properties: BTreeMap<String, String>,
    /// Object id of the manager.
    pub manager: Option<Uuid>,
}

/// A group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Display name.
    pub name: String,
    /// Direct members: people, groups and other things.
    pub members: BTreeSet<Uuid>,
}

#[derive(Deserialize)]
struct Dump {
    people: Vec<Row>,
    groups: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    manager: Option<Uuid>,
    #[serde(default)]
    members: BTreeSet<Uuid>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Directory {
    /// Reads the first tenant.
    ///
    /// # Errors
    /// The tenant has no control API.
    pub async fn read(tenant: &Tenant) -> Result<Self> {
        let wanted = format!("accountEnabled,displayName,{}", PROPERTIES.join(","));
        let path = format!("/tenants/first/state?deleted=false&properties={wanted}");
        let dump = tenant.control(Method::GET, &path, None).await?;
        Self::parse(dump)
    }

    fn parse(dump: Value) -> Result<Self> {
        let dump: Dump =
            serde_json::from_value(dump).map_err(|error| Error::Story(format!("the tenant's state: {error}")))?;
        Ok(Self {
            people: dump.people.into_iter().map(Row::person).collect(),
            groups: dump.groups.into_iter().map(|row| (row.id, row.group())).collect(),
        })
    }

    /// A person by object id.
    pub fn person(&self, id: Uuid) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }
}

impl Row {
    fn text(&self, name: &str) -> Option<String> {
        self.rest.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    fn person(self) -> Person {
        Person {
            id: self.id,
            enabled: self.rest.get("accountEnabled").and_then(Value::as_bool).unwrap_or_default(),
            properties: PROPERTIES.iter().filter_map(|name| Some(((*name).to_owned(), self.text(name)?))).collect(),
            manager: self.manager,
        }
    }

    fn group(self) -> Group {
        Group { name: self.text("displayName").unwrap_or_default(), members: self.members }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_property_without_a_value_is_not_there() {
        let id = Uuid::from_u128(1);
        let directory = Directory::parse(json!({
            "tenantId": id, "sequence": 9,
            "people": [{"id": id, "type": "user", "accountEnabled": true, "displayName": "A", "city": "Ulm", "country": null}],
            "groups": [{"id": Uuid::from_u128(2), "type": "group", "displayName": "G", "members": [id]}],
            "others": [],
        }))
        .unwrap();
        let person = directory.person(id).unwrap();
        assert!(person.enabled);
        assert_eq!(person.properties, BTreeMap::from([("city".to_owned(), "Ulm".to_owned())]));
        assert_eq!(directory.groups[&Uuid::from_u128(2)].name, "G");
    }
}
