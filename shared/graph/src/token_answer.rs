//! What the token endpoint answers.

use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use crate::decode::is_array;
use crate::error::{Call, Cause, CredentialHint, Error};
use crate::graph_error::safe_code;

/// The life that is assumed when the answer does not tell it.
const ASSUMED_LIFE: Duration = Duration::from_secs(600);
/// No token is kept longer than this, whatever the answer says.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A token as it came.
pub(crate) struct Granted {
    /// The whole `Authorization` header, marked as sensitive.
    pub(crate) header: HeaderValue,
    pub(crate) life: Duration,
}

#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    #[serde(default, deserialize_with = "life")]
    expires_in: Option<f64>,
}

/// `expires_in` is a number by the book, but strings were seen.
fn life<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Reads a successful answer; `None` if it is none.
pub(crate) fn granted(body: &[u8]) -> Option<Granted> {
    let Success { access_token, token_type, expires_in } = serde_json::from_slice(body).ok()?;
    if is_array(body) || !token_type.eq_ignore_ascii_case("bearer") || access_token.is_empty() {
        return None;
    }
    let mut header = HeaderValue::try_from(format!("Bearer {access_token}")).ok()?;
    header.set_sensitive(true);
    let life = expires_in.filter(|seconds| !seconds.is_nan()).map_or(ASSUMED_LIFE, |seconds| {
        Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).unwrap_or(ASSUMED_LIFE)
    });
    Some(Granted { header, life: life.min(LONGEST_LIFE) })
}

/// An error body of the identity platform (RFC 6749 §5.2 with Microsoft's additions).
#[derive(Default, Deserialize)]
struct Failure {
    error: String,
    #[serde(default)]
    error_codes: Vec<u32>,
    trace_id: Option<Uuid>,
}

/// What a refusal means.
pub(crate) enum Refusal {
    /// It will be repeated until somebody mends it.
    Final(Error),
    /// Passing trouble.
    Passing(Cause),
}

/// Classifies a refusal by the OAuth `error`, refined by the AADSTS numbers and never by the description
/// (identity platform page "Error codes": codes may change, texts are for people).
pub(crate) fn refusal(status: u16, body: &[u8], secret_is_id: bool, call: &mut Call) -> Refusal {
    let failure = serde_json::from_slice(body).ok().filter(|_| !is_array(body));
    let Some(Failure { error, error_codes: aadsts, trace_id }) = failure else {
        // Not an answer of the identity platform.
        return Refusal::Passing(Cause::Status(status));
    };
    call.request_id = trace_id;
    let code = safe_code(&error);
    let passing = [90055, 90033, 90024, 50033, 90006, 50196];
    if matches!(error.as_str(), "temporarily_unavailable" | "server_error") || any(&aadsts, &passing) {
        return Refusal::Passing(Cause::Identity(code));
    }
    let call = Box::new(call.clone());
    let consent = [65001, 65004, 90094, 90095, 53000, 53001, 53003, 530_032, 50131];
    if error == "consent_required" || any(&aadsts, &consent) {
        return Refusal::Final(Error::Consent { permission: None, code, call });
    }
    let hint = hint(&error, &aadsts, secret_is_id);
    Refusal::Final(Error::Credential { code, aadsts, hint, call })
}

fn hint(error: &str, aadsts: &[u32], secret_is_id: bool) -> CredentialHint {
    const BY_CODE: [(u32, CredentialHint); 14] = [
        (7_000_222, CredentialHint::SecretExpired),
        (700_027, CredentialHint::CertificateRefused),
        (50_012, CredentialHint::CertificateRefused),
        (700_030, CredentialHint::CertificateRefused),
        (70_021, CredentialHint::FederationUnmatched),
        (700_211, CredentialHint::FederationUnmatched),
        (700_212, CredentialHint::FederationUnmatched),
        (700_213, CredentialHint::FederationUnmatched),
        (90_002, CredentialHint::TenantUnknown),
        (700_016, CredentialHint::ApplicationUnknown),
        (7_000_229, CredentialHint::ApplicationUnknown),
        (7_000_112, CredentialHint::ApplicationDisabled),
        (70_001, CredentialHint::ApplicationDisabled),
        (7_000_215, CredentialHint::SecretWrong),
    ];
    let found = BY_CODE.iter().find(|(code, _)| aadsts.contains(code)).map(|(_, hint)| *hint);
    match (found, error) {
        (Some(CredentialHint::SecretWrong), _) if secret_is_id => CredentialHint::SecretIdPasted,
        (Some(hint), _) => hint,
        (None, "invalid_tenant") => CredentialHint::TenantUnknown,
        (None, "unauthorized_client") => CredentialHint::ApplicationUnknown,
        (None, "invalid_client") if secret_is_id => CredentialHint::SecretIdPasted,
        (None, _) => CredentialHint::Unknown,
    }
}

fn any(codes: &[u32], of: &[u32]) -> bool {
    codes.iter().any(|code| of.contains(code))
}
