//! The recycle bin: list, read, restore, delete for good.

use super::listing::{self, Shape};
use super::objects::single;
use super::query::Query;
use super::{Call, GraphError, Outcome, access};
use crate::directory::{Directory, Kind, Object, Presence, Slot};
use crate::reply::Reply;
use uuid::Uuid;

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Outcome {
    match (call.request.method.as_str(), path) {
        ("GET", []) => {
            Err(GraphError::bad_request("Resource collection needs a type cast, such as microsoft.graph.user."))
        }
        ("GET", [cast]) if cast.starts_with("microsoft.graph.") => list(call, cast),
        ("GET", [key]) => get(call, key),
        ("DELETE", [key]) => purge(call, key),
        ("POST", [key, "restore" | "microsoft.graph.restore"]) => restore(call, key),
        _ => Err(super::no_segment(path.last().copied().unwrap_or_default())),
    }
}

fn list(call: &Call<'_>, cast: &str) -> Outcome {
    let kind = Kind::from_type_name(cast).ok_or_else(|| super::no_segment(cast))?;
    need_read(call, kind)?;
    let query = Query::parse(call.request)?;
    if query.order_by.is_some() && !query.advanced() {
        return Err(GraphError::unsupported(
            "$orderby needs the header 'ConsistencyLevel: eventual' and the query option '$count=true'.",
        ));
    }
    let filter = query.filter.as_deref().map(|text| super::filter::parse(text, kind)).transpose()?;
    let shape = Shape::of_kind(&query, kind)?;
    call.with_view(|view| {
        let wanted = |object: &Object| {
            is_deleted(object) && filter.as_ref().is_none_or(|filter| super::filter::matches(filter, view, object))
        };
        let page = listing::scan(call, &query, view, kind, wanted)?;
        Ok(listing::reply(call, view, &page, &shape, super::objects::collection(kind)))
    })
}

fn get(call: &Call<'_>, key: &str) -> Outcome {
    let query = Query::parse(call.request)?;
    call.with_view(|view| {
        let slot = find(view.directory(), key)?;
        let object = view.object(slot).filter(|object| is_deleted(object)).ok_or_else(|| GraphError::not_found(key))?;
        need_read(call, object.kind)?;
        let shape = Shape::of_all_kinds(call, &query)?;
        Ok(single(call, view, object, &shape, "directoryObjects"))
    })
}

fn restore(call: &Call<'_>, key: &str) -> Outcome {
    need_write(call, key)?;
    let body = super::body(call).unwrap_or_default();
    let name = body.get("newUserPrincipalName").and_then(serde_json::Value::as_str);
    let slot = call.tenant.change(call.state, |directory, now| {
        let slot = find(directory, key)?;
        directory.restore(slot, name, now)?;
        Ok::<_, GraphError>(slot)
    })?;
    let query = Query::parse(call.request)?;
    let shape = Shape::of_all_kinds(call, &query)?;
    call.with_view(|view| {
        let object = view.object(slot).ok_or_else(|| GraphError::not_found(key))?;
        Ok(single(call, view, object, &shape, "directoryObjects"))
    })
}

fn purge(call: &Call<'_>, key: &str) -> Outcome {
    need_write(call, key)?;
    call.tenant.change(call.state, |directory, now| {
        let slot = find(directory, key)?;
        directory.purge(slot, now).map_err(GraphError::from)
    })?;
    Ok(Reply::empty(204))
}

fn is_deleted(object: &Object) -> bool {
    matches!(object.presence, Presence::Deleted(_))
}

fn find(directory: &Directory, key: &str) -> Result<Slot, GraphError> {
    let slot = Uuid::parse_str(key).ok().and_then(|id| directory.find(id));
    slot.filter(|slot| directory.object(*slot).is_some_and(is_deleted)).ok_or_else(|| GraphError::not_found(key))
}

fn need_read(call: &Call<'_>, kind: Kind) -> Result<(), GraphError> {
    match kind {
        Kind::User => call.need(access::READ_USERS),
        Kind::Group => call.need(access::READ_WHOLE_GROUPS),
        _ => call.need(access::READ_OTHERS),
    }
}

fn need_write(call: &Call<'_>, key: &str) -> Result<(), GraphError> {
    let kind = call.with_view(|view| {
        let slot = find(view.directory(), key)?;
        Ok::<_, GraphError>(view.object(slot).map(|object| object.kind))
    })?;
    match kind {
        Some(Kind::User) => call.need(access::DELETE_USERS),
        _ => call.need(access::WRITE_GROUPS),
    }
}
