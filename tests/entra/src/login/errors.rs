//! The errors of the identity platform.

use crate::reply::Reply;
use serde_json::json;
use uuid::Uuid;

/// An error of the identity platform, by its AADSTS number.
#[derive(Clone, Debug)]
pub(crate) struct LoginError {
    number: u32,
    text: String,
}

/// AADSTS number, OAuth `error`, HTTP status, `suberror` or empty, and the text. The pairing of number and status is
/// from observation: Microsoft does not publish it.
const TABLE: &[(u32, &str, u16, &str, &str)] = &[
    (28003, "invalid_scope", 400, "", "Provided value for the input parameter scope cannot be empty."),
    (50012, "invalid_client", 401, "", "Authentication failed."),
    (50020, "invalid_grant", 400, "", "The user account does not exist in tenant and cannot access the application."),
    (50033, "temporarily_unavailable", 503, "", "A transient error has occurred. Please try again."),
    (50057, "invalid_grant", 400, "", "The user account is disabled."),
    (
        50076,
        "interaction_required",
        400,
        "basic_action",
        "You must use multi-factor authentication to access the resource.",
    ),
    (50105, "access_denied", 400, "", "The signed in user is not assigned to a role for the application."),
    (50194, "invalid_request", 400, "", "Application is not configured as a multi-tenant application."),
    (
        50196,
        "invalid_grant",
        400,
        "",
        "The server terminated an operation because it encountered a loop while processing a request.",
    ),
    (53003, "access_denied", 400, "message_only", "Access has been blocked by Conditional Access policies."),
    (
        65001,
        "invalid_grant",
        400,
        "consent_required",
        "The user or administrator has not consented to use the application.",
    ),
    (65004, "access_denied", 400, "", "User declined to consent to access the app."),
    (70001, "unauthorized_client", 400, "", "The application is disabled."),
    (
        70011,
        "invalid_scope",
        400,
        "",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid.",
    ),
    (70021, "invalid_request", 400, "", "No matching federated identity record found for presented assertion."),
    (70003, "unsupported_grant_type", 400, "", "The app requested an unsupported grant type."),
    (
        90002,
        "invalid_request",
        400,
        "",
        "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
    ),
    (90006, "temporarily_unavailable", 503, "", "The service is temporarily unavailable. Try again later."),
    (90014, "invalid_request", 400, "", "A required field is missing from the request."),
    (90024, "temporarily_unavailable", 503, "", "A transient error has occurred. Please try again."),
    (90033, "temporarily_unavailable", 503, "", "A transient error has occurred. Please try again."),
    (
        90055,
        "temporarily_unavailable",
        429,
        "",
        "The request was throttled because of too many requests. Try again later.",
    ),
    (
        90094,
        "invalid_grant",
        400,
        "consent_required",
        "Admin consent is required for the permissions requested by this application.",
    ),
    (500011, "invalid_resource", 400, "", "The resource principal was not found in the tenant."),
    (
        700016,
        "unauthorized_client",
        400,
        "",
        "Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
    ),
    (700022, "invalid_scope", 400, "", "The provided scope contains more than one resource."),
    (700024, "invalid_client", 401, "", "Client assertion is not within its valid time range."),
    (
        700027,
        "invalid_client",
        401,
        "",
        "The certificate with identifier used to sign the client assertion is not registered on application, or the signature is not valid.",
    ),
    (700030, "invalid_client", 401, "", "Invalid certificate."),
    (7000112, "unauthorized_client", 400, "", "Application is disabled."),
    (
        7000215,
        "invalid_client",
        401,
        "",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app.",
    ),
    (
        7000218,
        "invalid_client",
        401,
        "",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    (
        7000222,
        "invalid_client",
        401,
        "",
        "The provided client secret keys for app are expired. Visit the Azure portal to create new keys for your app.",
    ),
    (7000229, "invalid_client", 401, "", "The client application is missing service principal in the tenant."),
    (
        9001023,
        "invalid_request",
        400,
        "",
        "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
    ),
    (
        16000,
        "interaction_required",
        400,
        "",
        "Either multiple user identities are available for the current request or selected account is not supported for the scenario.",
    ),
    (
        28000,
        "invalid_scope",
        400,
        "",
        "Provided value for the input parameter scope is not valid because it contains more than one resource.",
    ),
    (
        50011,
        "invalid_request",
        400,
        "",
        "The redirect URI specified in the request does not match the redirect URIs configured for the application. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.",
    ),
    (
        50034,
        "invalid_grant",
        400,
        "",
        "The user account does not exist in the directory. To sign into this application, the account must be added to the directory.",
    ),
    (50058, "login_required", 400, "", "A silent sign-in request was sent but no user is signed in."),
    (
        50059,
        "invalid_request",
        400,
        "",
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    (50149, "invalid_request", 400, "", "Invalid Code_Challenge_method parameter."),
    (
        50173,
        "invalid_grant",
        400,
        "bad_token",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.",
    ),
    (
        54005,
        "invalid_grant",
        400,
        "",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
    ),
    (
        70000,
        "invalid_grant",
        400,
        "",
        "The provided value for the input parameter 'code' or 'refresh_token' is not valid.",
    ),
    (70007, "invalid_request", 400, "", "The provided value for the input parameter is not supported."),
    (
        70008,
        "invalid_grant",
        400,
        "",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
    ),
    (90023, "invalid_request", 400, "", "Invalid STS request: the value of a parameter is not supported."),
    (
        500112,
        "invalid_client",
        401,
        "",
        "The reply address does not match the reply address provided when requesting Authorization code.",
    ),
    (500113, "invalid_request", 400, "", "No reply address is registered for the application."),
    (
        501481,
        "invalid_grant",
        400,
        "",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    (501491, "invalid_request", 400, "", "The size of the code_challenge parameter is invalid."),
    (
        650057,
        "invalid_resource",
        400,
        "",
        "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.",
    ),
    (
        700005,
        "invalid_grant",
        400,
        "",
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
    ),
    (700054, "unsupported_response_type", 400, "", "The response_type is not enabled for the application:"),
    (700082, "invalid_grant", 400, "bad_token", "The refresh token has expired due to inactivity."),
    (900144, "invalid_request", 400, "", "The request body must contain the following parameter:"),
];

impl LoginError {
    /// The error with that AADSTS number and its usual text.
    pub(crate) fn new(number: u32) -> Self {
        let text = entry(number).map_or("An error happened.", |entry| entry.4);
        Self { number, text: text.to_owned() }
    }

    /// The same error with a text that names what it is about.
    pub(crate) fn about(number: u32, subject: &str) -> Self {
        let mut error = Self::new(number);
        error.text = format!("{} '{subject}'.", error.text.trim_end_matches('.'));
        error
    }

    /// The text with trace id, correlation id and time, as pages and redirects tell it.
    pub(super) fn description(&self, now: jiff::Timestamp) -> String {
        self.describe(&Uuid::new_v4().to_string(), &Uuid::new_v4().to_string(), &stamp(now))
    }

    /// Where Microsoft explains the error.
    pub(super) fn uri(&self) -> String {
        format!("https://login.microsoftonline.com/error?code={}", self.number)
    }

    fn describe(&self, trace: &str, correlation: &str, stamp: &str) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {stamp}",
            self.number, self.text
        )
    }

    /// The answer in the shape of the token endpoint.
    pub(crate) fn reply(&self, now: jiff::Timestamp, correlation: Option<&str>) -> Reply {
        let (name, status, suberror) =
            entry(self.number).map_or(("invalid_request", 400, ""), |entry| (entry.1, entry.2, entry.3));
        let trace = Uuid::new_v4().to_string();
        let correlation = correlation.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let stamp = stamp(now);
        let mut body = json!({
            "error": name,
            "error_description": self.describe(&trace, &correlation, &stamp),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": self.uri(),
        });
        if !suberror.is_empty()
            && let Some(members) = body.as_object_mut()
        {
            members.insert("suberror".to_owned(), suberror.into());
        }
        Reply::json(status, &body).header("cache-control", "no-store, no-cache")
    }
}

fn stamp(now: jiff::Timestamp) -> String {
    now.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn entry(number: u32) -> Option<&'static (u32, &'static str, u16, &'static str, &'static str)> {
    TABLE.iter().find(|entry| entry.0 == number)
}
