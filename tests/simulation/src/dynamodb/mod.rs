//! A simulated `DynamoDB`: the operations that the project uses, in memory, answered as the service answers.
//!
//! It reads and writes the JSON protocol (`DynamoDB_20120810`), so that the real SDK stands before it. What it does
//! not know it refuses. Its conformance suite ([`crate::conformance`]) runs against the emulator too.
//!
//! * `table`, `value`: items by key, and values.
//! * `expression`: conditions, updates, projections.
//! * `read`, `write`: the operations.
//! * [`Database`]: all of it behind one lock, with a record of every item written.

mod error;
mod expression;
mod read;
mod request;
mod table;
mod value;
mod write;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

pub(crate) use self::error::{Reason, Refusal};
pub use self::value::{Item, Value};

use self::read::Tables;
use self::request::{CreateTable, KeyElement};
use self::table::{Index, Key, Projection, Schema, Table};
use self::write::{Kind, TablesMut, Tokens};

/// Namespace of the service's errors.
pub(crate) const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810";

/// One item that was written or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// The item before.
    pub before: Option<Item>,
    /// The item after; nothing when it was deleted.
    pub after: Option<Item>,
}

/// The tables of one account.
#[derive(Debug, Default)]
pub struct Database {
    tables: BTreeMap<String, Table>,
    tokens: Tokens,
    written: Vec<Written>,
    writes: u64,
}

impl Database {
    /// Carries out one operation. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// The refusal, as the service says it.
    pub(crate) fn call(&mut self, operation: &str, body: &[u8], now: i64) -> Result<Json, Refusal> {
        match operation {
            "GetItem" => read::get_item(self, parse(body)?),
            "BatchGetItem" => read::batch_get(self, parse(body)?),
            "Query" => read::query(self, parse(body)?),
            "Scan" => read::scan(self, parse(body)?),
            "PutItem" => write::one(self, Kind::Put, parse(body)?),
            "UpdateItem" => write::one(self, Kind::Update, parse(body)?),
            "DeleteItem" => write::one(self, Kind::Delete, parse(body)?),
            "BatchWriteItem" => write::batch(self, parse(body)?),
            "TransactWriteItems" => self.transact(body, now),
            "CreateTable" => self.create(parse(body)?),
            other => Err(Refusal::new(400, "UnknownOperationException", format!("{other} is not simulated"))),
        }
    }

    /// Carries out one operation, and answers with the status and the body of the service's response. `now` is in
    /// milliseconds since 1970.
    pub fn respond(&mut self, operation: &str, body: &[u8], now: i64) -> (u16, String) {
        match self.call(operation, body, now) {
            Ok(body) => (200, body.to_string()),
            Err(refusal) => (refusal.status, refusal.body(NAMESPACE).to_string()),
        }
    }

    fn transact(&mut self, body: &[u8], now: i64) -> Result<Json, Refusal> {
        let call: request::Transact = parse(body)?;
        let Some(token) = call.client_request_token.clone() else { return write::transact(self, call) };
        // The same request has the same items, in whatever order the maps of its attributes were written.
        let mut hasher = DefaultHasher::new();
        format!("{:?}", call.transact_items).hash(&mut hasher);
        let digest = hasher.finish();
        if self.tokens.is_known(&token, digest, now)? {
            return Ok(json!({}));
        }
        let answer = write::transact(self, call)?;
        self.tokens.note(token, digest, now);
        Ok(answer)
    }

    fn create(&mut self, call: CreateTable) -> Result<Json, Refusal> {
        if self.tables.contains_key(&call.table_name) {
            let message = format!("Table already exists: {}", call.table_name);
            return Err(Refusal::new(400, "ResourceInUseException", message));
        }
        let index = |index: request::CreateIndex| {
            let projection = match index.projection.projection_type.as_deref() {
                Some("ALL") => Projection::All,
                Some("INCLUDE") => Projection::Include(index.projection.non_key_attributes.unwrap_or_default()),
                _ => Projection::Keys,
            };
            Ok(Index { name: index.index_name, schema: schema(index.key_schema)?, projection })
        };
        let indexes = call.global_secondary_indexes.unwrap_or_default().into_iter().map(index);
        let table = Table {
            schema: schema(call.key_schema)?,
            indexes: indexes.collect::<Result<_, Refusal>>()?,
            items: BTreeMap::new(),
            name: call.table_name.clone(),
        };
        let description = table.description();
        self.tables.insert(call.table_name, table);
        Ok(json!({"TableDescription": description}))
    }

    /// Items written or deleted so far: what the service charges for, whatever the size.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    /// What was written since the last call, in order.
    pub fn take_written(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }

    /// Every item of every table, in order of the keys.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.tables.values().flat_map(|table| table.items.values().flat_map(BTreeMap::values))
    }

    /// The items of one partition of any table, in order.
    pub fn partition(&self, pk: &str) -> impl Iterator<Item = (&String, &Item)> {
        self.tables.values().flat_map(move |table| table.items.get(pk).into_iter().flatten())
    }

    /// How many items have expired by now (in seconds since 1970). The service deletes them when it gets round to it:
    /// now, if so. Not counted as a write.
    pub fn expired(&mut self, now: i64, delete: bool) -> usize {
        let has_expired = |item: &Item| {
            item.get("expires_at").and_then(Value::whole).is_some_and(|expires| expires < i128::from(now))
        };
        let mut count = 0;
        for items in self.tables.values_mut().flat_map(|table| table.items.values_mut()) {
            count += items.values().filter(|item| has_expired(item)).count();
            if delete {
                items.retain(|_, item| !has_expired(item));
            }
        }
        count
    }

    /// Changes every item, as another release of the code would have written it. Not counted as a write.
    pub fn rewrite(&mut self, mut change: impl FnMut(&str, &mut Item)) {
        for table in self.tables.values_mut() {
            for (pk, items) in &mut table.items {
                items.values_mut().for_each(|item| change(pk, item));
            }
        }
    }
}

fn schema(elements: Vec<KeyElement>) -> Result<Schema, Refusal> {
    let named = |kind: &str| {
        elements.iter().find(|element| element.key_type == kind).map(|element| element.attribute_name.clone())
    };
    let partition = named("HASH")
        .ok_or_else(|| Refusal::validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"))?;
    Ok(Schema { partition, sort: named("RANGE") })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::new(400, "SerializationException", format!("not simulated or not understood: {error}"))
    })
}

impl Tables for Database {
    fn table(&self, name: &str) -> Result<&Table, Refusal> {
        self.tables.get(name).ok_or_else(Refusal::no_table)
    }
}

impl TablesMut for Database {
    fn table(&self, name: &str) -> Result<&Table, Refusal> {
        Tables::table(self, name)
    }

    fn table_mut(&mut self, name: &str) -> Result<&mut Table, Refusal> {
        self.tables.get_mut(name).ok_or_else(Refusal::no_table)
    }

    fn wrote(&mut self, key: &Key, before: Option<Item>, after: Option<Item>) {
        self.writes += 1;
        self.written.push(Written { pk: key.0.clone(), sk: key.1.clone(), before, after });
    }
}
