//! The provider's tokens. The library signs and verifies; what stands in them is ours.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use rollcall_directory::identity::{ConnectionId, PersonId, UserId};
use rollcall_store::{ClientId, CodeGrant, Session, SessionId, SessionKey};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::signing_keys::{KeyRing, SigningKeyError};

/// So long an access token is good, in seconds. It opens nothing but `userinfo`, which asks the table each time.
pub const ACCESS_SECONDS: i64 = 300;
/// So long an ID token is good, in seconds.
const ID_SECONDS: i64 = 600;
/// So long a logout token is good, in seconds (Back-Channel Logout 1.0, section 2.4: two minutes at most).
const LOGOUT_SECONDS: i64 = 120;
/// What a logout token tells of.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Our own access token (RFC 9068), as far as it is read again.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessToken {
    /// Its session.
    pub session: SessionKey,
    /// To which client it was given.
    pub client_id: ClientId,
    /// What was asked for.
    pub scope: String,
}

/// Our own ID token, as a client shows it when somebody signs out.
#[derive(Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The client.
    pub client: ClientId,
    /// Where the session is.
    pub key: SessionKey,
}

/// Signs the ID token of a code or a refresh (OpenID Connect Core 1.0, section 2).
///
/// # Errors
/// [`SigningKeyError`].
pub fn id_token(
    ring: &KeyRing,
    issuer: &str,
    session: &Session,
    nonce: Option<&str>,
    claims: Map<String, Value>,
    now: Timestamp,
) -> Result<SecretString, SigningKeyError> {
    let mut token = claims;
    let own = json!({
        "iss": issuer,
        "aud": session.client,
        "iat": now.as_second(),
        "exp": now.as_second() + ID_SECONDS,
        "auth_time": session.authenticated_at.as_second(),
        "sid": session.key.session,
        // By these a client that shows the token again, to sign somebody out, leads to the session.
        "connection": session.key.connection,
        "person": session.key.person,
    });
    token.extend(own.as_object().cloned().unwrap_or_default());
    token.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
    sign(ring, "JWT", &token.into(), now)
}

/// Signs an access token for `userinfo`.
///
/// # Errors
/// [`SigningKeyError`].
pub fn access_token(
    ring: &KeyRing,
    issuer: &str,
    session: &Session,
    scope: &str,
    now: Timestamp,
) -> Result<SecretString, SigningKeyError> {
    let token = json!({
        "iss": issuer,
        "sub": session.key.user,
        "aud": issuer,
        "iat": now.as_second(),
        "exp": now.as_second() + ACCESS_SECONDS,
        "jti": Uuid::new_v4(),
        "session": session.key,
        "client_id": session.client,
        "scope": scope,
    });
    sign(ring, "at+jwt", &token, now)
}

/// Signs a logout token (Back-Channel Logout 1.0, section 2.4).
///
/// # Errors
/// [`SigningKeyError`].
pub fn logout_token(
    ring: &KeyRing,
    issuer: &str,
    client: ClientId,
    session: &SessionKey,
    now: Timestamp,
) -> Result<SecretString, SigningKeyError> {
    let token = json!({
        "iss": issuer,
        "sub": session.user,
        "aud": client,
        "iat": now.as_second(),
        "exp": now.as_second() + LOGOUT_SECONDS,
        "jti": Uuid::new_v4(),
        "sid": session.session,
        "events": { LOGOUT_EVENT: {} },
    });
    sign(ring, "logout+jwt", &token, now)
}

/// Reads our own access token. `None` when it is none, or its time is over.
#[must_use]
pub fn read_access_token(ring: &KeyRing, issuer: &str, token: &str, now: Timestamp) -> Option<AccessToken> {
    let claims = verified(ring, issuer, issuer, "at+jwt", token)?;
    if claims.get("exp")?.as_i64()? <= now.as_second() {
        return None;
    }
    serde_json::from_value(claims).ok()
}

/// Reads our own ID token. One whose time is over is still a hint (RP-Initiated Logout 1.0, section 2).
#[must_use]
pub fn read_hint(ring: &KeyRing, issuer: &str, token: &str) -> Option<IdTokenHint> {
    let client = audience(token)?;
    let claims = verified(ring, issuer, &client, "JWT", token)?;
    let id = |name: &str| claims.get(name).and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    let key = SessionKey {
        connection: ConnectionId(id("connection")?),
        user: UserId(id("sub")?),
        person: PersonId(id("person")?),
        session: SessionId(id("sid")?),
    };
    Some(IdTokenHint { client: client.parse().ok()?, key })
}

fn sign(ring: &KeyRing, kind: &str, claims: &Value, now: Timestamp) -> Result<SecretString, SigningKeyError> {
    let key = ring.signing(now).ok_or(SigningKeyError::Key)?;
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(kind.to_owned());
    header.kid = Some(key.kid.clone());
    encode(&header, claims, key.signs()).map(SecretString::from).map_err(|_| SigningKeyError::Key)
}

/// The claims of a token of ours. Its times are the caller's to look at.
fn verified(ring: &KeyRing, issuer: &str, audience: &str, kind: &str, token: &str) -> Option<Value> {
    let header = decode_header(token).ok().filter(|header| header.typ.as_deref() == Some(kind))?;
    let key = ring.key(header.kid.as_deref()?)?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    decode(token, key.verifies(), &validation).ok().map(|token| token.claims)
}

/// The audience of a token, unverified.
fn audience(token: &str) -> Option<String> {
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(token).ok()?.claims;
    claims.get("aud")?.as_str().map(str::to_owned)
}

/// What the token endpoint answers (RFC 6749, section 5.1).
#[derive(Debug)]
pub struct TokenAnswer {
    /// For `userinfo`.
    pub access_token: SecretString,
    /// Who it is.
    pub id_token: SecretString,
    /// For new tokens, where the client asked for one.
    pub refresh_token: Option<SecretString>,
    /// What was asked for.
    pub scope: String,
}

impl TokenAnswer {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut answer = json!({
            "access_token": self.access_token.expose_secret(),
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "id_token": self.id_token.expose_secret(),
            "scope": self.scope,
        });
        if let (Some(members), Some(refresh)) = (answer.as_object_mut(), &self.refresh_token) {
            members.insert("refresh_token".to_owned(), refresh.expose_secret().into());
        }
        answer
    }
}

/// Whether a code's PKCE challenge is that of this verifier (RFC 7636, section 4.6).
#[must_use]
pub fn is_verifier(grant: &CodeGrant, verifier: &str) -> bool {
    let is_one = (43..=128).contains(&verifier.len());
    is_one
        && subtle::ConstantTimeEq::ct_eq(crate::seal::challenge(verifier).as_bytes(), grant.challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests;
