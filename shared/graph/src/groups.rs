//! Reading groups and their members.

use http::Method;
use uuid::Uuid;

use crate::group::{Group, Member};
use crate::page::Page;
use crate::request::Request;
use crate::search::any_of;
use crate::users::{DeltaStart, LARGEST_PAGE, LARGEST_PAGE_SIZE, ObjectId, changes};

const READ_GROUPS: &str = "GroupMember.Read.All";
const SELECT: [&str; 6] = ["displayName", "description", "mail", "mailEnabled", "securityEnabled", "groupTypes"];

/// Whether to read the members' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Read them.
    Read,
    /// Ids and kinds only.
    LeaveOut,
}

/// One group.
pub fn get(id: Uuid) -> Request<Group> {
    Request::object(Method::GET, "/groups/{id}", &[id]).select(&SELECT).permission(READ_GROUPS)
}

/// All groups, 999 a page.
pub fn list() -> Request<Page<Group>> {
    Request::list("/groups", &[]).select(&SELECT).option("$top", LARGEST_PAGE).permission(READ_GROUPS)
}

/// Groups whose name has words that start like those of `text`, in any order. Meant for a person who looks for one.
pub fn search(text: &str, page_size: u16) -> Request<Page<Group>> {
    page_of(page_size).search(&any_of(&["displayName"], text))
}

/// All groups by name, in pages of a size that suits a person who looks for one.
pub fn browse(page_size: u16) -> Request<Page<Group>> {
    page_of(page_size).option("$orderby", "displayName")
}

/// Groups whose name begins so, without regard to case, 999 a page (Graph page "List groups": `startswith` on `displayName`).
pub fn named(beginning: &str) -> Request<Page<Group>> {
    let request =
        Request::list("/groups", &[]).select(&["displayName"]).option("$top", LARGEST_PAGE).permission(READ_GROUPS);
    if beginning.is_empty() {
        return request;
    }
    // A quote in a literal is doubled (OData 4.01 URL conventions, 5.1.1.14.1).
    let literal = beginning.replace('\'', "''");
    request.option("$filter", &format!("startswith(displayName,'{literal}')"))
}

fn page_of(size: u16) -> Request<Page<Group>> {
    let size = size.clamp(1, LARGEST_PAGE_SIZE).to_string();
    Request::list("/groups", &[]).select(&SELECT).option("$top", &size).permission(READ_GROUPS)
}

/// The direct members of a group: users, groups and whatever else there is.
pub fn members(id: Uuid, names: Names) -> Request<Page<Member>> {
    let select: &[&str] = if names == Names::Read { &["displayName"] } else { &[] };
    Request::list("/groups/{id}/members", &[id]).select(select).option("$top", LARGEST_PAGE).permission(READ_GROUPS)
}

/// The users in a group and in the groups nested in it, each once. Served from an index that lags by up to minutes.
pub fn transitive_members(id: Uuid) -> Request<Page<ObjectId>> {
    Request::list("/groups/{id}/transitiveMembers/microsoft.graph.user", &[id])
        .select(&[])
        .option("$top", LARGEST_PAGE)
        .advanced()
        .permission(READ_GROUPS)
}

/// Changes of groups (Graph page "Delta query for groups"). Select `members` to hear of memberships.
pub fn delta(select: &[&str], start: DeltaStart) -> Request<Page<Group>> {
    changes(Request::delta("/groups/delta").permission(READ_GROUPS), select, start)
}
