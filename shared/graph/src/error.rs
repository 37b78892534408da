//! What can go wrong, sorted by what the caller can do about it.

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

/// What the description of a call ends with that is an item of a `$batch`.
pub(crate) const IN_BATCH: &str = " in $batch";

/// Why a call gave no answer. Nothing in it is secret or personal: no token, body, link query or name.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The identity platform or Graph does not accept the credential. A person must mend it; retrying is useless.
    #[error("{call}: the credential was refused ({code}{}): {hint}", Codes(.aadsts))]
    Credential {
        /// The OAuth `error`, or Graph's error code of a 401 that a new token did not cure.
        code: String,
        /// The AADSTS numbers of the answer, the most telling first. They refine `code`, and Microsoft may change them.
        aadsts: Vec<u32>,
        /// What is most likely wrong.
        hint: CredentialHint,
        /// The call that was refused.
        call: Box<Call>,
    },
    /// The application may not do this in the tenant: an administrator must grant the permission, or lift a policy.
    #[error("{call}: not permitted ({code}){}", Needs(.permission))]
    Consent {
        /// The least application permission that the call needs, where the request knows it.
        permission: Option<&'static str>,
        /// Graph's error code, or the OAuth `error`.
        code: String,
        /// The call that was refused.
        call: Box<Call>,
    },
    /// Graph knows no such object. On its own this proves nothing about a person: replicas lag by minutes.
    #[error("{call}: not found ({code})")]
    NotFound {
        /// Graph's error code.
        code: String,
        /// The call.
        call: Box<Call>,
    },
    /// Graph asked for a pause, and the pause does not fit before the deadline (or has been asked for too often).
    #[error("{call}: throttled, try again in {} s", .retry_after.as_secs())]
    Throttled {
        /// How long to wait from now.
        retry_after: Duration,
        /// The call.
        call: Box<Call>,
    },
    /// Passing trouble outlived the retries or the deadline.
    #[error("{call}: {cause}, try again in {} s", .retry_after.as_secs())]
    Transient {
        /// How long to wait from now.
        retry_after: Duration,
        /// What the last attempt met.
        cause: Cause,
        /// The call.
        call: Box<Call>,
    },
    /// The delta link no longer works: read everything again from a new anchor.
    #[error("{call}: the delta link is of no use any more ({reason})")]
    StartOver {
        /// How Graph said it.
        reason: StartOver,
        /// The call.
        call: Box<Call>,
    },
    /// A next link no longer works: restart this round of paging, once from its beginning.
    #[error("{call}: the page link expired ({status} {code})")]
    PageExpired {
        /// The HTTP status.
        status: u16,
        /// Graph's error code.
        code: String,
        /// The call.
        call: Box<Call>,
    },
    /// Any other refusal (4xx). The same call will be refused again.
    #[error("{call}: refused with {status} {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Graph's error code, or the OAuth `error`.
        code: String,
        /// The call.
        call: Box<Call>,
    },
    /// A link, or a redirect, leads away from the Graph origin of this connection. Nothing was sent there.
    #[error("{call}: a link or redirect leads outside the configured Graph origin")]
    ForeignLink {
        /// The call.
        call: Box<Call>,
    },
    /// Graph answered with well-formed JSON that breaks its own contract. Nothing of the answer was used.
    #[error("{call}: the answer breaks the contract: {what}")]
    ContractBroken {
        /// The rule or the path of the field, never its value.
        what: String,
        /// The call.
        call: Box<Call>,
    },
}

impl Error {
    /// The call that failed.
    pub fn call(&self) -> &Call {
        match self {
            Self::Credential { call, .. }
            | Self::Consent { call, .. }
            | Self::NotFound { call, .. }
            | Self::Throttled { call, .. }
            | Self::Transient { call, .. }
            | Self::StartOver { call, .. }
            | Self::PageExpired { call, .. }
            | Self::Refused { call, .. }
            | Self::ForeignLink { call }
            | Self::ContractBroken { call, .. } => call,
        }
    }

    /// How long to wait before the call is worth repeating; `None` where waiting does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Transient { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Whether the call was an item of a `$batch` that itself was answered, and failed for a reason that can lie in what it
    /// asks for: a record that Graph can't read. The items beside it say whether Graph is in trouble as a whole.
    pub fn is_of_one_item(&self) -> bool {
        let can_lie_in_the_record = match self {
            Self::Refused { .. } | Self::ContractBroken { .. } => true,
            Self::Transient { cause, .. } => matches!(cause, Cause::Status(_) | Cause::Unreadable | Cause::LostItem),
            _ => false,
        };
        can_lie_in_the_record && self.call().what.ends_with(IN_BATCH)
    }

    /// Whether a person must act (credential or consent) before any call can succeed.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::Credential { .. } | Self::Consent { .. })
    }
}

/// A safe description of a call, for logs and support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Method and path template, as in `GET /users/{id}`.
    pub what: String,
    /// The `client-request-id` that was sent.
    pub client_request_id: Option<Uuid>,
    /// The `request-id` (Graph) or trace id (identity platform) of the answer. Microsoft's support asks for it.
    pub request_id: Option<Uuid>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

/// What is most likely wrong with a refused credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialHint {
    /// The client secret is wrong (AADSTS7000215).
    #[error("the client secret is wrong")]
    SecretWrong,
    /// The client secret is a GUID: most likely its *ID* was pasted instead of its value.
    #[error("the ID of the client secret seems to have been entered instead of its value")]
    SecretIdPasted,
    /// The client secret has expired (AADSTS7000222).
    #[error("the client secret has expired")]
    SecretExpired,
    /// The certificate or the signature of the assertion is not accepted (AADSTS700027, 50012, 700030).
    #[error("the certificate is not registered with the application, or does not fit its key")]
    CertificateRefused,
    /// The certificate or its private key cannot be read, or do not belong together. Nothing was sent.
    #[error("the certificate or its private key cannot be read, or they do not belong together")]
    CertificateUnusable,
    /// No federated credential of the application matches the assertion (AADSTS70021 and its successors).
    #[error("no federated credential of the application matches issuer, subject and audience of the assertion")]
    FederationUnmatched,
    /// The source of federated assertions gave none. Nothing was sent.
    #[error("the source of federated assertions gave none")]
    AssertionUnavailable,
    /// The tenant does not exist (AADSTS90002).
    #[error("the tenant does not exist in this cloud")]
    TenantUnknown,
    /// The application is not installed in the tenant (AADSTS700016, 7000229): nobody there has consented yet.
    #[error("the application is unknown in the tenant: an administrator there must consent to it first")]
    ApplicationUnknown,
    /// The application is disabled (AADSTS7000112, 70001).
    #[error("the application is disabled")]
    ApplicationDisabled,
    /// Graph refused a fresh token.
    #[error("Microsoft Graph refused a fresh token")]
    TokenRefused,
    /// Nothing more is known.
    #[error("see the error code")]
    Unknown,
}

/// What a failed attempt met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No connection: refused, DNS, TLS.
    #[error("no connection")]
    Connect,
    /// The connection broke before or inside the answer.
    #[error("the connection broke")]
    Broken,
    /// A time limit ran out.
    #[error("no answer in time")]
    Timeout,
    /// The body is larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// A server error.
    #[error("server error {0}")]
    Status(u16),
    /// Success was stated, but the body is no answer: empty, HTML, truncated, not UTF-8, or an error body.
    #[error("the answer could not be read")]
    Unreadable,
    /// The `$batch` answer lacked this item.
    #[error("the batch answer lacks the item")]
    LostItem,
    /// The identity platform reports passing trouble.
    #[error("the identity platform is not available ({0})")]
    Identity(String),
    /// The caller's deadline passed before the call could be made.
    #[error("the deadline has passed")]
    Deadline,
}

/// How Graph said that a delta link is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartOver {
    /// The token is too old (`syncStateNotFound`), or Graph does not understand it any more.
    #[error("expired")]
    Expired,
    /// `410 Gone`: the service was reset.
    #[error("reset")]
    Reset,
    /// `resyncRequired`.
    #[error("resync required")]
    ResyncRequired,
}

struct Codes<'a>(&'a [u32]);

impl fmt::Display for Codes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|code| write!(f, ", AADSTS{code}"))
    }
}

struct Needs<'a>(&'a Option<&'static str>);

impl fmt::Display for Needs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(permission) => write!(f, ": the application needs {permission}"),
            None => Ok(()),
        }
    }
}
