//! `directoryObjects`: objects of any kind by id.

use super::listing::{self, Page, Shape};
use super::objects::single;
use super::query::Query;
use super::{Call, GraphError, Outcome};
use crate::directory::{Kind, Slot};
use serde_json::Value;
use uuid::Uuid;

/// `getByIds` takes so many ids at most.
const MOST_IDS: usize = 1_000;

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Outcome {
    match (call.request.method.as_str(), path) {
        ("POST", ["getByIds" | "microsoft.graph.getByIds"]) => get_by_ids(call),
        ("GET", [key]) => get(call, key),
        _ => Err(super::no_segment(path.first().copied().unwrap_or_default())),
    }
}

fn get(call: &Call<'_>, key: &str) -> Outcome {
    let query = Query::parse(call.request)?;
    let shape = Shape::of_all_kinds(call, &query)?;
    call.with_view(|view| {
        let found = Uuid::parse_str(key).ok().and_then(|id| view.find(id));
        let (_, object) = found.ok_or_else(|| GraphError::not_found(key))?;
        call.need_read(object.kind)?;
        Ok(single(call, view, object, &shape, "directoryObjects"))
    })
}

/// Ids that do not exist are passed over.
fn get_by_ids(call: &Call<'_>) -> Outcome {
    let query = Query::parse(call.request)?;
    let body = super::body(call)?;
    let ids = body
        .get("ids")
        .and_then(Value::as_array)
        .ok_or_else(|| GraphError::bad_request("The parameter 'ids' is required."))?;
    if ids.len() > MOST_IDS {
        return Err(GraphError::bad_request(format!("Too many ids: the limit is {MOST_IDS}.")));
    }
    let kinds: Option<Vec<Kind>> = body
        .get("types")
        .and_then(Value::as_array)
        .map(|types| types.iter().filter_map(Value::as_str).filter_map(Kind::from_type_name).collect());
    let shape = Shape::of_all_kinds(call, &query)?;
    call.with_view(|view| {
        let found = ids.iter().filter_map(|id| view.find(Uuid::parse_str(id.as_str()?).ok()?));
        let slots: Vec<Slot> = found
            .filter(|(_, object)| kinds.as_ref().is_none_or(|kinds| kinds.contains(&object.kind)))
            .map(|(slot, _)| slot)
            .collect();
        let page = Page { slots, next: None, total: None };
        Ok(listing::reply(call, view, &page, &shape, "directoryObjects"))
    })
}
