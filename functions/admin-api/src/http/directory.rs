//! What trouble with a live call to Microsoft Graph means to the caller.

use rollcall_graph::Error as GraphError;
use rollcall_store::Error as StoreError;
use rollcall_sync::access::AccessError;
use rollcall_sync::check::advice::Advice;

use super::problem::Problem;

impl From<GraphError> for Problem {
    fn from(error: GraphError) -> Self {
        let told = told(&Advice::of(&error));
        match error {
            GraphError::Credential { .. } | GraphError::Consent { .. } => Self::directory_refused(told),
            GraphError::Throttled { retry_after, .. } | GraphError::Transient { retry_after, .. } => {
                Self::directory_unavailable(told, retry_after)
            }
            GraphError::PageExpired { .. } => Self::invalid("cursor", "has expired: begin again without it"),
            GraphError::NotFound { .. }
            | GraphError::StartOver { .. }
            | GraphError::Refused { .. }
            | GraphError::ForeignLink { .. }
            | GraphError::ContractBroken { .. } => {
                tracing::warn!(error = %error, "Graph did not answer as documented");
                Self::directory_fault(told)
            }
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Secret(StoreError::NotFound { item: "platform application" }) => Self::no_application(),
            AccessError::Secret(StoreError::NotFound { .. }) => {
                Self::conflict("The connection has no credential. Set one.")
            }
            AccessError::Secret(error) => error.into(),
            AccessError::Unusable(_) => Self::conflict(format!("The directory can not be read: {error}.")),
        }
    }
}

/// What is wrong and what to do, as sentences.
fn told(advice: &Advice) -> String {
    let mut what = advice.what.chars();
    let first: String = what.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}. {}", what.as_str(), advice.action)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::header::RETRY_AFTER;
    use axum::response::IntoResponse as _;
    use rollcall_graph::{Call, Cause, CredentialHint};

    use super::*;

    fn status(error: GraphError) -> u16 {
        Problem::from(error).status().as_u16()
    }

    #[test]
    fn each_trouble_says_what_the_caller_can_do() {
        let call = || Box::new(Call { what: "GET /groups".to_owned(), ..Call::default() });
        let refused = GraphError::Credential {
            code: "invalid_client".to_owned(),
            aadsts: vec![7_000_222],
            hint: CredentialHint::SecretExpired,
            call: call(),
        };
        let problem = serde_json::to_string(&Problem::from(refused)).unwrap();
        assert!(problem.contains("\"status\":409") && problem.contains("The client secret has expired"), "{problem}");
        assert!(problem.contains("Make a new client secret"), "{problem}");
        let consent =
            GraphError::Consent { permission: Some("GroupMember.Read.All"), code: "x".to_owned(), call: call() };
        assert!(serde_json::to_string(&Problem::from(consent)).unwrap().contains("GroupMember.Read.All"));
        let code = || "x".to_owned();
        assert_eq!(status(GraphError::PageExpired { status: 400, code: code(), call: call() }), 400);
        assert_eq!(status(GraphError::Refused { status: 400, code: code(), call: call() }), 502);
        assert_eq!(status(GraphError::ForeignLink { call: call() }), 502);
        assert_eq!(status(GraphError::ContractBroken { what: code(), call: call() }), 502);
    }

    #[test]
    fn a_pause_that_graph_asks_for_is_handed_on() {
        let call = Box::new(Call::default());
        let throttled = GraphError::Throttled { retry_after: Duration::from_secs(17), call: call.clone() };
        let response = Problem::from(throttled).into_response();
        assert_eq!((response.status().as_u16(), &response.headers()[RETRY_AFTER]), (503, &"17".parse().unwrap()));
        let passing = GraphError::Transient { retry_after: Duration::ZERO, cause: Cause::Timeout, call };
        assert_eq!(Problem::from(passing).into_response().headers()[RETRY_AFTER], "1");
    }
}
