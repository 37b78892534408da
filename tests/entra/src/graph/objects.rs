//! Users and groups: lists, counts and single objects.

use super::expand::{self, Place};
use super::filter::{self, Filter};
use super::listing::{self, Page, Shape};
use super::query::Query;
use super::search;
use super::{Call, GraphError, Outcome};
use crate::directory::{Kind, Object, Slot, View};
use crate::reply::Reply;
use uuid::Uuid;

/// `GET /users` and `GET /groups`.
pub(super) fn list(call: &Call<'_>, kind: Kind) -> Outcome {
    let query = Query::parse(call.request)?;
    call.need_read(kind)?;
    check_collection(call, &query, kind)?;
    let filter = parse_filter(&query, kind)?;
    let shape = Shape::of_kind(&query, kind)?;
    call.with_view(|view| {
        let page = page(call, &query, view, kind, filter.as_ref())?;
        Ok(listing::reply(call, view, &page, &shape, collection(kind)))
    })
}

/// `GET /users/$count` and `GET /groups/$count`.
pub(super) fn count(call: &Call<'_>, kind: Kind) -> Outcome {
    let query = Query::parse(call.request)?;
    call.need_read(kind)?;
    need_count_header(&query)?;
    let filter = match &query.filter {
        Some(text) => Some(filter::parse(text, kind)?),
        None => None,
    };
    call.with_view(|view| {
        let wanted = |object: &Object| {
            object.is_live() && filter.as_ref().is_none_or(|filter| filter::matches(filter, view, object))
        };
        let total = view.from(Slot(0), kind).filter(|(_, object)| wanted(object)).count();
        Ok(Reply::bytes(200, "text/plain", total.to_string()))
    })
}

/// A `$count` segment needs the header.
pub(super) fn need_count_header(query: &Query) -> Result<(), GraphError> {
    if query.eventual { Ok(()) } else { Err(GraphError::bad_request("$count is not currently supported.")) }
}

/// `GET /users/{id or userPrincipalName}` and `GET /groups/{id}`.
pub(super) fn get(call: &Call<'_>, kind: Kind, key: &str) -> Outcome {
    let query = Query::parse(call.request)?;
    call.need_read(kind)?;
    check_readable(call, &query, kind)?;
    expand::check(call, &query, kind, Place::Single)?;
    let shape = Shape::of_kind(&query, kind)?;
    call.with_view(|view| {
        let (_, object) = find(view, kind, key)?;
        Ok(single(call, view, object, &shape, collection(kind)))
    })
}

/// Writes one object as a whole answer.
pub(super) fn single(call: &Call<'_>, view: &View<'_>, object: &Object, shape: &Shape, context: &str) -> Reply {
    let mut row = Vec::new();
    shape.write(&mut row, view, object);
    let mut out = Vec::with_capacity(row.len() + 128);
    listing::open_page(&mut out, call, &format!("{context}/$entity"));
    if let Some(members) = row.get(1..).filter(|members| *members != b"}") {
        out.push(b',');
        out.extend_from_slice(members);
    } else {
        out.push(b'}');
    }
    Reply::bytes(200, super::JSON, out)
}

/// The live object that a path segment names: by id, and users by userPrincipalName too.
pub(super) fn find<'view>(view: &'view View<'_>, kind: Kind, key: &str) -> Result<(Slot, &'view Object), GraphError> {
    let by_id = Uuid::parse_str(key).ok().and_then(|id| view.directory().find(id));
    let by_name = || (kind == Kind::User).then(|| view.directory().find_user_principal_name(key)).flatten();
    let slot = by_id.or_else(by_name).ok_or_else(|| GraphError::not_found(key))?;
    let found = view.live(slot).filter(|object| object.kind == kind);
    found.map(|object| (slot, object)).ok_or_else(|| GraphError::not_found(key))
}

/// The name of a kind's collection.
pub(super) fn collection(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "users",
        Kind::Group => "groups",
        _ => "directoryObjects",
    }
}

fn check_collection(call: &Call<'_>, query: &Query, kind: Kind) -> Result<(), GraphError> {
    check_readable(call, query, kind)?;
    for name in query.select.iter().flatten() {
        if kind.property(name).is_some_and(|(_, property)| !property.listable) {
            let message = format!("The property '{name}' can only be read on a single {}.", kind.type_name());
            return Err(GraphError::new(501, "NotImplemented", message));
        }
    }
    expand::check(call, query, kind, Place::Collection)?;
    if query.search.is_some() && !query.eventual {
        return Err(GraphError::unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
        ));
    }
    if query.expand.is_some() && query.search.is_some() {
        return Err(GraphError::unsupported("$expand is not supported together with $search."));
    }
    check_order(query, kind)
}

/// User.ReadBasic.All shows the basic profile alone.
fn check_readable(call: &Call<'_>, query: &Query, kind: Kind) -> Result<(), GraphError> {
    if kind != Kind::User || call.may(super::access::READ_USERS) {
        return Ok(());
    }
    let beyond = |name: &String| kind.property(name).is_some_and(|(_, property)| !property.basic);
    if query.select.iter().flatten().any(beyond) { Err(GraphError::denied()) } else { Ok(()) }
}

fn check_order(query: &Query, kind: Kind) -> Result<(), GraphError> {
    let Some(order) = &query.order_by else { return Ok(()) };
    let name = order.split_whitespace().next().unwrap_or_default();
    let plain = name == "displayName" || (kind == Kind::User && name == "userPrincipalName");
    if plain || (query.advanced() && kind.property(name).is_some_and(|(_, property)| property.filterable)) {
        return Ok(());
    }
    Err(GraphError::unsupported(format!("Sorting not supported for the property '{name}'.")))
}

fn parse_filter(query: &Query, kind: Kind) -> Result<Option<Filter>, GraphError> {
    let Some(text) = &query.filter else { return Ok(None) };
    let filter = filter::parse(text, kind)?;
    filter.check(kind, query)?;
    Ok(Some(filter))
}

fn page(
    call: &Call<'_>,
    query: &Query,
    view: &View<'_>,
    kind: Kind,
    filter: Option<&Filter>,
) -> Result<Page, GraphError> {
    let search = query.search.as_deref().map(|text| search::parse(call.request, text, kind)).transpose()?;
    let wanted = |object: &Object| {
        object.is_live()
            && filter.is_none_or(|filter| filter::matches(filter, view, object))
            && search.as_ref().is_none_or(|search| search.finds(view, object))
    };
    if let Some(ids) = filter.and_then(Filter::ids) {
        return listing::kept(call, query, view, || by_ids(view, kind, &ids));
    }
    match &query.order_by {
        Some(order) => listing::kept(call, query, view, || ordered(view, kind, order, wanted)),
        None => listing::scan(call, query, view, kind, wanted),
    }
}

fn by_ids(view: &View<'_>, kind: Kind, ids: &[String]) -> Vec<Slot> {
    let mut slots: Vec<Slot> = ids
        .iter()
        .filter_map(|id| view.find(Uuid::parse_str(id).ok()?))
        .filter(|(_, object)| object.kind == kind)
        .map(|(slot, _)| slot)
        .collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn ordered(view: &View<'_>, kind: Kind, order: &str, wanted: impl Fn(&Object) -> bool) -> Vec<Slot> {
    let mut words = order.split_whitespace();
    let name = words.next().unwrap_or_default();
    let descending = words.next() == Some("desc");
    let mut rows: Vec<(String, Slot)> = view
        .from(Slot(0), kind)
        .filter(|(_, object)| wanted(object))
        .map(|(slot, _)| (view.text(slot, name).unwrap_or_default().to_lowercase(), slot))
        .collect();
    rows.sort_unstable_by(|one, other| if descending { other.cmp(one) } else { one.cmp(other) });
    rows.into_iter().map(|(_, slot)| slot).collect()
}
