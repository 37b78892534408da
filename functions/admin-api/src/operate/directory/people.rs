//! People of the tenant, for whoever chooses them one by one.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use rollcall_directory::identity::{ConnectionId, PersonId, TenantId, UserId};
use rollcall_graph::users;
use rollcall_store::{Connection, ConnectionStatus, PageRequest};

use super::super::{existing, must_be_bound};
use super::standing::{Holder, standing};
use super::{Found, page};
use crate::app::App;
use crate::body::text::Search;
use crate::http::page::{Limit, Listing};
use crate::http::problem::Problem;
use crate::view::directory::Person;

/// What is shown of each person. What the rules look at is read beside it.
const SHOWN: [&str; 8] =
    ["displayName", "givenName", "surname", "mail", "userPrincipalName", "jobTitle", "department", "userType"];
/// Other connections that are asked at the same time.
const AT_ONCE: usize = 8;
/// Connections of one page.
const CONNECTIONS: u32 = 999;

/// People whose names or addresses fit a search, or everybody by name, each with what choosing them would mean.
pub(crate) async fn find(
    app: &App,
    id: ConnectionId,
    Search(search): Search,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Listing<Person>, Problem> {
    let connection = existing(app, id).await?;
    must_be_bound(&connection)?;
    let size = limit.page_size();
    let selected = connection.rules.selected();
    let select: BTreeSet<&str> = selected.iter().map(String::as_str).chain(SHOWN).collect();
    let select: Vec<&str> = select.into_iter().collect();
    let first = if search.is_empty() { users::browse(&select, size) } else { users::search(&search, &select, size) };
    let found = page(app, id, &format!("directory people {id} {search}"), first, cursor).await?;
    let Found { tenant, objects, next } = found;
    let people: Vec<PersonId> = objects.iter().map(|user| PersonId(user.id)).collect();
    let here = app.table.users_by_person(id, tenant, &people).await?;
    let is_active_here = |person: &PersonId| here.get(person).is_some_and(|user| user.status.is_active());
    let others: Vec<PersonId> = people.into_iter().filter(|person| !is_active_here(person)).collect();
    let holders = holders(app, id, tenant, &others).await?;
    let show = |user: rollcall_graph::User| {
        let person = PersonId(user.id);
        let standing = standing(&user, here.get(&person), holders.get(&person), &connection);
        Person::of(&user, standing)
    };
    Ok(Listing { items: objects.into_iter().map(show).collect(), next })
}

/// Who of these people has an active account of another connection, and of which.
async fn holders(
    app: &App,
    id: ConnectionId,
    tenant: TenantId,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, Holder>, Problem> {
    if people.is_empty() {
        return Ok(BTreeMap::new());
    }
    let others = others(app, id).await?;
    let asked = stream::iter(others).map(|other| held_by(app, other, tenant, people)).buffered(AT_ONCE);
    let held: Vec<BTreeMap<PersonId, Holder>> = asked.try_collect().await?;
    Ok(held.into_iter().flatten().collect())
}

/// All other connections that are not on their way out.
async fn others(app: &App, id: ConnectionId) -> Result<Vec<Connection>, Problem> {
    let (mut others, mut request) = (Vec::new(), PageRequest::first(CONNECTIONS));
    loop {
        let page = app.table.connections(&request).await?;
        let lasting = |other: &Connection| other.id != id && other.status != ConnectionStatus::Deleting;
        others.extend(page.items.into_iter().filter(lasting));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(others),
        }
    }
}

async fn held_by(
    app: &App,
    other: Connection,
    tenant: TenantId,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, Holder>, Problem> {
    let found = app.table.users_by_person(other.id, tenant, people).await?;
    // The id of an account is derived from tenant and person: an equal one is of the same tenant. No secret of another
    // connection needs to be read for that.
    let held = found
        .into_iter()
        .filter(|(person, user)| user.status.is_active() && user.id == UserId::derive(tenant, *person));
    Ok(held.map(|(person, _)| (person, Holder { id: other.id, name: other.name.clone() })).collect())
}
