//! Reading: `GetItem`, `BatchGetItem`, `Query`, `Scan`.

use std::ops::Bound;

use serde_json::{Map, Value as Json, json};

use super::error::Refusal;
use super::expression::{Comparison, Condition, Names, Operand, Path, Step, projection};
use super::request::{BatchGet, BatchKeys, GetItem, Query, Scan};
use super::table::{Key, Schema, Table};
use super::value::{Item, Value, checked_item, item_size};

/// What one page of a query or scan may read. Source: "Querying tables in `DynamoDB`", "Paginating".
const PAGE: usize = 1_048_576;
/// Keys of one batch.
const KEYS: usize = 100;
/// Bytes of one batch's answer.
const BATCH: usize = 16 * 1_048_576;

/// Who holds the tables.
pub(super) trait Tables {
    fn table(&self, name: &str) -> Result<&Table, Refusal>;
}

pub(super) fn get_item(tables: &impl Tables, call: GetItem) -> Result<Json, Refusal> {
    let table = tables.table(&call.table_name)?;
    let names = Names::new(call.expression_attribute_names, None)?;
    let paths = call.projection_expression.map(|text| projection(&text, &names)).transpose()?;
    names.check_used()?;
    let found = table.get(&table.schema.exact(&call.key)?);
    Ok(found.map_or_else(|| json!({}), |item| json!({"Item": shown(item, paths.as_deref())})))
}

pub(super) fn batch_get(tables: &impl Tables, call: BatchGet) -> Result<Json, Refusal> {
    let count: usize = call.request_items.values().map(|wanted| wanted.keys.len()).sum();
    if count > KEYS {
        return Err(Refusal::validation("Too many items requested for the BatchGetItem call"));
    }
    let (mut responses, mut unprocessed, mut size) = (Map::new(), Map::new(), 0);
    for (name, wanted) in call.request_items {
        let table = tables.table(&name)?;
        let (found, left) = batch_of(table, &wanted, &mut size)?;
        if !left.is_empty() {
            let mut rest = json!({"Keys": left, "ConsistentRead": wanted.consistent_read.unwrap_or(false)});
            if let (Some(text), Some(members)) = (&wanted.projection_expression, rest.as_object_mut()) {
                members.insert("ProjectionExpression".to_owned(), text.as_str().into());
                members.insert("ExpressionAttributeNames".to_owned(), json!(wanted.expression_attribute_names));
            }
            unprocessed.insert(name.clone(), rest);
        }
        responses.insert(name, json!(found));
    }
    Ok(json!({"Responses": responses, "UnprocessedKeys": unprocessed}))
}

fn batch_of(table: &Table, wanted: &BatchKeys, size: &mut usize) -> Result<(Vec<Item>, Vec<Item>), Refusal> {
    let names = Names::new(wanted.expression_attribute_names.clone(), None)?;
    let paths = wanted.projection_expression.as_ref().map(|text| projection(text, &names)).transpose()?;
    names.check_used()?;
    if wanted.keys.is_empty() {
        return Err(Refusal::validation("The list of keys in RequestItems for BatchGetItem is required"));
    }
    let mut keys: Vec<Key> = wanted.keys.iter().map(|key| table.schema.exact(key)).collect::<Result<_, _>>()?;
    let count = keys.len();
    keys.sort();
    keys.dedup();
    if keys.len() < count {
        return Err(Refusal::validation("Provided list of item keys contains duplicates"));
    }
    let (mut found, mut left) = (Vec::new(), Vec::new());
    for key in &wanted.keys {
        let Some(item) = table.get(&table.schema.exact(key)?) else { continue };
        *size += item_size(item);
        if *size > BATCH {
            left.push(key.clone());
        } else {
            found.push(shown(item, paths.as_deref()));
        }
    }
    Ok((found, left))
}

pub(super) fn query(tables: &impl Tables, call: Query) -> Result<Json, Refusal> {
    let table = tables.table(&call.table_name)?;
    let index = call.index_name.as_deref().map(|name| table.index(name)).transpose()?;
    if index.is_some() && call.consistent_read == Some(true) {
        return Err(Refusal::validation("Consistent reads are not supported on global secondary indexes"));
    }
    let schema = index.map_or(&table.schema, |index| &index.schema);
    let names = Names::new(call.expression_attribute_names, call.expression_attribute_values)?;
    let text = call.key_condition_expression.as_deref();
    let text = text.ok_or_else(|| {
        Refusal::validation(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        )
    })?;
    let wanted = Wanted::of(&Condition::parse(text, &names)?, schema)?;
    let filter = call.filter_expression.map(|text| Condition::parse(&text, &names)).transpose()?;
    let paths = call.projection_expression.map(|text| projection(&text, &names)).transpose()?;
    names.check_used()?;
    let backward = call.scan_index_forward == Some(false);
    let start = match call.exclusive_start_key {
        Some(start) => Some(start_of(table, schema, checked_item(start)?, index.is_some())?),
        None => None,
    };
    let rows: Box<dyn Iterator<Item = (Key, Key, Item)>> = match index {
        Some(index) => directed(table.indexed(index, &wanted.partition).into_iter(), backward),
        None => {
            // Only what the page shows is looked at and copied: a partition can be large.
            let sort = start.as_ref().map(|(key, _)| key.1.as_str());
            let prefix = wanted.prefix();
            let rest = match (sort, backward) {
                (None, false) => (prefix.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded),
                (None, true) => (Bound::Unbounded, Bound::Unbounded),
                (Some(sort), false) => (Bound::Excluded(sort), Bound::Unbounded),
                (Some(sort), true) => (Bound::Unbounded, Bound::Excluded(sort)),
            };
            let items = table.items.get(&wanted.partition).map(|items| items.range::<str, _>(rest));
            let has_prefix = move |sort: &str| prefix.is_none_or(|prefix| sort.starts_with(prefix));
            let items = directed(items.into_iter().flatten(), backward)
                .take_while(move |(sort, _)| backward || has_prefix(sort))
                .filter(move |(sort, _)| has_prefix(sort));
            let key = |sort: &String| (wanted.partition.clone(), sort.clone());
            Box::new(items.map(move |(sort, item)| (key(sort), key(sort), item.clone())))
        }
    };
    let follows = |key: &Key, own: &Key| match &start {
        None => true,
        Some(start) if backward => (key, own) < (&start.0, &start.1),
        Some(start) => (key, own) > (&start.0, &start.1),
    };
    let rows = rows.filter(|(key, own, item)| {
        wanted.sort.as_ref().is_none_or(|condition| condition.holds(item)) && follows(key, own)
    });
    let page = page(rows, limit(call.limit)?, filter.as_ref());
    let only_count = call.select.as_deref() == Some("COUNT");
    let mut answer = json!({"Count": page.items.len(), "ScannedCount": page.scanned});
    if let Some(members) = answer.as_object_mut() {
        if !only_count {
            let items: Vec<Item> = page.items.iter().map(|item| shown(item, paths.as_deref())).collect();
            members.insert("Items".to_owned(), json!(items));
        }
        if let Some((key, own)) = page.last {
            let mut last = key_item(&table.schema, &own);
            if index.is_some() {
                last.append(&mut key_item(schema, &key));
            }
            members.insert("LastEvaluatedKey".to_owned(), json!(last));
        }
    }
    Ok(answer)
}

pub(super) fn scan(tables: &impl Tables, call: Scan) -> Result<Json, Refusal> {
    let table = tables.table(&call.table_name)?;
    let start = call.exclusive_start_key.map(|key| table.schema.exact(&key)).transpose()?;
    let all =
        table.items.iter().flat_map(|(pk, items)| items.iter().map(move |(sk, item)| ((pk.clone(), sk.clone()), item)));
    let rows = all.filter(|(key, _)| start.as_ref().is_none_or(|start| key > start));
    let page = page(rows.map(|(key, item)| (key.clone(), key, item.clone())), limit(call.limit)?, None);
    let mut answer = json!({"Count": page.items.len(), "ScannedCount": page.scanned, "Items": page.items});
    if let (Some((_, own)), Some(members)) = (page.last, answer.as_object_mut()) {
        members.insert("LastEvaluatedKey".to_owned(), json!(key_item(&table.schema, &own)));
    }
    Ok(answer)
}

fn limit(limit: Option<i64>) -> Result<Option<usize>, Refusal> {
    match limit {
        None => Ok(None),
        Some(limit) if limit >= 1 => Ok(Some(usize::try_from(limit).unwrap_or(usize::MAX))),
        Some(limit) => Err(Refusal::validation(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
        ))),
    }
}

struct Page {
    items: Vec<Item>,
    scanned: usize,
    last: Option<(Key, Key)>,
}

/// Forward or backward.
fn directed<'a, T: 'a>(
    all: impl DoubleEndedIterator<Item = T> + 'a,
    backward: bool,
) -> Box<dyn Iterator<Item = T> + 'a> {
    if backward { Box::new(all.rev()) } else { Box::new(all) }
}

/// As much as a page may read. Limit and size count what is read, before the filter.
fn page(rows: impl Iterator<Item = (Key, Key, Item)>, limit: Option<usize>, filter: Option<&Condition>) -> Page {
    let mut page = Page { items: Vec::new(), scanned: 0, last: None };
    let mut size = 0;
    for (key, own, item) in rows {
        page.scanned += 1;
        size += item_size(&item);
        if filter.is_none_or(|filter| filter.holds(&item)) {
            page.items.push(item);
        }
        // A page that is filled exactly ends with a key, whether anything follows or not.
        if limit.is_some_and(|limit| page.scanned >= limit) || size >= PAGE {
            page.last = Some((key, own));
            return page;
        }
    }
    page
}

/// What a key condition asks for.
struct Wanted {
    partition: String,
    sort: Option<Condition>,
}

impl Wanted {
    /// What all sort keys begin with that are asked for.
    fn prefix(&self) -> Option<&str> {
        match &self.sort {
            Some(Condition::BeginsWith(_, Operand::Value(Value::S(prefix)))) => Some(prefix),
            _ => None,
        }
    }

    fn of(condition: &Condition, schema: &Schema) -> Result<Self, Refusal> {
        let refused = |what: &str| Refusal::validation(format!("Query condition missed key schema element: {what}"));
        let (first, second) = match condition {
            Condition::And(one, two) => (&**one, Some(&**two)),
            one => (one, None),
        };
        let (partition, sort) = match (partition_of(first, schema), second) {
            (Some(partition), sort) => (partition, sort),
            (None, Some(two)) => (partition_of(two, schema).ok_or_else(|| refused(&schema.partition))?, Some(first)),
            (None, None) => return Err(refused(&schema.partition)),
        };
        if let Some(sort) = sort {
            let name = schema.sort.as_deref().unwrap_or_default();
            if !is_of_sort_key(sort, name) {
                return Err(Refusal::validation("Query key condition not supported"));
            }
        }
        Ok(Self { partition, sort: sort.cloned() })
    }
}

fn partition_of(condition: &Condition, schema: &Schema) -> Option<String> {
    match condition {
        Condition::Compare(Operand::Path(path), Comparison::Equal, Operand::Value(Value::S(text)))
            if is_name(path, &schema.partition) =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}

fn is_of_sort_key(condition: &Condition, name: &str) -> bool {
    let is_sort = |operand: &Operand| matches!(operand, Operand::Path(path) if is_name(path, name));
    match condition {
        Condition::Compare(one, comparison, Operand::Value(_)) => *comparison != Comparison::Different && is_sort(one),
        Condition::Between(one, Operand::Value(_), Operand::Value(_)) => is_sort(one),
        Condition::BeginsWith(path, Operand::Value(_)) => is_name(path, name),
        _ => false,
    }
}

fn is_name(path: &Path, name: &str) -> bool {
    matches!(path.0.as_slice(), [Step::Name(only)] if only == name)
}

fn start_of(table: &Table, schema: &Schema, start: Item, indexed: bool) -> Result<(Key, Key), Refusal> {
    let wrong = || Refusal::validation("The provided starting key is invalid");
    if !indexed {
        let key = table.schema.exact(&start).map_err(|_| wrong())?;
        return Ok((key.clone(), key));
    }
    Ok((schema.sparse(&start).ok_or_else(wrong)?, table.schema.sparse(&start).ok_or_else(wrong)?))
}

fn key_item(schema: &Schema, key: &Key) -> Item {
    let sort = schema.sort.iter().map(|name| (name.clone(), Value::S(key.1.clone())));
    std::iter::once((schema.partition.clone(), Value::S(key.0.clone()))).chain(sort).collect()
}

/// What a projection leaves of an item. Inner values are shown whole: only attributes at the top are projected here.
fn shown(item: &Item, paths: Option<&[Path]>) -> Item {
    let Some(paths) = paths else { return item.clone() };
    let tops = paths.iter().filter_map(|path| Some((path.top().to_owned(), item.get(path.top())?.clone())));
    tops.collect()
}
