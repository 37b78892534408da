//! `/connections/{connection}/teams`. A team is named by the object id of its group.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::{ConnectionId, GroupId};
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::existing;
use crate::view::team::{Member, Team};

/// Lists all teams: one for each scope group, those of former scope groups included.
#[utoipa::path(get, path = "/connections/{connection}/teams", tag = "Teams", params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "All teams, in one page", body = Listing<Team>)))]
pub(crate) async fn list(State(app): State<App>, Ids(connection): Ids<Uuid>) -> Result<Json<Listing<Team>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let teams = app.table.teams(connection.id).await?;
    Ok(Json(Listing { items: teams.into_iter().map(Team::from).collect(), next: None }))
}

/// Lists the people with an active account in a team.
#[utoipa::path(get, path = "/connections/{connection}/teams/{group}/members", tag = "Teams",
    params(("connection" = Uuid, Path, description = "The connection"), ("group" = Uuid, Path, description = "The object id of the group"), PageQuery),
    responses((status = 200, description = "A page of members", body = Listing<Member>)))]
pub(crate) async fn members(
    State(app): State<App>,
    Ids((connection, group)): Ids<(Uuid, Uuid)>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Member>>, Problem> {
    let (connection, group) = (ConnectionId(connection), GroupId(group));
    app.table.team(connection, group).await?.ok_or_else(|| Problem::not_found("team"))?;
    let page = app.table.team_members(connection, group, &page.request()).await?;
    Ok(Json(Listing::of(page, Member::from)))
}
