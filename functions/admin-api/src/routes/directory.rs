//! `/connections/{connection}/directory`: what is in the tenant now, for whoever chooses groups or people.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_runtime::clock;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::body::text::Search;
use crate::http::input::{Ids, Params};
use crate::http::page::{Limit, Listing};
use crate::http::problem::Problem;
use crate::operate::{directory, status};
use crate::routes::lifecycle::Queued;
use crate::view::directory::{Group, Person};
use crate::view::why::Why;

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

/// Says why a person has an account, or has none, and what would change it: in by which ways through nested groups, skipped because
/// something is missing, or out since when and why.
///
/// Microsoft Graph is asked about the person while the caller waits. The nesting of groups is as it was last read. Scope and rules are those
/// of a sync, so that the answer is what the next run finds.
#[utoipa::path(get, path = "/connections/{connection}/directory/people/{person}/why", tag = "Directory",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 200, description = "How it stands with the person", body = Why)))]
pub(crate) async fn why(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Why>, Problem> {
    Ok(Json(directory::why::why(&app, ConnectionId(connection), PersonId(person)).await?))
}

/// Reads one person of an active connection now, and does what follows: for them alone, also where auto sync is off.
#[utoipa::path(post, path = "/connections/{connection}/directory/people/{person}/sync", tag = "Directory",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 202, description = "The run is queued", body = Queued)))]
pub(crate) async fn sync(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<impl IntoResponse, Problem> {
    let reference = status::sync_person(&app, ConnectionId(connection), PersonId(person), clock::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { reference })))
}
