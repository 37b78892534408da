//! A page of a plain collection.

use std::collections::BTreeMap;

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::{id, member};
use rollcall_graph::groups::{self, Names};
use rollcall_graph::users::{self, Expand};
use rollcall_graph::{
    Error, Field, Group, ManagerField, Member, MemberKind, ObjectId, Page, PropertyValue, Request, User, organization,
    subscriptions,
};
use serde_json::Value;
use uuid::Uuid;

use crate::links::check_debug;
use crate::refusals::check_error;
use crate::{BLIND, target};

target!(
    /// Users, groups, members, ids, subscriptions: the same answer to each.
    collections, BLIND, page
);

fn page(input: &[u8]) {
    let answer = Answer::read(input);
    bounded(input, 1 << 20, 400, || {
        check(users::list(&["displayName"], Expand::Manager), &answer, check_user);
        check(groups::list(), &answer, check_group);
        check(groups::members(Uuid::from_u128(1), Names::Read), &answer, check_member);
        check(groups::transitive_members(Uuid::from_u128(1)), &answer, |ObjectId { id: read }, row| {
            assert_eq!(id(row, "id"), Some(*read));
        });
        check(users::check_member_groups(Uuid::from_u128(1), &[]), &answer, |read, row| {
            assert_eq!(row.as_str().and_then(|text| text.parse().ok()), Some(*read));
        });
        check(subscriptions::list(), &answer, |read, row| assert_eq!(id(row, "id"), Some(read.id)));
        check(organization::get(), &answer, |read, row| assert_eq!(id(row, "id"), Some(read.id)));
    });
}

fn check<T>(request: Request<Page<T>>, answer: &Answer, row: impl Fn(&T, &Value)) {
    match run(Scripted::graph([answer.clone()]).client().send(&request)) {
        Err(error) => check_error(answer, &error, false),
        Ok(page) => {
            assert!(page.delta.is_none(), "a plain list starts no round of changes");
            check_page(answer, &page, row);
        }
    }
}

/// Everything that holds for a page that was accepted.
pub(crate) fn check_page<T>(answer: &Answer, page: &Page<T>, row: impl Fn(&T, &Value)) {
    assert!(answer.is_json_success(), "only a success that says that it is JSON is a page");
    // The plain reading also refuses what a parser does not look at, such as half a surrogate in a member it ignores.
    let Some(body) = answer.value() else { return };
    assert!(body.is_object(), "a page is an object");
    assert!(member(&body, "error").is_none(), "an error is no page");
    let rows = body["value"].as_array().expect("a page has a value");
    assert_eq!(rows.len(), page.value.len(), "no row is lost, none is made up");
    for (read, raw) in page.value.iter().zip(rows) {
        row(read, raw);
    }
    let link = |name| member(&body, name).and_then(Value::as_str);
    assert_eq!(page.next.as_ref().map(|link| link.as_str()), link("@odata.nextLink"));
    for link in [&page.next, &page.delta].into_iter().flatten() {
        check_debug(link);
    }
    assert_eq!(page.count, member(&body, "@odata.count").and_then(Value::as_u64));
}

/// What was read of a user, against the row.
pub(crate) fn check_user(user: &User, row: &Value) {
    assert_eq!(id(row, "id"), Some(user.id));
    let removed = member(row, "@removed").is_some();
    assert_eq!(user.removed.is_some(), removed, "a removal is neither lost nor made up");
    let names = row.as_object().unwrap().iter();
    let own = names.filter(|(name, _)| !name.contains('@') && !matches!(name.as_str(), "id" | "manager"));
    let own: BTreeMap<&str, PropertyValue<'_>> = own.map(|(name, value)| (name.as_str(), value.into())).collect();
    let read: BTreeMap<&str, PropertyValue<'_>> =
        user.properties.keys().filter_map(|name| Some((name, user.properties.get(name)?))).collect();
    assert_eq!(read, own, "a null is kept, and so is everything else");
    check_manager(user, row);
    assert!(!format!("{user:?}").contains("CANARY") || fuzz::reading::has_name(row, "CANARY"));
}

fn check_manager(user: &User, row: &Value) {
    let reference = |value: &Value| match member(value, "@removed") {
        None => ManagerField::Is(id(value, "id").unwrap()),
        Some(_) => ManagerField::Cleared,
    };
    let last = member(row, "manager@delta").and_then(|all| all.as_array()?.last());
    let expected = match (row.get("manager"), last) {
        (Some(_), Some(_)) => return,
        (Some(Value::Null), None) => ManagerField::Cleared,
        (Some(manager), None) => reference(manager),
        (None, Some(last)) => reference(last),
        (None, None) => ManagerField::NotReturned,
    };
    assert_eq!(user.manager, expected);
}

/// What was read of a group, against the row.
pub(crate) fn check_group(group: &Group, row: &Value) {
    assert_eq!(id(row, "id"), Some(group.id));
    assert_eq!(group.removed.is_some(), member(row, "@removed").is_some());
    check_field(&group.display_name, row.get("displayName"), |text| Value::from(text.as_str()));
    check_field(&group.security_enabled, row.get("securityEnabled"), |flag| Value::from(*flag));
    let changes = member(row, "members@delta").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(group.members.len(), changes.len(), "no change of a membership is lost");
    for (read, change) in group.members.iter().zip(changes) {
        assert_eq!(id(change, "id"), Some(read.id));
        assert_eq!(read.removed, member(change, "@removed").is_some(), "who left has left");
        check_kind(read.kind, change);
    }
}

fn check_member(read: &Member, row: &Value) {
    assert_eq!(id(row, "id"), Some(read.id));
    check_kind(read.kind, row);
    check_field(&read.display_name, row.get("displayName"), |text| Value::from(text.as_str()));
}

fn check_kind(kind: MemberKind, row: &Value) {
    let expected = match member(row, "@odata.type").and_then(Value::as_str) {
        None => MemberKind::NotStated,
        Some("#microsoft.graph.user") => MemberKind::User,
        Some("#microsoft.graph.group") => MemberKind::Group,
        Some(_) => MemberKind::Other,
    };
    assert_eq!(kind, expected);
}

fn check_field<T>(read: &Field<T>, raw: Option<&Value>, value: impl Fn(&T) -> Value) {
    match (read, raw) {
        (Field::Absent, None) | (Field::Null, Some(Value::Null)) => {}
        (Field::Value(read), Some(raw)) => assert_eq!(value(read), *raw),
        _ => panic!("absent, null and value are three things: {raw:?}"),
    }
}

/// A sample that a parser refuses is a sample of nothing.
#[test]
fn the_first_sample_is_a_page() {
    let samples = crate::samples("listing::collections");
    let answer = Answer::read(samples.all().next().unwrap());
    let read = run(Scripted::graph([answer]).client().send(&users::list(&[], Expand::Manager)));
    assert!(
        matches!(&read, Ok(page) if page.value.len() > 2),
        "{:?}",
        read.err().map(|error: Error| error.to_string())
    );
}
