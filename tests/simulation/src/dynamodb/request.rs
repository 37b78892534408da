//! Requests as the JSON protocol writes them. What the project does not use is refused, not ignored.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::value::Item;

type NameMap = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct GetItem {
    pub(super) table_name: String,
    pub(super) key: Item,
    #[serde(rename = "ConsistentRead")]
    pub(super) _consistent_read: Option<bool>,
    pub(super) projection_expression: Option<String>,
    pub(super) expression_attribute_names: Option<NameMap>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Query {
    pub(super) table_name: String,
    pub(super) index_name: Option<String>,
    pub(super) consistent_read: Option<bool>,
    pub(super) key_condition_expression: Option<String>,
    pub(super) filter_expression: Option<String>,
    pub(super) projection_expression: Option<String>,
    pub(super) expression_attribute_names: Option<NameMap>,
    pub(super) expression_attribute_values: Option<Item>,
    pub(super) scan_index_forward: Option<bool>,
    pub(super) limit: Option<i64>,
    pub(super) exclusive_start_key: Option<Item>,
    pub(super) select: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct BatchGet {
    pub(super) request_items: BTreeMap<String, BatchKeys>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct BatchKeys {
    pub(super) keys: Vec<Item>,
    pub(super) consistent_read: Option<bool>,
    pub(super) projection_expression: Option<String>,
    pub(super) expression_attribute_names: Option<NameMap>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct BatchWrite {
    pub(super) request_items: BTreeMap<String, Vec<BatchWriteOne>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum BatchWriteOne {
    PutRequest {
        #[serde(rename = "Item")]
        item: Item,
    },
    DeleteRequest {
        #[serde(rename = "Key")]
        key: Item,
    },
}

/// A put, an update, a delete or a condition check, alone or in a transaction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Write {
    pub(super) table_name: String,
    pub(super) item: Option<Item>,
    pub(super) key: Option<Item>,
    pub(super) update_expression: Option<String>,
    pub(super) condition_expression: Option<String>,
    pub(super) expression_attribute_names: Option<NameMap>,
    pub(super) expression_attribute_values: Option<Item>,
    pub(super) return_values: Option<String>,
    pub(super) return_values_on_condition_check_failure: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Transact {
    pub(super) transact_items: Vec<TransactOne>,
    pub(super) client_request_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum TransactOne {
    Put(Write),
    Update(Write),
    Delete(Write),
    ConditionCheck(Write),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Scan {
    pub(super) table_name: String,
    pub(super) exclusive_start_key: Option<Item>,
    pub(super) limit: Option<i64>,
    #[serde(rename = "ConsistentRead")]
    pub(super) _consistent_read: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateTable {
    pub(super) table_name: String,
    pub(super) key_schema: Vec<KeyElement>,
    pub(super) global_secondary_indexes: Option<Vec<CreateIndex>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateIndex {
    pub(super) index_name: String,
    pub(super) key_schema: Vec<KeyElement>,
    pub(super) projection: CreateProjection,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateProjection {
    pub(super) projection_type: Option<String>,
    pub(super) non_key_attributes: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyElement {
    pub(super) attribute_name: String,
    pub(super) key_type: String,
}
