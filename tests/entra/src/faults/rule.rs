//! What a rule looks like in JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// Which requests it meets.
    #[serde(rename = "match", default)]
    pub matcher: Matcher,
    /// How often it injects its fault; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What becomes of the answer.
    pub fault: Fault,
}

/// Which requests a rule meets. Everything given must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Matcher {
    /// Graph, the identity platform, or both.
    pub plane: Plane,
    /// The method.
    pub method: Option<String>,
    /// A regular expression that the path contains.
    pub path: Option<String>,
    /// A regular expression that the query contains, as it was sent.
    pub query: Option<String>,
    /// A regular expression that the body contains, such as `grant_type=authorization_code`.
    pub body: Option<String>,
    /// The tenant. A request without a valid token has none.
    pub tenant: Option<Uuid>,
    /// Requests inside `$batch`, or outside.
    pub in_batch: Option<bool>,
    /// Only the request with that number among those met, from 1.
    pub nth: Option<u64>,
    /// The first so many are left alone.
    pub skip: u64,
    /// Every so manieth request.
    pub every: Option<u64>,
    /// The share of the requests, from 0 to 1.
    pub probability: Option<f64>,
    /// Seed for `probability`.
    pub seed: u64,
}

/// The half of the server that a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Plane {
    /// Microsoft Graph.
    #[default]
    Graph,
    /// The identity platform.
    Login,
    /// Both.
    Any,
}

/// What becomes of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// An error of Graph in its usual shape.
    Status {
        /// The HTTP status.
        status: u16,
        /// `Retry-After` as it is, or `date:N` for an HTTP date N seconds from now (N may be negative).
        #[serde(default)]
        retry_after: Option<String>,
        /// The error code.
        #[serde(default)]
        code: Option<String>,
        /// The message.
        #[serde(default)]
        message: Option<String>,
        /// The code goes into `innerError` and the outer one is `UnknownError`.
        #[serde(default)]
        nested: bool,
    },
    /// An error of the token endpoint.
    Aadsts {
        /// The AADSTS number.
        number: u32,
    },
    /// 410 Gone with a `Location` that starts delta over.
    Gone {
        /// Another origin for the `Location`.
        #[serde(default)]
        origin: Option<String>,
    },
    /// A claims challenge: 401 with `WWW-Authenticate`.
    ClaimsChallenge,
    /// A web page in place of JSON.
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// No body.
    EmptyBody,
    /// 200 with an error body.
    ErrorWith200,
    /// The right body under another content type.
    ContentType {
        /// The content type.
        value: String,
    },
    /// JSON that breaks off, with a length that fits.
    TruncatedJson,
    /// A `Content-Length` larger than the body, then a reset.
    ContentLength {
        /// So many bytes too many.
        extra: usize,
    },
    /// A chunked body without end.
    Endless,
    /// The connection is reset before the first byte.
    ResetBeforeHead,
    /// The connection is reset inside the head.
    ResetInHead,
    /// The connection is reset inside the body.
    ResetInBody {
        /// After so many bytes.
        after: usize,
    },
    /// The head comes late.
    SlowHead {
        /// Milliseconds.
        millis: u64,
    },
    /// The body comes in small pieces.
    SlowBody {
        /// Bytes in a piece.
        bytes: usize,
        /// Milliseconds between two pieces.
        millis: u64,
    },
    /// A redirect.
    Redirect {
        /// 301, 302, 307 or 308.
        status: u16,
        /// Where to.
        location: String,
    },
    /// The links of a page lead to another origin.
    ForeignLink {
        /// The other origin.
        origin: String,
    },
    /// The nextLink leads to this very page. Once, it repeats a page; without end, it is a loop.
    LinkToSelf,
    /// The nextLink leads to a page given.
    LinkTo {
        /// The whole link.
        link: String,
    },
    /// Neither nextLink nor deltaLink.
    NoLinks,
    /// Both nextLink and deltaLink.
    BothLinks,
    /// An empty page whose nextLink, which is not the request's own, leads to the right one.
    EmptyPage,
    /// 200 with no rows and no nextLink.
    ZeroRows,
    /// Some rows are left out of a page that looks whole.
    DropRows {
        /// Every so manieth row.
        every: usize,
    },
    /// Each row comes twice.
    DuplicateRows,
    /// The rows come in reverse order.
    ReverseRows,
    /// Properties are null, as when the right to read them was lost.
    BlankProperty {
        /// The names.
        names: Vec<String>,
    },
    /// Properties of each row are replaced.
    SetProperty {
        /// The name.
        name: String,
        /// The value.
        value: Value,
    },
    /// Unknown members in page and rows, and a 64-bit number.
    UnknownFields,
    /// Each row's id is written twice.
    DuplicateKeys,
    /// `NaN` where a number may be.
    NotANumber,
    /// A byte that is not UTF-8.
    InvalidUtf8,
    /// A byte order mark before the JSON.
    ByteOrderMark,
    /// A gzip-encoded body, whatever the client accepts.
    Gzip,
    /// The directory as it was some time ago.
    StaleRead {
        /// Milliseconds.
        millis: i64,
    },
    /// A throttling header on a good answer.
    ThrottlePercentage {
        /// The figure, from 0.8 to 1.8.
        value: f64,
    },
    /// `expires_in` of a token answer; left out when absent.
    ExpiresIn {
        /// Any JSON.
        #[serde(default)]
        value: Option<Value>,
    },
    /// The request is carried out, and its answer is lost.
    LoseAnswer,
}

impl Fault {
    /// The `kind` of the fault.
    pub fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}
