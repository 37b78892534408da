//! `/connections/{connection}/users/{person}/photo`.

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rollcall_directory::identity::{ConnectionId, PersonId};
use rollcall_store::StoredImage;
use uuid::Uuid;

use crate::app::App;
use crate::http::input::Ids;
use crate::http::problem::Problem;
use crate::operate::{existing, tenant};

/// What came from others is shown, and nothing in it is ever run.
const SANDBOX: &str = "sandbox; default-src 'none'";

/// Shows the photo of a person, as it was when photos were last looked at.
///
/// Inactive accounts keep theirs. 404 when there is no account, no photo, or none that could be kept.
#[utoipa::path(get, path = "/connections/{connection}/users/{person}/photo", tag = "Users",
    params(("connection" = Uuid, Path, description = "The connection"), ("person" = Uuid, Path, description = "The person's object id in Entra"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an image that the caller has")),
    responses((status = 200, description = "The image, of 102,400 bytes at most", content(([u8] = "image/jpeg"), ([u8] = "image/png"), ([u8] = "image/gif")),
            headers(("ETag" = String, description = "Its digest in quotation marks"))),
        (status = 304, description = "The caller has this image")))]
pub(crate) async fn read(
    State(app): State<App>,
    Ids((connection, person)): Ids<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let connection = existing(&app, ConnectionId(connection)).await?;
    let tenant = tenant(&app, &connection, "photo").await?;
    let image = app.table.image(connection.id, tenant, PersonId(person)).await?;
    let StoredImage { format, digest, bytes } = image.ok_or_else(|| Problem::not_found("photo"))?;
    let etag = format!("\"{digest}\"");
    let has = |known: &str| known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag);
    if headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok()).is_some_and(has) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    let headers =
        [(CONTENT_TYPE, format.media_type().to_owned()), (CONTENT_SECURITY_POLICY, SANDBOX.to_owned()), (ETAG, etag)];
    Ok((headers, bytes).into_response())
}
