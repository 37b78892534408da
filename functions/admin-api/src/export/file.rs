//! The answer that is an export, or a part of one.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::Format;
use super::gather::Part;
use crate::http::problem::Problem;

/// An export as an answer. The file is named after the list and an id, and never after anything that somebody typed.
///
/// `Link: <?…>; rel="next"` (RFC 8288) leads to the part that follows: a reference relative to the request, with `more` query
/// parameters beside the cursor.
pub(crate) fn answer(part: Part, format: Format, list: &str, id: Uuid, more: &str) -> Result<Response, Problem> {
    let Part { body, next, first } = part;
    let (ending, media_type) = match (format, first) {
        // Whether there is a line with the names of the columns (RFC 4180, section 3).
        (Format::Csv(_), true) => ("csv", "text/csv; charset=utf-8; header=present"),
        (Format::Csv(_), false) => ("csv", "text/csv; charset=utf-8; header=absent"),
        (Format::Json, _) => ("json", "application/json"),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = format!("attachment; filename=\"rollcall-{list}-{id}.{ending}\"");
    headers.insert(CONTENT_DISPOSITION, header(&disposition)?);
    if let Some(cursor) = next {
        headers.insert(LINK, header(&format!("<?{more}cursor={cursor}>; rel=\"next\""))?);
    }
    Ok(response)
}

fn header(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| {
        tracing::error!("an export has a name or a cursor that is no header");
        Problem::internal()
    })
}
