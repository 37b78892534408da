//! Errors in Graph's shape.

use crate::directory::WriteError;
use crate::reply::Reply;
use crate::request::Request;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

/// An error answer of Graph: status, code, message, and headers that go with it.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), headers: Vec::new() }
    }

    /// 400 for what cannot be understood.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400 for an option or a filter that Graph does not support here.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// 404 in the words that Graph uses for every object.
    pub(crate) fn not_found(id: &str) -> Self {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// 403: the token lacks the permission.
    pub(crate) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// 401 with the challenge header.
    pub(crate) fn token(message: &str) -> Self {
        let mut error = Self::new(401, "InvalidAuthenticationToken", message);
        error.headers.push((
            "www-authenticate".to_owned(),
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"".to_owned(),
        ));
        error
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer.
    pub(crate) fn reply(&self, request: &Request, now: Timestamp) -> Reply {
        let id = Uuid::new_v4().to_string();
        let client = request.header("client-request-id").map_or_else(|| id.clone(), str::to_owned);
        let date = now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let mut inner = json!({"date": date, "request-id": id, "client-request-id": client});
        if self.status == 429
            && let Some(members) = inner.as_object_mut()
        {
            members.insert("code".to_owned(), "429".into());
            members.insert("status".to_owned(), "429".into());
            members.insert("message".to_owned(), "Please retry after".into());
        }
        let body = json!({"error": {"code": self.code, "message": self.message, "innerError": inner}});
        let mut reply = Reply::json(self.status, &body).header("request-id", id);
        reply.headers.extend(self.headers.iter().cloned());
        reply
    }
}

impl From<WriteError> for GraphError {
    fn from(error: WriteError) -> Self {
        match &error {
            WriteError::Missing(_) | WriteError::NotMember => {
                Self::new(404, "Request_ResourceNotFound", error.to_string())
            }
            _ => Self::bad_request(error.to_string()),
        }
    }
}
