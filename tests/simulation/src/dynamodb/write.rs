//! Writing: `PutItem`, `UpdateItem`, `DeleteItem`, `BatchWriteItem`, `TransactWriteItems`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::error::{Reason, Refusal};
use super::expression::{Condition, Names, Update};
use super::request::{BatchWrite, BatchWriteOne, Transact, TransactOne, Write};
use super::table::{Key, Schema, Table};
use super::value::{Item, checked_item, item_size};

/// Writes of one batch.
const BATCH: usize = 25;
/// Writes of one transaction. Source: "`TransactWriteItems`", API reference.
const TRANSACTION: usize = 100;
/// Bytes of one transaction.
const TRANSACTION_BYTES: usize = 4 * 1_048_576;

/// What a write does to its item.
enum Effect {
    Put(Item),
    Update(Update),
    Delete,
    Check,
}

/// A write that was read and found in order, before it is known whether its condition holds.
pub(super) struct Prepared {
    table: String,
    key: Key,
    key_item: Item,
    effect: Effect,
    condition: Option<Condition>,
    returns: Option<String>,
    shows_old: bool,
}

/// What a write comes to.
struct Outcome {
    before: Option<Item>,
    /// `None` for an item that is gone.
    after: Option<Item>,
}

/// The kind of a single write.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Put,
    Update,
    Delete,
    Check,
}

impl Prepared {
    pub(super) fn new(schema: &Schema, kind: Kind, write: Write) -> Result<Self, Refusal> {
        let names = Names::new(write.expression_attribute_names, write.expression_attribute_values)?;
        let required = |what: &str| Refusal::validation(format!("{what} is required"));
        let (key, key_item, effect) = match kind {
            Kind::Put => {
                let item = checked_item(write.item.ok_or_else(|| required("Item"))?)?;
                (schema.key(&item)?, Item::new(), Effect::Put(item))
            }
            Kind::Update | Kind::Delete | Kind::Check => {
                let key_item = checked_item(write.key.ok_or_else(|| required("Key"))?)?;
                let effect = match kind {
                    Kind::Update => {
                        let text = write.update_expression.as_deref();
                        Effect::Update(text.map(|text| Update::parse(text, &names)).transpose()?.unwrap_or_default())
                    }
                    Kind::Delete => Effect::Delete,
                    _ => Effect::Check,
                };
                (schema.exact(&key_item)?, key_item, effect)
            }
        };
        if let Effect::Update(update) = &effect {
            for path in update.paths() {
                if schema.attributes().any(|name| name == path.top()) {
                    return Err(Refusal::validation(format!(
                        "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
                        path.top()
                    )));
                }
            }
        }
        let condition = write.condition_expression.map(|text| Condition::parse(&text, &names)).transpose()?;
        names.check_used()?;
        Ok(Self {
            table: write.table_name,
            key,
            key_item,
            effect,
            condition,
            returns: write.return_values,
            shows_old: write.return_values_on_condition_check_failure.as_deref() == Some("ALL_OLD"),
        })
    }

    fn outcome(&self, table: &Table) -> Result<Outcome, Refusal> {
        let before = table.get(&self.key).cloned();
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(before.as_ref().unwrap_or(&Item::new()))) {
            return Err(Refusal::condition());
        }
        let after = match &self.effect {
            Effect::Put(item) => Some(item.clone()),
            Effect::Update(update) => Some(update.apply(before.as_ref().unwrap_or(&self.key_item))?),
            Effect::Delete => None,
            Effect::Check => before.clone(),
        };
        if let Some(after) = &after {
            table.check(after)?;
        }
        Ok(Outcome { before, after })
    }

    fn apply(&self, table: &mut Table, outcome: &Outcome) {
        if matches!(self.effect, Effect::Check) {
            return;
        }
        match &outcome.after {
            Some(item) => drop(table.put(&self.key, item.clone())),
            None => drop(table.delete(&self.key)),
        }
    }

    const fn is_write(&self) -> bool {
        !matches!(self.effect, Effect::Check)
    }

    /// Where it writes.
    pub(super) fn place(&self) -> (String, Key) {
        (self.table.clone(), self.key.clone())
    }
}

/// Who holds the tables, and is told of each item that was written.
pub(super) trait TablesMut {
    fn table(&self, name: &str) -> Result<&Table, Refusal>;
    fn table_mut(&mut self, name: &str) -> Result<&mut Table, Refusal>;
    fn wrote(&mut self, key: &Key, before: Option<Item>, after: Option<Item>);
}

pub(super) fn one(tables: &mut impl TablesMut, kind: Kind, write: Write) -> Result<Json, Refusal> {
    let schema = tables.table(&write.table_name)?.schema.clone();
    let prepared = Prepared::new(&schema, kind, write)?;
    let outcome = prepared.outcome(tables.table(&prepared.table)?)?;
    prepared.apply(tables.table_mut(&prepared.table)?, &outcome);
    let shown = match prepared.returns.as_deref() {
        None | Some("NONE") => None,
        Some("ALL_OLD") => outcome.before.clone(),
        Some("ALL_NEW") => outcome.after.clone(),
        Some(other) => return Err(Refusal::validation(format!("ReturnValues {other} is not simulated"))),
    };
    tables.wrote(&prepared.key, outcome.before, outcome.after);
    Ok(shown.map_or_else(|| json!({}), |item| json!({"Attributes": item})))
}

pub(super) fn batch(tables: &mut impl TablesMut, call: BatchWrite) -> Result<Json, Refusal> {
    let count: usize = call.request_items.values().map(Vec::len).sum();
    if count > BATCH {
        return Err(Refusal::validation("Too many items requested for the BatchWriteItem call"));
    }
    if count == 0 {
        return Err(Refusal::validation("The batch write request list for a table cannot be null or empty"));
    }
    let mut prepared = Vec::new();
    let mut places = BTreeSet::new();
    for (name, writes) in call.request_items {
        let schema = tables.table(&name)?.schema.clone();
        for write in writes {
            let (kind, item, key) = match write {
                BatchWriteOne::PutRequest { item } => (Kind::Put, Some(item), None),
                BatchWriteOne::DeleteRequest { key } => (Kind::Delete, None, Some(key)),
            };
            let one = Prepared::new(&schema, kind, Write { item, key, ..Write::of(&name) })?;
            if !places.insert(one.place()) {
                return Err(Refusal::validation("Provided list of item keys contains duplicates"));
            }
            prepared.push(one);
        }
    }
    let outcomes = prepared.iter().map(|one| one.outcome(tables.table(&one.table)?)).collect::<Result<Vec<_>, _>>()?;
    for (one, outcome) in prepared.iter().zip(outcomes) {
        one.apply(tables.table_mut(&one.table)?, &outcome);
        tables.wrote(&one.key, outcome.before, outcome.after);
    }
    Ok(json!({"UnprocessedItems": {}}))
}

impl Write {
    fn of(table: &str) -> Self {
        Self {
            table_name: table.to_owned(),
            item: None,
            key: None,
            update_expression: None,
            condition_expression: None,
            expression_attribute_names: None,
            expression_attribute_values: None,
            return_values: None,
            return_values_on_condition_check_failure: None,
        }
    }
}

/// All of it or nothing.
pub(super) fn transact(tables: &mut impl TablesMut, call: Transact) -> Result<Json, Refusal> {
    if call.transact_items.is_empty() || call.transact_items.len() > TRANSACTION {
        return Err(Refusal::validation(format!(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to {TRANSACTION}"
        )));
    }
    let mut prepared = Vec::new();
    let mut places = BTreeSet::new();
    for write in call.transact_items {
        let (kind, write) = match write {
            TransactOne::Put(write) => (Kind::Put, write),
            TransactOne::Update(write) => (Kind::Update, write),
            TransactOne::Delete(write) => (Kind::Delete, write),
            TransactOne::ConditionCheck(write) => (Kind::Check, write),
        };
        let schema = tables.table(&write.table_name)?.schema.clone();
        let one = Prepared::new(&schema, kind, write)?;
        if !places.insert(one.place()) {
            return Err(Refusal::validation("Transaction request cannot include multiple operations on one item"));
        }
        prepared.push(one);
    }
    let outcomes = all_or_none(tables, &prepared)?;
    for (one, outcome) in prepared.iter().zip(outcomes) {
        one.apply(tables.table_mut(&one.table)?, &outcome);
        if one.is_write() {
            tables.wrote(&one.key, outcome.before, outcome.after);
        }
    }
    Ok(json!({}))
}

fn all_or_none(tables: &impl TablesMut, prepared: &[Prepared]) -> Result<Vec<Outcome>, Refusal> {
    let (mut outcomes, mut reasons, mut failed, mut bytes) = (Vec::new(), Vec::new(), false, 0);
    for one in prepared {
        let table = tables.table(&one.table)?;
        match one.outcome(table) {
            Ok(outcome) => {
                bytes += outcome.after.as_ref().map_or(0, item_size);
                outcomes.push(outcome);
                reasons.push(Reason::default());
            }
            Err(refusal) => {
                failed = true;
                let code =
                    if refusal.code == "ValidationException" { "ValidationError" } else { "ConditionalCheckFailed" };
                let item = if one.shows_old { table.get(&one.key).cloned() } else { None };
                reasons.push(Reason { code: Some(code), message: refusal.message, item });
            }
        }
    }
    if failed {
        return Err(Refusal::cancelled(reasons));
    }
    if bytes > TRANSACTION_BYTES {
        return Err(Refusal::validation("Transaction size exceeds the limit of 4 MB"));
    }
    Ok(outcomes)
}

/// Requests by their token, for ten minutes.
#[derive(Debug, Default)]
pub(super) struct Tokens(BTreeMap<String, (i64, u64)>);

/// How long a token is remembered, in milliseconds.
const TOKEN_LIFE: i64 = 600_000;

impl Tokens {
    /// Whether this very request was carried out before.
    ///
    /// # Errors
    /// The token stood for another request.
    pub(super) fn is_known(&mut self, token: &str, digest: u64, now: i64) -> Result<bool, Refusal> {
        self.0.retain(|_, (at, _)| now - *at < TOKEN_LIFE);
        match self.0.get(token) {
            Some((_, known)) if *known == digest => Ok(true),
            Some(_) => Err(Refusal::new(
                400,
                "IdempotentParameterMismatchException",
                "The request uses the same client token as a previous, but non-identical request.",
            )),
            None => Ok(false),
        }
    }

    /// The request was carried out.
    pub(super) fn note(&mut self, token: String, digest: u64, now: i64) {
        self.0.insert(token, (now, digest));
    }
}
