//! `/connections/{connection}/teams`. A team is named by the object id of its group or manager.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::ConnectionId;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::existing;
use crate::view::team::{Member, Team};

/// Lists teams: of groups and of managers, those for which there is no reason any more included.
#[utoipa::path(get, path = "/connections/{connection}/teams", tag = "Teams", params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of teams", body = Listing<Team>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Team>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let page = app.table.teams_page(connection.id, &page.request()).await?;
    Ok(Json(Listing::of(page, Team::from)))
}

/// Lists the people with an active account in a team.
#[utoipa::path(get, path = "/connections/{connection}/teams/{team}/members", tag = "Teams",
    params(("connection" = Uuid, Path, description = "The connection"), ("team" = Uuid, Path, description = "The object id of the group or manager for which the team stands"), PageQuery),
    responses((status = 200, description = "A page of members", body = Listing<Member>)))]
pub(crate) async fn members(
    State(app): State<App>,
    Ids((connection, team)): Ids<(Uuid, Uuid)>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<Member>>, Problem> {
    let connection = ConnectionId(connection);
    let team = app.table.team(connection, team).await?.ok_or_else(|| Problem::not_found("team"))?;
    let page = app.table.team_members(connection, team.source, &page.request()).await?;
    Ok(Json(Listing::of(page, Member::from)))
}
