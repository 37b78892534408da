//! `$expand` of one relationship.

use super::json::{Annotations, comma, key, open_object, write_object};
use super::query::{Columns, Expand, Query};
use super::{Call, GraphError};
use crate::directory::{Kind, Object, Slot, View};

/// An expanded collection has so many rows at most, and no nextLink.
const MOST_ROWS: usize = 20;

/// Where the expansion is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Collection,
    Single,
}

/// Refuses expansions that Graph refuses.
pub(crate) fn check(call: &Call<'_>, query: &Query, kind: Kind, place: Place) -> Result<(), GraphError> {
    let Some(expand) = &query.expand else { return Ok(()) };
    let name = expand.relationship.as_str();
    let known = match kind {
        Kind::User => ["manager", "directReports", "memberOf", "transitiveMemberOf"].contains(&name),
        _ => ["members", "memberOf", "owners"].contains(&name),
    };
    if !known {
        let message =
            format!("Could not find a property named '{name}' on type 'microsoft.graph.{}'.", kind.type_name());
        return Err(GraphError::new(400, "BadRequest", message));
    }
    if expand.levels.is_some() && (name != "manager" || place == Place::Collection) {
        return Err(GraphError::unsupported(
            "Transitive manager's list is only supported on a single user. Please specify the user's id or userPrincipalName.",
        ));
    }
    let inner = expand.select.is_some() || expand.levels.is_some();
    if inner && name == "manager" && !(query.advanced() || (place == Place::Single && query.eventual)) {
        return Err(GraphError::unsupported(
            "$expand with inner options needs the header 'ConsistencyLevel: eventual' and the query option '$count=true'.",
        ));
    }
    if !inner && place == Place::Collection && query.filter.is_some() && query.advanced() {
        return Err(GraphError::unsupported("$expand is not supported together with advanced query options."));
    }
    call.need_read(Kind::User)
}

/// Writes the expanded member of an object, with a comma before. A user without manager has no such member.
pub(crate) fn write(out: &mut Vec<u8>, view: &View<'_>, object: &Object, expand: &Expand, columns: &Columns) {
    if expand.relationship == "manager" {
        let depth = match expand.levels.as_deref() {
            None => 1,
            Some("max") => 1_000,
            Some(number) => number.parse().unwrap_or(1),
        };
        write_manager(out, view, object, columns, depth);
        return;
    }
    let slots: Vec<Slot> = match (expand.relationship.as_str(), view.directory().find(object.id)) {
        ("members", _) => view.members(object),
        ("owners", _) => object.owners().to_vec(),
        ("memberOf", _) => object.holders.clone(),
        ("directReports", Some(slot)) => view.directory().reports(slot).to_vec(),
        ("transitiveMemberOf", Some(slot)) => view.transitive_holders(slot),
        _ => Vec::new(),
    };
    out.push(b',');
    key(out, &expand.relationship);
    out.push(b'[');
    let start = out.len();
    for row in slots.iter().filter_map(|slot| view.live(*slot)).take(MOST_ROWS) {
        comma(out, start);
        let standard = super::query::standard(row.kind);
        write_object(out, view, row, if row.kind == Kind::User { columns } else { &standard }, Annotations::Type);
    }
    out.push(b']');
}

fn write_manager(out: &mut Vec<u8>, view: &View<'_>, object: &Object, columns: &Columns, depth: u32) {
    let mut above = object;
    let mut open = 0;
    let mut seen = Vec::new();
    while open < depth
        && let Some((slot, manager)) = view.manager(above)
        && !seen.contains(&slot)
    {
        out.extend_from_slice(b",\"manager\":");
        open_object(out, view, manager, columns, Annotations::Type);
        seen.push(slot);
        open += 1;
        above = manager;
    }
    for _ in 0..open {
        out.push(b'}');
    }
}
