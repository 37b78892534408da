//! The admin token.

use aws_lc_rs::hmac;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use rollcall_runtime::clock;
use rollcall_store::{Error as StoreError, Secrets};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::app::App;

/// Lets a request through that carries the token.
pub(crate) async fn require(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(given) = bearer(request.headers()) else { return Err(Problem::no_token()) };
    let token = app.secrets.plain(&app.token, clock::now()).await?;
    if !is_same(&given, &token) {
        tracing::warn!(reason = "wrong_token", "a request was turned away");
        return Err(Problem::no_token());
    }
    Ok(next.run(request).await)
}

/// A key for page cursors that all environments share, and that changes with the token.
pub(crate) async fn cursor_key(secrets: &Secrets, arn: &str) -> Result<Vec<u8>, StoreError> {
    let token = secrets.plain(arn, clock::now()).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose_secret().as_bytes());
    Ok(hmac::sign(&key, b"page cursors").as_ref().to_vec())
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| SecretString::from(token.trim()))
}

/// Compares digests: they are of one length whatever was sent, and tell nothing of how near a guess came.
fn is_same(given: &SecretString, token: &SecretString) -> bool {
    let digest = |text: &SecretString| Sha256::digest(text.expose_secret().as_bytes());
    digest(given).as_slice().ct_eq(digest(token).as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_token_is_the_same() {
        let token = SecretString::from("canary");
        for (given, same) in [("canary", true), ("Canary", false), ("canary ", false), ("canar", false), ("", false)] {
            assert_eq!(is_same(&SecretString::from(given), &token), same, "{given}");
        }
    }

    #[test]
    fn the_token_is_taken_from_a_bearer_header_only() {
        let given = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(|token| token.expose_secret().to_owned())
        };
        assert_eq!(given("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(given("bearer abc").as_deref(), Some("abc"));
        assert_eq!(given("Basic abc"), None);
        assert_eq!(given("abc"), None);
        assert_eq!(bearer(&HeaderMap::new()).map(|_| ()), None);
    }
}
