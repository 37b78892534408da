//! One write of a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::error::Error;
use crate::item::size;
use crate::keys::{Item, Key};
use crate::table::Condition;
use crate::wire::{self, Attributes, ItemText};

/// One write of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// The whole item.
    Put {
        /// Kind of item, for errors.
        kind: &'static str,
        /// The item.
        item: ItemText,
        /// What must hold.
        condition: Option<Condition>,
    },
    /// Some attributes of an item.
    Update(Change),
    /// Nothing is left.
    Delete(Key),
    /// Nothing is left, if the change's condition holds.
    DeleteIf(Change),
    /// All stays as it is, if the change's condition holds.
    Check(Change),
}

/// A change of some attributes of an item.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Kind of item, for errors.
    pub(crate) kind: &'static str,
    /// Which item.
    pub(crate) key: Key,
    /// Update expression.
    pub(crate) expression: String,
    /// Condition expression.
    pub(crate) condition: String,
    /// Names behind `#`.
    pub(crate) names: HashMap<String, String>,
    /// Values behind `:`.
    pub(crate) values: Item,
}

impl Change {
    /// Sets the attributes of `item` and removes those of `absent` that it does not have.
    /// Attributes of which neither speaks stay: a newer version may have put them there.
    pub(crate) fn set(kind: &'static str, key: Key, mut item: Item, absent: &[&str]) -> Self {
        item.remove("pk");
        item.remove("sk");
        let gone: Vec<&str> = absent.iter().copied().filter(|name| !item.contains_key(*name)).collect();
        let mut change = Self::none(kind, key);
        let mut set: Vec<(String, AttributeValue)> = item.into_iter().collect();
        set.sort_by(|one, other| one.0.cmp(&other.0));
        let set: Vec<String> = set
            .into_iter()
            .map(|(name, value)| format!("#{name} = :{name}", name = change.bind(&name, value)))
            .collect();
        change.expression = format!("SET {}", set.join(", "));
        if !gone.is_empty() {
            let gone: Vec<String> = gone.into_iter().map(|name| format!("#{}", change.name(name))).collect();
            change.expression.push_str(&format!(" REMOVE {}", gone.join(", ")));
        }
        change
    }

    /// Changes nothing by itself: a condition on an item.
    pub(crate) fn none(kind: &'static str, key: Key) -> Self {
        Self {
            kind,
            key,
            expression: String::new(),
            condition: String::new(),
            names: HashMap::new(),
            values: Item::new(),
        }
    }

    /// Requires that an attribute, if it is there, is false.
    pub(crate) fn forbid(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.values.insert(":false".to_owned(), AttributeValue::Bool(false));
        let and = if self.condition.is_empty() { "" } else { " AND " };
        self.condition.push_str(&format!("{and}(attribute_not_exists(#{name}) OR #{name} = :false)"));
        self
    }

    /// Requires that an attribute has a value.
    pub(crate) fn require(mut self, name: &str, value: AttributeValue) -> Self {
        let name = self.name(name);
        self.values.insert(format!(":was_{name}"), value);
        let and = if self.condition.is_empty() { "" } else { " AND " };
        self.condition.push_str(&format!("{and}#{name} = :was_{name}"));
        self
    }

    /// Requires that an attribute is not there.
    pub(crate) fn require_absent(mut self, name: &str) -> Self {
        let name = self.name(name);
        let and = if self.condition.is_empty() { "" } else { " AND " };
        self.condition.push_str(&format!("{and}attribute_not_exists(#{name})"));
        self
    }

    /// Requires that an attribute is not there, or has this value or a lower one.
    pub(crate) fn require_absent_or_at_most(mut self, name: &str, value: AttributeValue) -> Self {
        let name = self.name(name);
        self.values.insert(format!(":most_{name}"), value);
        let and = if self.condition.is_empty() { "" } else { " AND " };
        self.condition.push_str(&format!("{and}(attribute_not_exists(#{name}) OR #{name} <= :most_{name})"));
        self
    }

    /// Raises a number by one. Where there is none yet it counts as zero: then the condition
    /// decides, and not a quarrel about the missing number.
    pub(crate) fn raise(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.values.insert(":zero".to_owned(), AttributeValue::N("0".to_owned()));
        self.values.insert(":one".to_owned(), AttributeValue::N("1".to_owned()));
        let raised = format!("SET #{name} = if_not_exists(#{name}, :zero) + :one, ");
        self.expression = self.expression.replacen("SET ", &raised, 1);
        self
    }

    fn bind(&mut self, name: &str, value: AttributeValue) -> String {
        let name = self.name(name);
        self.values.insert(format!(":{name}"), value);
        name
    }

    /// Every name goes through a placeholder, because many words are reserved.
    fn name(&mut self, name: &str) -> String {
        self.names.insert(format!("#{name}"), name.to_owned());
        name.to_owned()
    }
}

impl Write {
    /// Puts an item, whatever there was before.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the item has a value of a kind that the SDK does not know.
    pub(crate) fn put(kind: &'static str, item: &Item) -> Result<Self, Error> {
        Ok(Self::Put { kind, item: ItemText::of(kind, item)?, condition: None })
    }

    /// Kind of item, for errors.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Put { kind, .. }
            | Self::Update(Change { kind, .. })
            | Self::DeleteIf(Change { kind, .. })
            | Self::Check(Change { kind, .. }) => kind,
            Self::Delete(_) => "item",
        }
    }

    /// Roughly what it adds to the size of a transaction, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Put { item, .. } => item.bytes(),
            Self::Update(change) | Self::DeleteIf(change) | Self::Check(change) => {
                change.expression.len() + change.condition.len() + size(&change.values)
            }
            Self::Delete(key) => key.pk.len() + key.sk.len(),
        }
    }

    /// Writes it as a part of a request (`DynamoDB`, "`TransactWriteItem`").
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it has a value of a kind that the SDK does not know.
    pub(crate) fn encode(&self, table: &str, json: &mut Vec<u8>) -> Result<(), Error> {
        let mut part = Part { kind: self.kind(), json };
        match self {
            Self::Put { item, condition, .. } => {
                part.begin("Put", table)?;
                part.json.extend_from_slice(br#","Item":"#);
                part.json.extend_from_slice(item.json());
                if let Some(Condition { expression, values }) = condition {
                    part.member("ConditionExpression", *expression)?;
                    part.values(values.as_ref())?;
                }
            }
            Self::Update(change) => {
                part.begin("Update", table)?;
                part.member("UpdateExpression", &change.expression)?;
                part.change(change)?;
            }
            Self::Delete(key) => {
                part.begin("Delete", table)?;
                part.member("Key", &Attributes(&key.item()))?;
            }
            Self::DeleteIf(change) => {
                part.begin("Delete", table)?;
                part.change(change)?;
            }
            Self::Check(change) => {
                part.begin("ConditionCheck", table)?;
                part.change(change)?;
            }
        }
        part.json.extend_from_slice(b"}}");
        Ok(())
    }
}

/// The text of one write.
struct Part<'a> {
    kind: &'static str,
    json: &'a mut Vec<u8>,
}

impl Part<'_> {
    fn begin(&mut self, action: &str, table: &str) -> Result<(), Error> {
        self.json.extend_from_slice(format!(r#"{{"{action}":{{"TableName":"#).as_bytes());
        wire::write(self.kind, self.json, table)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.json.extend_from_slice(format!(r#","{name}":"#).as_bytes());
        wire::write(self.kind, self.json, value)
    }

    fn values(&mut self, values: Option<&Item>) -> Result<(), Error> {
        values.map_or(Ok(()), |values| self.member("ExpressionAttributeValues", &Attributes(values)))
    }

    /// All of a change but what it does.
    fn change(&mut self, change: &Change) -> Result<(), Error> {
        let Change { kind: _, key, expression: _, condition, names, values } = change;
        self.member("Key", &Attributes(&key.item()))?;
        if !condition.is_empty() {
            self.member("ConditionExpression", condition)?;
        }
        self.member("ExpressionAttributeNames", names)?;
        self.values(Some(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{number, text};
    use rollcall_directory::identity::ConnectionId;
    use uuid::Uuid;

    #[test]
    fn an_update_names_every_attribute_through_a_placeholder() {
        let item = Item::from([("owner".to_owned(), text("me")), ("epoch".to_owned(), number(2))]);
        let key = Key::lease(ConnectionId(Uuid::from_u128(1)));
        let change = Change::set("lease", key, item, &["token", "owner"]).require("epoch", number(2)).raise("beat");
        assert_eq!(
            change.expression,
            "SET #beat = if_not_exists(#beat, :zero) + :one, #epoch = :epoch, #owner = :owner REMOVE #token"
        );
        assert_eq!(change.condition, "#epoch = :was_epoch");
        assert_eq!(change.names.len(), 4);
        assert_eq!(change.values.len(), 5);
    }
}
