//! Looking into a connection's directory while somebody waits: live calls to Microsoft Graph, with a short deadline.

pub(crate) mod groups;
pub(crate) mod people;
mod standing;
pub(crate) mod why;

use std::time::Duration;

use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::{Error as GraphError, Page, PageLink, Priority, Request};
use rollcall_store::Error as StoreError;
use tokio::time::Instant;

use crate::app::App;
use crate::http::problem::Problem;

/// The longest that somebody waits for Graph.
const LONGEST: Duration = Duration::from_secs(8);

/// Objects of the directory, and the cursor that leads on.
struct Found<T> {
    tenant: TenantId,
    objects: Vec<T>,
    next: Option<String>,
}

/// One page: the first one as asked for, or the one to which a cursor of this list leads.
///
/// A cursor is Graph's own link, authenticated. It works for the list that gave it, which names connection and search; the
/// Graph client compares the link's origin once more before it sends a token there.
async fn page<T>(
    app: &App,
    connection: ConnectionId,
    list: &str,
    first: Request<Page<T>>,
    cursor: Option<&str>,
) -> Result<Found<T>, Problem> {
    let request = match cursor {
        Some(cursor) => first.at(PageLink::new(app.table.open_cursor(list, cursor)?)),
        None => first,
    };
    let (tenant, page) = send(app, connection, &request).await?;
    let next = page.next.map(|link| app.table.seal_cursor(list, link.as_str())).transpose().map_err(narrower)?;
    Ok(Found { tenant, objects: page.value, next })
}

fn narrower(error: StoreError) -> Problem {
    match error {
        StoreError::TooLarge { .. } => {
            Problem::conflict("Microsoft Graph gives no usable link to what follows. Look for something narrower.")
        }
        error => error.into(),
    }
}

/// Makes a call, and takes any refusal for a problem.
async fn send<T>(app: &App, connection: ConnectionId, request: &Request<T>) -> Result<(TenantId, T), Problem> {
    let (tenant, answer) = ask(app, connection, request).await?;
    Ok((tenant, answer?))
}

/// Makes a call with the kept client of the connection, and once more if its credential was replaced meanwhile.
async fn ask<T>(
    app: &App,
    connection: ConnectionId,
    request: &Request<T>,
) -> Result<(TenantId, Result<T, GraphError>), Problem> {
    let deadline = Instant::now() + LONGEST;
    let (tenant, client) = app.access.client(connection).await?;
    match client.until(deadline).priority(Priority::High).send(request).await {
        Err(error @ GraphError::Credential { .. }) => {
            if !app.access.renewed(connection).await? {
                return Ok((tenant, Err(error)));
            }
            let (tenant, client) = app.access.client(connection).await?;
            Ok((tenant, client.until(deadline).priority(Priority::High).send(request).await))
        }
        answer => Ok((tenant, answer)),
    }
}
