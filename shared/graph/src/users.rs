//! Reading users.

use http::Method;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::link::PageLink;
use crate::page::Page;
use crate::request::Request;
use crate::search::any_of;
use crate::user::User;

/// The largest page of users or groups that Graph serves.
pub(crate) const LARGEST_PAGE: &str = "999";
/// The same as a number.
pub(crate) const LARGEST_PAGE_SIZE: u16 = 999;
pub(crate) const READ_USERS: &str = "User.Read.All";
const READ_MEMBERS: &str = "GroupMember.Read.All";
/// Where people are looked for: by words of the display name, and by the start of the others.
const SEARCHED: [&str; 5] = ["displayName", "givenName", "surname", "mail", "userPrincipalName"];
/// The most groups that one [`check_member_groups`] may ask about.
pub const CHECKED_GROUPS: usize = 20;

/// Whether to read the manager's id with each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expand {
    /// Read it.
    Manager,
    /// Leave it out.
    Nothing,
}

/// Where a delta round starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaStart {
    /// Now: an empty answer with a delta link.
    Latest,
    /// With everything there is.
    Initial,
    /// At a delta link, or in the middle of a round at a next link.
    Link(PageLink),
}

/// An object of which only the id is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ObjectId {
    /// The object id.
    pub id: Uuid,
}

/// All users, 999 a page (Graph page "List users").
///
/// With [`Expand::Manager`] it is an advanced query, as an inner `$select` demands; then the first page has the count.
pub fn list(select: &[&str], expand: Expand) -> Request<Page<User>> {
    let request = Request::list("/users", &[]).select(select).option("$top", LARGEST_PAGE).permission(READ_USERS);
    match expand {
        Expand::Manager => request.option("$expand", "manager($select=id)").advanced(),
        Expand::Nothing => request,
    }
}

/// Users whose display name has words that start like those of `text`, in any order, or whose given name, surname, mail or
/// user principal name starts with it. Meant for a person who looks for somebody.
pub fn search(text: &str, select: &[&str], page_size: u16) -> Request<Page<User>> {
    page_of(select, page_size).search(&any_of(&SEARCHED, text))
}

/// Users who have an address in one of these properties. Graph compares without regard to case.
pub fn with_address(properties: &[&str], address: &str) -> Request<Page<ObjectId>> {
    // Within quotes a quote is written twice (OData, "Literals"); no text can leave them otherwise.
    let quoted = address.replace('\'', "''");
    let clauses: Vec<String> = properties.iter().map(|property| format!("{property} eq '{quoted}'")).collect();
    Request::list("/users", &[])
        .select(&[])
        .option("$filter", &clauses.join(" or "))
        .option("$top", LARGEST_PAGE)
        .permission(READ_USERS)
}

/// All users by display name, in pages of a size that suits a person who looks for somebody.
pub fn browse(select: &[&str], page_size: u16) -> Request<Page<User>> {
    page_of(select, page_size).option("$orderby", "displayName")
}

fn page_of(select: &[&str], size: u16) -> Request<Page<User>> {
    let size = size.clamp(1, LARGEST_PAGE_SIZE).to_string();
    Request::list("/users", &[]).select(select).option("$top", &size).permission(READ_USERS)
}

/// The number of users.
pub fn count() -> Request<u64> {
    Request::count("/users/$count").permission(READ_USERS)
}

/// One user.
pub fn get(id: Uuid, select: &[&str], expand: Expand) -> Request<User> {
    let request = Request::object(Method::GET, "/users/{id}", &[id]).select(select).permission(READ_USERS);
    match expand {
        // Without an inner `$select`: that would make it an advanced query, which is answered by an index that lags.
        Expand::Manager => request.option("$expand", "manager"),
        Expand::Nothing => request,
    }
}

/// The manager of a user. A user without one answers *not found*.
pub fn manager(id: Uuid) -> Request<ObjectId> {
    Request::object(Method::GET, "/users/{id}/manager", &[id]).select(&[]).permission(READ_USERS)
}

/// The groups that a user is a direct member of.
pub fn member_of(id: Uuid) -> Request<Page<ObjectId>> {
    Request::list("/users/{id}/memberOf/microsoft.graph.group", &[id])
        .select(&[])
        .option("$top", LARGEST_PAGE)
        .advanced()
        .permission(READ_MEMBERS)
}

/// Which of these groups (at most [`CHECKED_GROUPS`]) a user is a member of, directly or through nested groups.
pub fn check_member_groups(id: Uuid, groups: &[Uuid]) -> Request<Page<Uuid>> {
    Request::post_list("/users/{id}/checkMemberGroups", &[id])
        .body(&json!({ "groupIds": groups }))
        .repeatable()
        .permission(READ_USERS)
}

/// A soft-deleted user. Answers *not found* for one that exists, and for one deleted for good.
pub fn deleted(id: Uuid) -> Request<User> {
    Request::object(Method::GET, "/directory/deletedItems/{id}", &[id]).permission(READ_USERS)
}

/// Changes of users (Graph page "Delta query for users"). Select `manager` to hear of it.
pub fn delta(select: &[&str], start: DeltaStart) -> Request<Page<User>> {
    changes(Request::delta("/users/delta").permission(READ_USERS), select, start)
}

pub(crate) fn changes<T: serde::de::DeserializeOwned>(
    request: Request<Page<T>>,
    select: &[&str],
    start: DeltaStart,
) -> Request<Page<T>> {
    match start {
        DeltaStart::Link(link) => request.at(link),
        DeltaStart::Initial => request.select(select),
        DeltaStart::Latest => request.select(select).option("$deltatoken", "latest"),
    }
}
