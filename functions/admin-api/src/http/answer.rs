//! What all answers have in common.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;

/// No answer is kept by anybody on the way, or taken for something else than it says.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

pub(crate) async fn no_route() -> Problem {
    Problem::not_found("route")
}

pub(crate) async fn no_method() -> Problem {
    Problem::no_method()
}
