//! Tables: items by key, and what of them an index shows.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::error::Refusal;
use super::value::{Item, Value, item_size};

/// The largest item with names and values. Source: `DynamoDB`, "Quotas".
const LARGEST: usize = 400 * 1024;
/// The longest partition key, in bytes.
const LONGEST_PARTITION: usize = 2_048;
/// The longest sort key, in bytes.
const LONGEST_SORT: usize = 1_024;

/// The attributes that are a key. Keys are texts here; there are no others in this project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) partition: String,
    pub(super) sort: Option<String>,
}

/// What an index shows of an item beside the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Projection {
    All,
    Keys,
    Include(Vec<String>),
}

/// A global secondary index. Only items that have its key attributes are in it.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) schema: Schema,
    pub(super) projection: Projection,
}

/// Partition and sort key of an item; without a sort key in the schema, the sort key is empty.
pub(super) type Key = (String, String);

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) schema: Schema,
    pub(super) indexes: Vec<Index>,
    pub(super) items: BTreeMap<String, BTreeMap<String, Item>>,
}

impl Schema {
    /// The key of an item.
    pub(super) fn key(&self, item: &Item) -> Result<Key, Refusal> {
        let partition = part(item, &self.partition, LONGEST_PARTITION)?;
        let sort = match &self.sort {
            Some(name) => part(item, name, LONGEST_SORT)?,
            None => String::new(),
        };
        Ok((partition, sort))
    }

    /// The key that a call names, which must have the attributes of the key and no others.
    pub(super) fn exact(&self, key: &Item) -> Result<Key, Refusal> {
        if key.len() != 1 + usize::from(self.sort.is_some()) {
            return Err(Refusal::validation("The provided key element does not match the schema"));
        }
        for name in self.attributes() {
            if !matches!(key.get(name), Some(Value::S(_))) {
                return Err(Refusal::validation("The provided key element does not match the schema"));
            }
        }
        self.key(key)
    }

    /// The key of an item, if the item has one: for an index it need not.
    pub(super) fn sparse(&self, item: &Item) -> Option<Key> {
        let partition = item.get(&self.partition)?.text()?.to_owned();
        let sort = match &self.sort {
            Some(name) => item.get(name)?.text()?.to_owned(),
            None => String::new(),
        };
        Some((partition, sort))
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.partition).chain(&self.sort)
    }
}

fn part(item: &Item, name: &str, longest: usize) -> Result<String, Refusal> {
    let refused = |what: String| Refusal::validation(format!("One or more parameter values were invalid: {what}"));
    match item.get(name) {
        Some(Value::S(text)) if text.is_empty() => Err(refused(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
             empty string value. Key: {name}"
        ))),
        Some(Value::S(text)) if text.len() > longest => {
            Err(refused(format!("Size of a key has exceeded the maximum size limit of {longest} bytes")))
        }
        Some(Value::S(text)) => Ok(text.clone()),
        Some(other) => Err(refused(format!("Type mismatch for key {name} expected: S actual: {}", other.kind()))),
        None => Err(refused(format!("Missing the key {name} in the item"))),
    }
}

impl Table {
    /// The item with this key.
    pub(super) fn get(&self, key: &Key) -> Option<&Item> {
        self.items.get(&key.0)?.get(&key.1)
    }

    /// Whether an item may stand in the table: size, and the keys of indexes that it has.
    pub(super) fn check(&self, item: &Item) -> Result<(), Refusal> {
        if item_size(item) > LARGEST {
            return Err(Refusal::validation("Item size has exceeded the maximum allowed size"));
        }
        for index in &self.indexes {
            for name in index.schema.attributes() {
                match item.get(name) {
                    None => {}
                    Some(Value::S(text)) if !text.is_empty() => {}
                    Some(other) => {
                        return Err(Refusal::validation(format!(
                            "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: \
                             S Actual: {} IndexName: {}",
                            other.kind(),
                            index.name
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts an item where its key says; gives the one that stood there.
    pub(super) fn put(&mut self, key: &Key, item: Item) -> Option<Item> {
        self.items.entry(key.0.clone()).or_default().insert(key.1.clone(), item)
    }

    /// Takes an item away.
    pub(super) fn delete(&mut self, key: &Key) -> Option<Item> {
        let partition = self.items.get_mut(&key.0)?;
        let item = partition.remove(&key.1);
        if partition.is_empty() {
            self.items.remove(&key.0);
        }
        item
    }

    /// The index of that name.
    pub(super) fn index(&self, name: &str) -> Result<&Index, Refusal> {
        let missing = || Refusal::validation("The table does not have the specified index: ".to_owned() + name);
        self.indexes.iter().find(|index| index.name == name).ok_or_else(missing)
    }

    /// The items of one partition of an index, in its order. Items with the same key of the index stand in the order
    /// of their own keys.
    pub(super) fn indexed(&self, index: &Index, partition: &str) -> Vec<(Key, Key, Item)> {
        let mut found = Vec::new();
        for (pk, items) in &self.items {
            for (sk, item) in items {
                let Some(key) = index.schema.sparse(item).filter(|key| key.0 == partition) else { continue };
                found.push((key, (pk.clone(), sk.clone()), self.project(index, item)));
            }
        }
        found.sort_by(|one, two| (&one.0, &one.1).cmp(&(&two.0, &two.1)));
        found
    }

    fn project(&self, index: &Index, item: &Item) -> Item {
        let keys: Vec<&String> = index.schema.attributes().chain(self.schema.attributes()).collect();
        let shown = |name: &String| match &index.projection {
            Projection::All => true,
            Projection::Keys => keys.contains(&name),
            Projection::Include(names) => keys.contains(&name) || names.contains(name),
        };
        item.iter().filter(|(name, _)| shown(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// What `CreateTable` and `DescribeTable` tell.
    pub(super) fn description(&self) -> Json {
        let count: usize = self.items.values().map(BTreeMap::len).sum();
        json!({"TableName": self.name, "TableStatus": "ACTIVE", "ItemCount": count})
    }
}
