//! Errors as problem documents (RFC 9457). They say what the caller can do, and no more: neither values that were
//! sent nor what went wrong inside.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rollcall_store::Error as StoreError;
use rollcall_sync::ports::QueueError;
use serde::Serialize;
use utoipa::ToSchema;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What is wrong with a request, or why it could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Tells kinds of problems apart: `urn:rollcall:problem:` and a word.
    #[serde(rename = "type")]
    #[schema(examples("urn:rollcall:problem:invalid"))]
    kind: Cow<'static, str>,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: Cow<'static, str>,
    /// Which parts of the request are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// After how many seconds it is worth to try again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// One wrong part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where it is: the path of a member in the body, or the name of a parameter.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl Problem {
    fn new(status: StatusCode, word: &str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let kind = format!("urn:rollcall:problem:{word}").into();
        Self { kind, title, status: status.as_u16(), detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The body can't be read at all.
    pub(crate) fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request can not be read", detail)
    }

    /// A part of the request is not as the description says.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault { field: field.into(), message: message.into() };
        let problem = Self::new(
            StatusCode::BAD_REQUEST,
            "invalid",
            "The request is not valid",
            "A part of the request is not as the description of this API says.",
        );
        Self { errors: vec![fault], ..problem }
    }

    /// No token, or a wrong one. The same for everything that is wrong with it.
    pub(crate) fn no_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "no-token",
            "The admin token is missing or wrong",
            "Send the admin token as bearer token in the Authorization header.",
        )
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such resource", format!("There is no such {what}."))
    }

    /// The route does not know this method.
    pub(crate) fn no_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This resource does not know the method",
            "The Allow header names the methods that it knows.",
        )
    }

    /// It can't be done in the state that things are in.
    pub(crate) fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "It can not be done now", detail)
    }

    /// The connection has no tenant yet.
    pub(crate) fn unbound() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "unbound",
            "The connection has no tenant yet",
            "Send a setup link of the connection to an administrator of the customer, who has to consent to the application in their \
             tenant. POST /connections/{connection}/setup-links makes one.",
        )
    }

    /// The platform has no application of its own.
    pub(crate) fn no_application() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no-application",
            "The platform has no application of its own yet",
            "Set the platform's own application first: PUT /application.",
        )
    }

    /// The body is too large.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", "A body may have 256 KiB.")
    }

    /// The body is of a wrong media type.
    pub(crate) fn media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "The body is of a wrong media type",
            "Send JSON, with the media type application/json.",
        )
    }

    /// Something behind this API does not answer at the moment.
    pub(crate) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available at the moment",
            "Something behind this API does not answer. Try again in some seconds.",
        )
    }

    /// Microsoft does not let the connection in. A person has to mend that.
    pub(crate) fn directory_refused(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "directory-refused", "Microsoft Entra does not let the connection in", detail)
    }

    /// Microsoft is busy or out of order.
    pub(crate) fn directory_unavailable(detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        let title = "Microsoft Graph does not answer at the moment";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "directory-unavailable", title, detail);
        Self { retry_after: Some(retry_after.as_secs().max(1)), ..problem }
    }

    /// Microsoft Graph did not answer as documented.
    pub(crate) fn directory_fault(detail: impl Into<Cow<'static, str>>) -> Self {
        let title = "Microsoft Graph did not answer as documented";
        Self::new(StatusCode::BAD_GATEWAY, "directory-fault", title, detail)
    }

    /// A fault of ours.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "A fault of this service",
            "It has been logged under the id of this request.",
        )
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after);
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        match status {
            StatusCode::UNAUTHORIZED => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.unwrap_or(5))),
            _ => None,
        };
        response
    }
}

/// What a failure of the table or the secrets means to the caller. Faults are logged here.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::BadCursor => Self::invalid("cursor", "is not one that this list gave"),
            StoreError::Conflict { .. } => {
                Self::conflict("It was changed by somebody else at the same moment. Read it again and decide again.")
            }
            StoreError::NotFound { item } => Self::not_found(item),
            StoreError::TooLarge { .. } => Self::too_large(),
            StoreError::Unavailable { .. } => {
                tracing::warn!(error = %error, "not available");
                Self::unavailable()
            }
            _ => {
                tracing::error!(error = %error, "a request failed");
                Self::internal()
            }
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        tracing::error!(error = %error, "a job could not be queued");
        Self::unavailable()
    }
}
