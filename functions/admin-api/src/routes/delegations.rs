//! What one person lets the application do for them, such as reading their calendar.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::body::delegation::NewDelegationLink;
use crate::http::input::{Body, Ids};
use crate::http::problem::Problem;
use crate::operate::delegations;
use crate::view::delegation::{Delegation, DelegationLink, DelegationTest};

/// Makes a link that asks one person for delegated permissions. They sign in and consent at Microsoft; then the application may act for
/// them, also while they are not there. It is good for seven days and for that person alone, and shown in this answer and never again.
#[utoipa::path(post, path = "/connections/{connection}/users/{person}/delegation-links", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    request_body = NewDelegationLink,
    responses((status = 201, description = "The link", body = DelegationLink)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
    Body(new): Body<NewDelegationLink>,
) -> Result<impl IntoResponse, Problem> {
    let link = delegations::ask(&app, ConnectionId(connection), PersonId(person), new, clock::now()).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// Shows what a person has agreed to.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}/delegation", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 200, description = "What they have agreed to", body = Delegation)))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<Json<Delegation>, Problem> {
    Ok(Json(delegations::find(&app, ConnectionId(connection), PersonId(person)).await?.into()))
}

/// Tries whether the application can act for a person: gets an access token from Entra and throws it away. The refresh token that comes
/// with it takes the place of the one before.
#[utoipa::path(post, path = "/connections/{connection}/users/{person}/delegation/test", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 200, description = "Whether it can", body = DelegationTest)))]
pub(crate) async fn test(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<Json<DelegationTest>, Problem> {
    Ok(Json(delegations::test(&app, ConnectionId(connection), PersonId(person), clock::now()).await?))
}

/// Forgets what a person has agreed to. **What it destroys**: the refresh token, for good. In Entra the consent stays until the person or
/// an administrator takes it back; to act for them again, send them a new link.
#[utoipa::path(delete, path = "/connections/{connection}/users/{person}/delegation", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 204, description = "It is forgotten")))]
pub(crate) async fn forget(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    delegations::forget(&app, ConnectionId(connection), PersonId(person)).await?;
    Ok(StatusCode::NO_CONTENT)
}
