//! `/connections/{connection}/problems`: the work-list.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::ConnectionId;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::existing;
use crate::view::matter::WorkItem;

/// Lists what a person has to see to: people in scope who get no account, or not all of it. Everybody else is synced all the same. The
/// order has no meaning; what is solved is gone with the next run.
#[utoipa::path(get, path = "/connections/{connection}/problems", tag = "Work-list",
    params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of the work-list", body = Listing<WorkItem>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<WorkItem>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let page = app.table.problems_page(connection.id, &page.request()).await?;
    Ok(Json(Listing::of(page, WorkItem::from)))
}
