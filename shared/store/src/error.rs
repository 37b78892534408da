//! What can go wrong, by what the caller can do about it.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A call to the table or to the secrets did not do what was asked.
///
/// The texts name operations, items and AWS error codes, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another worker holds the lease. Stop, and write nothing more.
    #[error("another worker has taken over")]
    Lost,
    /// The item is not as it was when it was read. Read again and decide again.
    #[error("{item} changed in the meantime")]
    Conflict {
        /// Kind of item.
        item: &'static str,
    },
    /// There is no such item.
    #[error("{item} does not exist")]
    NotFound {
        /// Kind of item.
        item: &'static str,
    },
    /// Throttled, out of order or too slow. Try again later. Whether a write was done is unknown.
    #[error("{operation} is not available at the moment: {code}")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// The error code of AWS, or how the connection failed.
        code: String,
    },
    /// Written by a version of this code that is too new or too old to be understood.
    #[error("{item} has schema version {found}")]
    Schema {
        /// Kind of item.
        item: &'static str,
        /// Its version.
        found: u64,
    },
    /// An item that can't be read.
    #[error("{item} is damaged: {what}")]
    Corrupt {
        /// Kind of item.
        item: &'static str,
        /// What is wrong, without values.
        what: String,
    },
    /// More than fits into one item or one transaction.
    #[error("{item} is too large: {bytes} bytes")]
    TooLarge {
        /// Kind of item.
        item: &'static str,
        /// Its size in bytes.
        bytes: usize,
    },
    /// A page cursor that was not made by us, or for another list.
    #[error("the page cursor is not valid for this list")]
    BadCursor,
    /// Not allowed: a role lacks a permission, or a key may not be used.
    #[error("{operation} was denied: {code}")]
    Denied {
        /// What was asked.
        operation: &'static str,
        /// The error code of AWS.
        code: String,
    },
    /// AWS says that the request is wrong: a mistake in the code or in the deployment.
    #[error("{operation} was refused: {code}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// The error code of AWS.
        code: String,
    },
}

/// Codes by which AWS asks to try again later. Source: "Error handling with `DynamoDB`", "Common
/// errors", Secrets Manager API reference.
const PASSING: &[&str] = &[
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Codes that mean "not allowed".
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "KMSAccessDeniedException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "UnrecognizedClientException",
];

impl Error {
    /// The error for an AWS error code, or for an HTTP status where there is no code.
    pub(crate) fn of_code(operation: &'static str, code: &str, status: Option<u16>) -> Self {
        let code = code.to_owned();
        if PASSING.contains(&code.as_str()) || status.is_some_and(|status| status >= 500 || status == 429) {
            Self::Unavailable { operation, code }
        } else if DENIED.contains(&code.as_str()) {
            Self::Denied { operation, code }
        } else {
            Self::Refused { operation, code }
        }
    }

    /// The error for a failed call.
    pub(crate) fn of_sdk<E: ProvideErrorMetadata>(
        operation: &'static str,
        error: &SdkError<E, aws_sdk_dynamodb::config::http::HttpResponse>,
    ) -> Self {
        let unavailable = |code: &str| Self::Unavailable { operation, code: code.to_owned() };
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                let code = service.err().code().map_or_else(|| format!("HTTP {status}"), str::to_owned);
                Self::of_code(operation, &code, Some(status))
            }
            SdkError::TimeoutError(_) => unavailable("timeout"),
            SdkError::DispatchFailure(failure) if failure.is_user() => {
                Self::Refused { operation, code: "request not sent".to_owned() }
            }
            SdkError::DispatchFailure(_) => unavailable("connection failed"),
            SdkError::ResponseError(_) => unavailable("answer not understood"),
            _ => Self::Refused { operation, code: "request not built".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_what_the_caller_can_do() {
        let of = |code| Error::of_code("op", code, Some(400));
        assert!(matches!(of("ThrottlingException"), Error::Unavailable { .. }));
        assert!(matches!(of("AccessDeniedException"), Error::Denied { .. }));
        assert!(matches!(of("ValidationException"), Error::Refused { .. }));
    }

    #[test]
    fn an_unknown_code_with_a_server_error_is_passing_trouble() {
        assert!(matches!(Error::of_code("op", "Novel", Some(503)), Error::Unavailable { .. }));
        assert!(matches!(Error::of_code("op", "Novel", Some(429)), Error::Unavailable { .. }));
        assert!(matches!(Error::of_code("op", "Novel", None), Error::Refused { .. }));
    }
}
