//! Relationships: members, holders, managers, reports, owners.

use super::filter;
use super::listing::{self, Shape};
use super::objects::{find, need_count_header, single};
use super::query::Query;
use super::{Call, GraphError, Outcome};
use crate::directory::{Kind, Object, Slot, View};
use crate::reply::Reply;
use serde_json::{Value, json};
use std::collections::HashSet;

/// `checkMemberGroups` takes so many ids at most.
const MOST_CHECKED: usize = 20;
/// `getMemberGroups` answers so many ids at most.
const MOST_HOLDERS: usize = 11_000;

/// A relationship that leads to many objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Members,
    TransitiveMembers,
    Owners,
    MemberOf,
    TransitiveMemberOf,
    DirectReports,
}

impl Link {
    pub(super) fn from_segment(segment: &str) -> Option<Self> {
        Some(match segment {
            "members" => Link::Members,
            "transitiveMembers" => Link::TransitiveMembers,
            "owners" => Link::Owners,
            "memberOf" => Link::MemberOf,
            "transitiveMemberOf" => Link::TransitiveMemberOf,
            "directReports" => Link::DirectReports,
            _ => return None,
        })
    }

    fn is_transitive(self) -> bool {
        matches!(self, Link::TransitiveMembers | Link::TransitiveMemberOf)
    }

    fn follow(self, view: &View<'_>, slot: Slot, object: &Object) -> Vec<Slot> {
        let live = |slots: &[Slot]| slots.iter().copied().filter(|slot| view.live(*slot).is_some()).collect();
        match self {
            Link::Members => view.members(object),
            Link::TransitiveMembers => view.transitive_members(slot),
            Link::Owners => live(object.owners()),
            Link::MemberOf => live(&object.holders),
            Link::TransitiveMemberOf => view.transitive_holders(slot),
            Link::DirectReports => live(view.directory().reports(slot)),
        }
    }
}

/// `GET /{kind}/{key}/{link}`, with a cast and with `$count` if asked for.
pub(super) fn list(call: &Call<'_>, kind: Kind, key: &str, link: Link, rest: &[&str]) -> Outcome {
    let (cast, counted) = match rest {
        [] => (None, false),
        ["$count"] => (None, true),
        [cast] => (Some(cast_to(cast)?), false),
        [cast, "$count"] => (Some(cast_to(cast)?), true),
        _ => return Err(super::no_segment(rest.last().copied().unwrap_or_default())),
    };
    let query = Query::parse(call.request)?;
    check(call, kind, link, cast, &query, counted)?;
    let filter = query.filter.as_deref().map(|text| filter::parse(text, cast.unwrap_or(Kind::User))).transpose()?;
    let shape = shape(call, &query, cast)?;
    call.with_view(|view| {
        let (slot, object) = find(view, kind, key)?;
        let compute = || -> Vec<Slot> {
            let wanted = |object: &Object| {
                cast.is_none_or(|cast| object.kind == cast)
                    && filter.as_ref().is_none_or(|filter| filter::matches(filter, view, object))
            };
            let all = link.follow(view, slot, object).into_iter();
            all.filter(|slot| view.live(*slot).is_some_and(&wanted)).collect()
        };
        if counted {
            return Ok(Reply::bytes(200, "text/plain", compute().len().to_string()));
        }
        let page = listing::kept(call, &query, view, compute)?;
        let context = cast.map_or("directoryObjects", super::objects::collection);
        Ok(listing::reply(call, view, &page, &shape, context))
    })
}

/// `GET /users/{key}/manager`.
pub(super) fn manager(call: &Call<'_>, key: &str) -> Outcome {
    let query = Query::parse(call.request)?;
    call.need(super::access::READ_USERS)?;
    let shape = shape(call, &query, None)?;
    call.with_view(|view| {
        let (_, object) = find(view, Kind::User, key)?;
        let (_, manager) = view.manager(object).ok_or_else(|| GraphError::not_found("manager"))?;
        Ok(single(call, view, manager, &shape, "directoryObjects"))
    })
}

/// `POST /{kind}/{key}/checkMemberGroups`.
pub(super) fn check_member_groups(call: &Call<'_>, kind: Kind, key: &str) -> Outcome {
    call.need_read(kind)?;
    call.need_read(Kind::Group)?;
    let body = super::body(call)?;
    let ids = body
        .get("groupIds")
        .and_then(Value::as_array)
        .ok_or_else(|| GraphError::bad_request("groupIds is required."))?;
    if ids.len() > MOST_CHECKED {
        return Err(GraphError::bad_request(format!("Too many elements in groupIds: the limit is {MOST_CHECKED}.")));
    }
    let asked: HashSet<&str> = ids.iter().filter_map(Value::as_str).collect();
    let found = holder_ids(call, kind, key, |_, _| true)?;
    let found: Vec<String> = found.into_iter().filter(|id| asked.contains(id.as_str())).collect();
    Ok(Reply::json(200, &json!({"value": found})))
}

/// `POST /{kind}/{key}/getMemberGroups`.
pub(super) fn get_member_groups(call: &Call<'_>, kind: Kind, key: &str) -> Outcome {
    call.need_read(kind)?;
    call.need_read(Kind::Group)?;
    let body = super::body(call)?;
    let security_only = body.get("securityEnabledOnly").and_then(Value::as_bool).unwrap_or(false);
    let ids =
        holder_ids(call, kind, key, |view, slot| !security_only || view.text(slot, "securityEnabled") == Some("true"))?;
    if ids.len() > MOST_HOLDERS {
        return Err(GraphError::new(
            400,
            "Directory_ResultSizeLimitExceeded",
            "The number of groups exceeds the limit of this request.",
        ));
    }
    Ok(Reply::json(200, &json!({"value": ids})))
}

fn holder_ids(
    call: &Call<'_>,
    kind: Kind,
    key: &str,
    wanted: impl Fn(&View<'_>, Slot) -> bool,
) -> Result<Vec<String>, GraphError> {
    call.with_view(|view| {
        let (slot, _) = find(view, kind, key)?;
        let holders = view.transitive_holders(slot).into_iter();
        let groups = holders
            .filter(|slot| view.live(*slot).is_some_and(|object| object.kind == Kind::Group) && wanted(view, *slot));
        Ok(groups.filter_map(|slot| view.object(slot).map(|object| object.id.to_string())).collect())
    })
}

fn check(
    call: &Call<'_>,
    kind: Kind,
    link: Link,
    cast: Option<Kind>,
    query: &Query,
    counted: bool,
) -> Result<(), GraphError> {
    call.need_read(kind)?;
    if link == Link::DirectReports {
        call.need(super::access::READ_USERS)?;
    }
    if query.expand.is_some() {
        return Err(GraphError::unsupported("$expand is not supported on this relationship."));
    }
    if counted {
        return need_count_header(query);
    }
    let must = (cast.is_some() && link.is_transitive()) || query.filter.is_some() || query.search.is_some();
    if must && !query.advanced() {
        return Err(GraphError::unsupported(
            "The specified request is only supported with the header 'ConsistencyLevel: eventual' and the query option '$count=true'.",
        ));
    }
    Ok(())
}

fn shape(call: &Call<'_>, query: &Query, cast: Option<Kind>) -> Result<Shape, GraphError> {
    match cast {
        Some(kind) if call.sees(kind) => Shape::of_kind(query, kind),
        _ => Shape::of_all_kinds(call, query),
    }
}

fn cast_to(segment: &str) -> Result<Kind, GraphError> {
    let known = segment.strip_prefix("microsoft.graph.").and_then(Kind::from_type_name);
    known.ok_or_else(|| super::no_segment(segment))
}
