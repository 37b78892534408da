//! Client assertions: of the app's own certificate, and of an external issuer.

use super::LoginError;
use super::certificate::key_verifies;
use crate::apps::{App, Federated};
use crate::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

/// Clocks may differ by so much.
const LEEWAY_SECONDS: i64 = 300;

struct Assertion<'text> {
    header: Value,
    claims: Value,
    signed: &'text str,
    signature: Vec<u8>,
}

/// Checks an assertion as the token endpoint does: the app's own when the issuer is the app, else a federated one.
pub(super) fn check(app: &App, tenant: Uuid, request: &Request, text: &str, now: i64) -> Result<(), LoginError> {
    let assertion = parse(text).ok_or_else(|| LoginError::new(50_012))?;
    check_times(&assertion, now.div_euclid(1000))?;
    if claim(&assertion, "iss") == app.client_id.to_string() {
        return check_own(app, tenant, request, &assertion);
    }
    check_federated(app, &assertion)
}

fn check_own(app: &App, tenant: Uuid, request: &Request, assertion: &Assertion<'_>) -> Result<(), LoginError> {
    let audiences = [
        format!("{}{}", request.origin, request.path),
        format!("{}/{}/oauth2/v2.0/token", request.origin, tenant),
        format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", tenant),
    ];
    let audience = claim(assertion, "aud");
    if claim(assertion, "sub") != app.client_id.to_string() || !audiences.iter().any(|expected| *expected == audience) {
        return Err(LoginError::about(50_012, "aud or sub"));
    }
    if claim(assertion, "jti").is_empty() {
        return Err(LoginError::about(50_012, "jti"));
    }
    let algorithm = header(assertion, "alg");
    let certificate = app.certificates.iter().find(|certificate| {
        (algorithm == "PS256" && header(assertion, "x5t#S256") == certificate.thumbprint)
            || (algorithm == "RS256" && header(assertion, "x5t") == certificate.legacy_thumbprint)
    });
    let known = certificate.ok_or_else(|| LoginError::new(700_027))?;
    if known.verifies(algorithm, assertion.signed, &assertion.signature) {
        Ok(())
    } else {
        Err(LoginError::new(700_027))
    }
}

fn check_federated(app: &App, assertion: &Assertion<'_>) -> Result<(), LoginError> {
    let record =
        app.federated.iter().find(|record| matches_record(record, assertion)).ok_or_else(|| LoginError::new(70_021))?;
    let algorithm = header(assertion, "alg");
    let signed = record.keys.iter().any(|key| key_verifies(key, algorithm, assertion.signed, &assertion.signature));
    if signed { Ok(()) } else { Err(LoginError::new(700_027)) }
}

/// Issuer, subject and audience are compared with case.
fn matches_record(record: &Federated, assertion: &Assertion<'_>) -> bool {
    record.issuer == claim(assertion, "iss")
        && record.subject == claim(assertion, "sub")
        && (record.audience == claim(assertion, "aud")
            || assertion
                .claims
                .get("aud")
                .and_then(Value::as_array)
                .is_some_and(|list| list.iter().any(|audience| audience.as_str() == Some(record.audience.as_str()))))
}

fn check_times(assertion: &Assertion<'_>, now: i64) -> Result<(), LoginError> {
    let time = |name: &str| assertion.claims.get(name).and_then(Value::as_i64);
    let expires = time("exp").ok_or_else(|| LoginError::new(700_024))?;
    let starts = time("nbf").unwrap_or(now);
    if expires + LEEWAY_SECONDS < now || starts > now + LEEWAY_SECONDS {
        return Err(LoginError::new(700_024));
    }
    Ok(())
}

fn parse(text: &str) -> Option<Assertion<'_>> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    Some(Assertion {
        header: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?,
        claims: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

fn claim<'assertion>(assertion: &'assertion Assertion<'_>, name: &str) -> &'assertion str {
    assertion.claims.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn header<'assertion>(assertion: &'assertion Assertion<'_>, name: &str) -> &'assertion str {
    assertion.header.get(name).and_then(Value::as_str).unwrap_or_default()
}
