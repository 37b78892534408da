//! How a client proves who it is (OpenID Connect Core 1.0, section 9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use rollcall_store::{ClientAuthentication, ClientId, PlatformClient};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::authorization::Query;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion that is good for longer than this is refused, in seconds.
const LONGEST_LIFE: i64 = 600;
/// So far may clocks be apart, in seconds.
const SKEW: i64 = 60;

/// What a client brings to prove who it is.
#[derive(Debug)]
pub struct Proof {
    /// Which client it says it is.
    pub client: ClientId,
    means: Means,
}

#[derive(Debug)]
enum Means {
    Secret(SecretString),
    Assertion(SecretString),
}

/// A proof that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// By a secret.
    BySecret,
    /// By an assertion with this id, which may be used once until then.
    ByAssertion {
        /// Its id.
        id: String,
        /// When it is over.
        until: Timestamp,
    },
}

/// The client is not who it says it is, or does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotProven;

impl Proof {
    /// What a request brings. One way only (RFC 6749, section 2.3).
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn read(authorization: Option<&str>, form: &Query) -> Result<Self, NotProven> {
        let named = form.get("client_id");
        let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
        match (authorization, secret, assertion) {
            (Some(header), None, None) => {
                let (id, secret) = basic(header).ok_or(NotProven)?;
                let is_one = named.is_none_or(|named| named == id);
                let client = id.parse().ok().filter(|_| is_one).ok_or(NotProven)?;
                Ok(Self { client, means: Means::Secret(secret) })
            }
            (None, Some(secret), None) => {
                let client = named.and_then(|id| id.parse().ok()).ok_or(NotProven)?;
                Ok(Self { client, means: Means::Secret(secret.into()) })
            }
            (None, None, Some(assertion)) if form.get("client_assertion_type") == Some(JWT_BEARER) => {
                let issuer = issuer_of(assertion).ok_or(NotProven)?;
                let is_one = named.is_none_or(|named| named == issuer);
                let client = issuer.parse().ok().filter(|_| is_one).ok_or(NotProven)?;
                Ok(Self { client, means: Means::Assertion(assertion.into()) })
            }
            _ => Err(NotProven),
        }
    }

    /// Checks it. `audiences` are the texts by which an assertion may name us.
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn check(&self, client: &PlatformClient, audiences: &[String], now: Timestamp) -> Result<Proven, NotProven> {
        if client.id != self.client {
            return Err(NotProven);
        }
        match (&self.means, &client.authentication) {
            (Means::Secret(secret), ClientAuthentication::Secret { secrets }) => {
                // All are compared, so that the time tells nothing of which one it was.
                let hits = secrets.iter().filter(|known| known.digest.is_of(secret.expose_secret().as_bytes())).count();
                if hits > 0 { Ok(Proven::BySecret) } else { Err(NotProven) }
            }
            (Means::Assertion(assertion), ClientAuthentication::PrivateKey { jwks }) => {
                check_assertion(assertion, client.id, jwks, audiences, now)
            }
            _ => Err(NotProven),
        }
    }
}

/// Credentials of the Basic scheme, each percent-encoded first (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Option<(String, SecretString)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?.into()))
}

fn decoded(text: &str) -> Option<String> {
    let form = format!("x={text}");
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    let (_, value) = pairs.next()?;
    pairs.next().is_none().then(|| value.into_owned())
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    jti: String,
}

/// Whom an assertion names, unverified.
fn issuer_of(assertion: &str) -> Option<String> {
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode(assertion).ok()?.claims;
    Some(claims.iss)
}

/// RFC 7523, section 3.
fn check_assertion(
    assertion: &SecretString,
    client: ClientId,
    jwks: &str,
    audiences: &[String],
    now: Timestamp,
) -> Result<Proven, NotProven> {
    let assertion = assertion.expose_secret();
    let header = decode_header(assertion).map_err(|_| NotProven)?;
    let keys: JwkSet = serde_json::from_str(jwks).map_err(|_| NotProven)?;
    let is_named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    let key = keys.keys.iter().find(is_named).ok_or(NotProven)?;
    let algorithms = algorithms(key);
    if !algorithms.contains(&header.alg) {
        return Err(NotProven);
    }
    let key = DecodingKey::from_jwk(key).map_err(|_| NotProven)?;
    let mut validation = Validation::new(header.alg);
    validation.algorithms = vec![header.alg];
    validation.set_audience(audiences);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // The times are compared with the clock that is ours to choose.
    validation.validate_exp = false;
    let Claims { iss, sub, exp, jti } = decode::<Claims>(assertion, &key, &validation).map_err(|_| NotProven)?.claims;
    let (id, now) = (client.to_string(), now.as_second());
    let is_ours = iss == id && sub == id && exp + SKEW > now && exp <= now + LONGEST_LIFE + SKEW && !jti.is_empty();
    let until = Timestamp::from_second(exp + SKEW).map_err(|_| NotProven)?;
    if is_ours { Ok(Proven::ByAssertion { id: format!("{id} {jti}"), until }) } else { Err(NotProven) }
}

/// What a kind of key signs with. The header chooses among these and nothing else.
fn algorithms(key: &Jwk) -> &'static [Algorithm] {
    use jsonwebtoken::jwk::AlgorithmParameters;
    match key.algorithm {
        AlgorithmParameters::EllipticCurve(_) => &[Algorithm::ES256],
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        _ => &[],
    }
}

/// Whether a text is a key set by which a client can prove who it is: at least one key, each public and of a kind that we take.
#[must_use]
pub fn is_key_set(jwks: &str) -> bool {
    let Ok(keys) = serde_json::from_str::<JwkSet>(jwks) else { return false };
    let is_private = |value: &serde_json::Value| value.get("d").is_some();
    let raw: Option<serde_json::Value> = serde_json::from_str(jwks).ok();
    let listed = raw.as_ref().and_then(|raw| raw.get("keys")?.as_array());
    let any_private = listed.is_none_or(|keys| keys.iter().any(is_private));
    !keys.keys.is_empty() && !any_private && keys.keys.iter().all(|key| !algorithms(key).is_empty())
}

#[cfg(test)]
mod tests;
