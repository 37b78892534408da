//! `/clients`: the platform's applications that people sign in to.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use rollcall_runtime::clock;
use rollcall_store::ClientId;
use uuid::Uuid;

use crate::app::App;
use crate::body::client::{ClientPatch, NewClient};
use crate::http::input::{Body, Ids};
use crate::http::page::Listing;
use crate::http::problem::Problem;
use crate::operate::clients;
use crate::view::client::{Client, ClientWithSecret, NewSecret};

/// Lists all clients, the oldest first.
#[utoipa::path(get, path = "/clients", tag = "Clients",
    responses((status = 200, description = "All clients", body = Listing<Client>)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Listing<Client>>, Problem> {
    let items = clients::list(&app).await?.into_iter().map(Client::from).collect();
    Ok(Json(Listing { items, next: None }))
}

/// Creates a client. Its secret, if it has one, is shown in this answer and never again.
#[utoipa::path(post, path = "/clients", tag = "Clients", request_body = NewClient,
    responses((status = 201, description = "The client", body = ClientWithSecret, headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create(State(app): State<App>, Body(new): Body<NewClient>) -> Result<impl IntoResponse, Problem> {
    let (client, secret) = clients::create(&app, new, clock::now()).await?;
    let location = format!("/clients/{}", client.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(ClientWithSecret::of(client, secret.as_ref()))))
}

/// Shows a client.
#[utoipa::path(get, path = "/clients/{client}", tag = "Clients", params(("client" = Uuid, Path, description = "The client")),
    responses((status = 200, description = "The client", body = Client)))]
pub(crate) async fn read(State(app): State<App>, Ids(client): Ids<Uuid>) -> Result<Json<Client>, Problem> {
    Ok(Json(clients::find(&app, ClientId(client)).await?.into()))
}

/// Changes a client.
#[utoipa::path(patch, path = "/clients/{client}", tag = "Clients", params(("client" = Uuid, Path, description = "The client")),
    request_body = ClientPatch, responses((status = 200, description = "The client after the change", body = ClientWithSecret)))]
pub(crate) async fn change(
    State(app): State<App>,
    Ids(client): Ids<Uuid>,
    Body(patch): Body<ClientPatch>,
) -> Result<Json<ClientWithSecret>, Problem> {
    let (client, secret) = clients::change(&app, ClientId(client), patch, clock::now()).await?;
    Ok(Json(ClientWithSecret::of(client, secret.as_ref())))
}

/// Deletes a client. **What it destroys**: nobody can sign in to it any more, and its sessions can't be renewed. It can't be undone:
/// a new client has another id and another secret.
#[utoipa::path(delete, path = "/clients/{client}", tag = "Clients", params(("client" = Uuid, Path, description = "The client")),
    responses((status = 204, description = "There is none any more")))]
pub(crate) async fn delete(State(app): State<App>, Ids(client): Ids<Uuid>) -> Result<StatusCode, Problem> {
    clients::remove(&app, ClientId(client)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret, which is shown in this answer and never again. The newest one before it stays good beside it, until it is
/// removed or the next one is made; an older one is good no more.
#[utoipa::path(post, path = "/clients/{client}/secrets", tag = "Clients", params(("client" = Uuid, Path, description = "The client")),
    responses((status = 201, description = "The secret", body = NewSecret)))]
pub(crate) async fn renew(State(app): State<App>, Ids(client): Ids<Uuid>) -> Result<impl IntoResponse, Problem> {
    let (client, kept, secret) = clients::renew(&app, ClientId(client), clock::now()).await?;
    Ok((StatusCode::CREATED, Json(NewSecret::of(&client, kept, &secret))))
}

/// Removes the older of two secrets: only the newest is good from then on. It is fine if there is one only.
#[utoipa::path(delete, path = "/clients/{client}/secrets/old", tag = "Clients", params(("client" = Uuid, Path, description = "The client")),
    responses((status = 204, description = "Only the newest is good")))]
pub(crate) async fn drop_old(State(app): State<App>, Ids(client): Ids<Uuid>) -> Result<StatusCode, Problem> {
    clients::drop_old(&app, ClientId(client), clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
