//! Who signed in by a connection, and signing somebody out. Sign-ins are kept as long as the connection's history is.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_runtime::clock;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::{Ids, Params};
use crate::http::page::{Listing, PageQuery};
use crate::http::problem::Problem;
use crate::operate::{existing, people};
use crate::view::sign_in_record::SignInRecord;

/// Lists sign-ins by a connection, newest first: of people whom Entra vouched for, let in or not.
#[utoipa::path(get, path = "/connections/{connection}/sign-ins", tag = "Sign-in", params(("connection" = Uuid, Path, description = "The connection"), PageQuery),
    responses((status = 200, description = "A page of sign-ins", body = Listing<SignInRecord>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Ids(connection): Ids<Uuid>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<SignInRecord>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?.id;
    let page = app.table.sign_ins(connection, &page.request()).await?;
    Ok(Json(Listing::of(page, SignInRecord::from)))
}

/// Lists sign-ins of a person by a connection, newest first, whether they have an account or not.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}/sign-ins", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra"), PageQuery),
    responses((status = 200, description = "A page of sign-ins", body = Listing<SignInRecord>)))]
pub(crate) async fn of_person(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Listing<SignInRecord>>, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?.id;
    let page = app.table.sign_ins_of(connection, PersonId(person), &page.request()).await?;
    Ok(Json(Listing::of(page, SignInRecord::from)))
}

/// Signs a person out everywhere. **What it destroys**: every session and refresh token of theirs is dead at once, and clients are
/// told as far as they want to be. The account stays, and they can sign in again.
#[utoipa::path(post, path = "/connections/{connection}/users/{person}/sign-out", tag = "Sign-in",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra")),
    responses((status = 202, description = "They are signed out, and clients are being told")))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    people::sign_out(&app, ConnectionId(connection), PersonId(person), clock::now()).await?;
    Ok(StatusCode::ACCEPTED)
}
