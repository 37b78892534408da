//! The table and the few calls through which everything reads it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest};
use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Error;
use crate::item::text;
use crate::keys::{Item, Key};
use crate::page::Cursors;
use crate::retry::{Chance, Patience};

/// Items of one `BatchGetItem` call (`DynamoDB`, "Quotas").
const BATCH_GET: usize = 100;
/// Items of one `BatchWriteItem` call.
const BATCH_WRITE: usize = 25;
/// Batches in flight.
const AT_ONCE: usize = 4;

/// The table. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
    cursors: Arc<OnceLock<Cursors>>,
    pub(crate) chance: Chance,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Which items of one partition are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    /// The partition.
    pub(crate) pk: String,
    /// Only sort keys that begin so.
    pub(crate) prefix: String,
    /// Only what follows this sort key.
    pub(crate) after: Option<String>,
    /// From the end to the beginning.
    pub(crate) backward: bool,
    /// At most so many.
    pub(crate) limit: Option<usize>,
    /// Only items whose attribute `state` has this value.
    pub(crate) state: Option<&'static str>,
    /// Only these attributes: names that are no reserved words, separated by commas.
    pub(crate) only: Option<&'static str>,
}

impl Span {
    /// A whole partition.
    pub(crate) fn of(pk: String) -> Self {
        Self { pk, ..Self::default() }
    }

    /// What begins with a prefix in a partition.
    pub(crate) fn prefixed(pk: String, prefix: &str) -> Self {
        Self { pk, prefix: prefix.to_owned(), ..Self::default() }
    }
}

impl Table {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, name: impl Into<Arc<str>>) -> Self {
        Self { client, name: name.into(), cursors: Arc::default(), chance: Chance::default() }
    }

    /// With the key that authenticates page cursors. Without one a cursor is good only in the
    /// process that made it.
    #[must_use]
    pub fn with_cursor_key(mut self, key: &[u8]) -> Self {
        self.cursors = Arc::new(OnceLock::from(Cursors::new(key)));
        self
    }

    /// With waits that follow from a seed, and not from chance: for simulations that must be repeatable.
    #[must_use]
    pub fn with_seeded_waits(mut self, seed: u64) -> Self {
        self.chance = Chance::seeded(seed);
        self
    }

    pub(crate) fn cursors(&self) -> Result<&Cursors, Error> {
        match self.cursors.get() {
            Some(cursors) => Ok(cursors),
            None => {
                let made = Cursors::random()?;
                Ok(self.cursors.get_or_init(|| made))
            }
        }
    }

    /// One item, as it is now.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, Error> {
        let call = self.client.get_item().table_name(&*self.name).set_key(Some(key.item())).consistent_read(true);
        let answer = call.send().await.map_err(|error| Error::of_sdk("GetItem", &error))?;
        Ok(answer.item)
    }

    /// One page of a query, as it is now, and the sort key after which the next one begins.
    pub(crate) async fn query(&self, span: &Span) -> Result<(Vec<Item>, Option<String>), Error> {
        let answer = self.query_call(span).send().await.map_err(|error| Error::of_sdk("Query", &error))?;
        let last = answer.last_evaluated_key.and_then(|key| key.get("sk")?.as_s().ok().cloned());
        Ok((answer.items.unwrap_or_default(), last))
    }

    fn query_call(&self, span: &Span) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let Span { pk, prefix, after, backward, limit, state, only } = span;
        let condition = if prefix.is_empty() { "pk = :pk" } else { "pk = :pk AND begins_with(sk, :prefix)" };
        let start = after.as_ref().map(|sk| Key::new(pk.clone(), sk.clone()).item());
        let mut call = self
            .client
            .query()
            .table_name(&*self.name)
            .consistent_read(true)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", text(pk))
            .scan_index_forward(!backward)
            .set_exclusive_start_key(start)
            .set_projection_expression(only.map(str::to_owned))
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)));
        if !prefix.is_empty() {
            call = call.expression_attribute_values(":prefix", text(prefix));
        }
        if let Some(state) = state {
            call = call
                .filter_expression("#state = :state")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", text(*state));
        }
        if only.is_some_and(|only| only.contains("#state")) {
            call = call.expression_attribute_names("#state", "state");
        }
        call
    }

    /// All items of a span, page by page.
    pub(crate) async fn query_all(&self, mut span: Span) -> Result<Vec<Item>, Error> {
        let mut all = Vec::new();
        loop {
            let (items, last) = self.query(&span).await?;
            all.extend(items);
            match last {
                Some(last) => span.after = Some(last),
                None => return Ok(all),
            }
        }
    }

    /// How many items a span has.
    pub(crate) async fn count(&self, mut span: Span) -> Result<u64, Error> {
        let mut sum = 0;
        loop {
            let call = self.query_call(&span).select(aws_sdk_dynamodb::types::Select::Count);
            let answer = call.send().await.map_err(|error| Error::of_sdk("Query", &error))?;
            sum += u64::try_from(answer.count).unwrap_or_default();
            match answer.last_evaluated_key.and_then(|key| key.get("sk")?.as_s().ok().cloned()) {
                Some(last) => span.after = Some(last),
                None => return Ok(sum),
            }
        }
    }

    /// Items by key, as they are now, in no particular order. What does not exist is left out.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH_GET).map(<[Key]>::to_vec).collect();
        let calls = stream::iter(batches).map(|batch| self.get_batch(batch)).buffer_unordered(AT_ONCE);
        let found: Vec<Vec<Item>> = calls.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn get_batch(&self, keys: Vec<Key>) -> Result<Vec<Item>, Error> {
        let mut found = Vec::with_capacity(keys.len());
        let mut open = keys.iter().map(Key::item).collect::<Vec<_>>();
        let mut patience = Patience::new("BatchGetItem", self.chance.clone());
        while !open.is_empty() {
            let wanted = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
            let wanted = wanted.map_err(|_| not_built("BatchGetItem"))?;
            let call = self.client.batch_get_item().request_items(&*self.name, wanted);
            let answer = call.send().await.map_err(|error| Error::of_sdk("BatchGetItem", &error))?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            open = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
            if !open.is_empty() {
                patience.wait("UnprocessedKeys").await?;
            }
        }
        Ok(found)
    }

    /// Deletes items by key. Deleting what does not exist is fine.
    pub(crate) async fn delete_many(&self, keys: &[Key]) -> Result<(), Error> {
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH_WRITE).map(<[Key]>::to_vec).collect();
        stream::iter(batches).map(|batch| self.delete_batch(batch)).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn delete_batch(&self, keys: Vec<Key>) -> Result<(), Error> {
        let mut open = Vec::with_capacity(keys.len());
        for key in &keys {
            let delete = DeleteRequest::builder().set_key(Some(key.item())).build();
            let delete = delete.map_err(|_| not_built("BatchWriteItem"))?;
            open.push(WriteRequest::builder().delete_request(delete).build());
        }
        let mut patience = Patience::new("BatchWriteItem", self.chance.clone());
        while !open.is_empty() {
            let call = self.client.batch_write_item().request_items(&*self.name, open);
            let answer = call.send().await.map_err(|error| Error::of_sdk("BatchWriteItem", &error))?;
            open = answer.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if !open.is_empty() {
                patience.wait("UnprocessedItems").await?;
            }
        }
        Ok(())
    }

    /// Writes one item where a condition holds; `None` for always.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the condition does not hold.
    pub(crate) async fn put(&self, kind: &'static str, item: Item, condition: Option<Condition>) -> Result<(), Error> {
        let mut call = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        if let Some(Condition { expression, values }) = condition {
            call = call.condition_expression(expression).set_expression_attribute_values(values);
        }
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Err(Error::Conflict { item: kind })
            }
            Err(error) => Err(Error::of_sdk("PutItem", &error)),
        }
    }

    /// Deletes one item.
    pub(crate) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let call = self.client.delete_item().table_name(&*self.name).set_key(Some(key.item()));
        call.send().await.map(|_| ()).map_err(|error| Error::of_sdk("DeleteItem", &error))
    }
}

/// What must hold for a write.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// A condition expression with values as placeholders only.
    pub(crate) expression: &'static str,
    /// The values.
    pub(crate) values: Option<HashMap<String, AttributeValue>>,
}

/// A request that the SDK would not build: a mistake in this code.
pub(crate) fn not_built(operation: &'static str) -> Error {
    Error::Refused { operation, code: "request not built".to_owned() }
}
