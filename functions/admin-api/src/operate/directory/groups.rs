//! Groups of the tenant, for whoever chooses a scope.

use rollcall_directory::identity::ConnectionId;
use rollcall_graph::groups;

use super::super::{existing, must_be_bound};
use super::page;
use crate::app::App;
use crate::body::text::Search;
use crate::http::page::{Limit, Listing};
use crate::http::problem::Problem;
use crate::view::directory::Group;

/// Groups whose names fit a search; all of them, by name, without one.
pub(crate) async fn find(
    app: &App,
    id: ConnectionId,
    Search(search): Search,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Listing<Group>, Problem> {
    let connection = existing(app, id).await?;
    must_be_bound(&connection)?;
    let size = limit.page_size();
    let first = if search.is_empty() { groups::browse(size) } else { groups::search(&search, size) };
    let found = page(app, id, &format!("directory groups {id} {search}"), first, cursor).await?;
    let roots = connection.scope.roots();
    let items = found.objects.into_iter().map(|group| Group::of(group, &roots)).collect();
    Ok(Listing { items, next: found.next })
}
