//! Reading lists for exports: the same items that the lists show, as JSON.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use rollcall_directory::identity::{ConnectionId, HoldId, RunId};
use rollcall_directory::plan::Removal as Planned;
use rollcall_directory::rules::AttributeRules;
use rollcall_store::{Page, PageRequest};
use serde::Serialize;
use serde_json::Value;

use super::{existing, holds};
use crate::app::App;
use crate::export::Format;
use crate::export::gather::{List, Part, gather};
use crate::http::problem::Problem;
use crate::view::change::Change;
use crate::view::user::User;

/// What a run changed.
pub(crate) async fn changes(
    app: &App,
    connection: ConnectionId,
    run: RunId,
    format: Format,
    cursor: Option<String>,
) -> Result<Part, Problem> {
    app.table.run(connection, run).await?.ok_or_else(|| Problem::not_found("run"))?;
    gather(format, cursor, &Changes { app, connection, run }).await
}

/// Accounts, all or only those active or not.
pub(crate) async fn users(
    app: &App,
    connection: ConnectionId,
    active: Option<bool>,
    format: Format,
    cursor: Option<String>,
) -> Result<Part, Problem> {
    let rules = existing(app, connection).await?.rules.attributes;
    gather(format, cursor, &Users { app, connection, rules, active }).await
}

/// What a hold would take.
pub(crate) async fn removals(
    app: &App,
    connection: ConnectionId,
    hold: HoldId,
    format: Format,
    cursor: Option<String>,
) -> Result<Part, Problem> {
    let all = holds::all_removals(app, connection, hold).await?;
    gather(format, cursor, &Removals { app, connection, all }).await
}

struct Changes<'a> {
    app: &'a App,
    connection: ConnectionId,
    run: RunId,
}

impl List for Changes<'_> {
    fn page<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<Page<Value>, Problem>> {
        let page = self.app.table.changes_page(self.connection, self.run, request);
        Box::pin(async { shown(page.await?, Change::from) })
    }
}

struct Users<'a> {
    app: &'a App,
    connection: ConnectionId,
    rules: AttributeRules,
    active: Option<bool>,
}

impl List for Users<'_> {
    fn page<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<Page<Value>, Problem>> {
        let page = self.app.table.users_page(self.connection, request, self.active);
        Box::pin(async { shown(page.await?, |user| User::of(user, &self.rules)) })
    }
}

struct Removals<'a> {
    app: &'a App,
    connection: ConnectionId,
    all: BTreeSet<Planned>,
}

impl List for Removals<'_> {
    fn page<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<Page<Value>, Problem>> {
        let Self { app, connection, all } = self;
        Box::pin(async {
            let page = holds::some(app, *connection, all, request.limit as usize, request.cursor.as_deref()).await?;
            shown(Page { items: page.items, next: page.next }, |removal| removal)
        })
    }
}

/// A page as its list shows it.
fn shown<T, U: Serialize>(page: Page<T>, show: impl Fn(T) -> U) -> Result<Page<Value>, Problem> {
    let items = page.items.into_iter().map(|item| serde_json::to_value(show(item)));
    let items = items.collect::<Result<_, _>>().map_err(|error| {
        tracing::error!(%error, "an item of a list is no JSON");
        Problem::internal()
    })?;
    Ok(Page { items, next: page.next })
}
