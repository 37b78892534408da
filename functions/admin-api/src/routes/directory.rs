//! `/connections/{connection}/directory`: what is in the tenant now, for whoever chooses groups or people.

use axum::Json;
use axum::extract::State;
use rollcall_directory::identity::ConnectionId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::body::text::Search;
use crate::http::input::{Ids, Params};
use crate::http::page::{Limit, Listing};
use crate::http::problem::Problem;
use crate::operate::directory;
use crate::view::directory::{Group, Person};

/// What is looked for, and which page of it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DirectoryQuery {
    /// What to look for. Empty or left out: everything, by name.
    #[param(value_type = Option<String>, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "sales")]
    #[serde(default)]
    search: Search,
    /// How many items at most. With a cursor the first page's number holds.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
    /// Where to go on: `next` of the page before, together with the same search.
    #[param(value_type = Option<String>, max_length = 8192)]
    #[serde(default)]
    cursor: Option<String>,
}

/// Looks for groups of the tenant: by words of the name, each by its start. Microsoft Graph is asked while the caller waits,
/// for at most 8 seconds.
#[utoipa::path(get, path = "/connections/{connection}/directory/groups", tag = "Directory",
    params(("connection" = Uuid, Path, description = "The connection"), DirectoryQuery),
    responses((status = 200, description = "A page of groups", body = Listing<Group>)))]
pub(crate) async fn groups(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(DirectoryQuery { search, limit, cursor }): Params<DirectoryQuery>,
) -> Result<Json<Listing<Group>>, Problem> {
    let found = directory::groups::find(&app, ConnectionId(connection), search, limit, cursor.as_deref()).await?;
    Ok(Json(found))
}

/// Looks for people of the tenant: by words of the display name, or by the start of given name, surname, address or user
/// principal name. Microsoft Graph is asked while the caller waits, for at most 8 seconds.
#[utoipa::path(get, path = "/connections/{connection}/directory/people", tag = "Directory",
    params(("connection" = Uuid, Path, description = "The connection"), DirectoryQuery),
    responses((status = 200, description = "A page of people", body = Listing<Person>)))]
pub(crate) async fn people(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(DirectoryQuery { search, limit, cursor }): Params<DirectoryQuery>,
) -> Result<Json<Listing<Person>>, Problem> {
    let found = directory::people::find(&app, ConnectionId(connection), search, limit, cursor.as_deref()).await?;
    Ok(Json(found))
}
