//! What the provider says of itself (OpenID Connect Discovery 1.0, section 3).

use serde_json::{Value, json};

use super::authorization::SCOPES;

/// Where everything is, below the issuer.
pub mod path {
    /// The metadata.
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    /// The public keys.
    pub const KEYS: &str = "/jwks";
    /// Where sign-ins begin.
    pub const AUTHORIZE: &str = "/authorize";
    /// Where codes and refresh tokens are exchanged.
    pub const TOKEN: &str = "/token";
    /// What is known of somebody.
    pub const USERINFO: &str = "/userinfo";
    /// Where tokens are revoked.
    pub const REVOKE: &str = "/revoke";
    /// Where people sign out.
    pub const END_SESSION: &str = "/end-session";
    /// Where Entra's answers go.
    pub const CALLBACK: &str = "/login/callback";
    /// Where somebody waits for an account.
    pub const WAIT: &str = "/login/wait";
    /// Where the answers of consenting administrators go.
    pub const CONSENT_CALLBACK: &str = "/connect/callback";
    /// Where people are who have signed out of Entra.
    pub const SIGNED_OUT: &str = "/signed-out";
}

/// The metadata.
#[must_use]
pub fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(path::AUTHORIZE),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "jwks_uri": at(path::KEYS),
        "revocation_endpoint": at(path::REVOKE),
        "end_session_endpoint": at(path::END_SESSION),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "given_name", "family_name", "locale",
            "email", "email_verified", "connection", "linked_account", "teams", "roles"
        ],
        "ui_locales_supported": ["en", "de"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
