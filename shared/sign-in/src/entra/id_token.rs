//! The checks of an ID token.
//!
//! Ours are all but one: form, algorithm, times, issuer, audience, tenant, nonce, versions. The library verifies the RSA signature.
//! Sources: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725; identity platform pages "ID token claims reference" and "Secure
//! applications and APIs by validating claims".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use rollcall_directory::identity::{PersonId, TenantId};
use rollcall_store::VerificationKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::json;
use super::keys::is_id;

/// So far may clocks be apart, in seconds.
const SKEW: i64 = 120;
/// The longest token that is looked at. Entra keeps them below by leaving groups out.
const LONGEST: usize = 64 * 1024;
/// The tenant of personal Microsoft accounts.
const PERSONAL_ACCOUNTS: Uuid = Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad);

/// What is wrong with a token. The texts name claims and never values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not three parts of base64url with JSON objects, has a member twice, or is too long.
    #[error("it has not the form of a token")]
    Form,
    /// It is signed in another way than RS256, or a header asks for something that we do not know.
    #[error("header {0} is not acceptable")]
    Header(&'static str),
    /// No key of its issuer has its key's id.
    #[error("its key is not known")]
    UnknownKey,
    /// Its signature is not of that key.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is missing, of a wrong kind, or not what it has to be.
    #[error("claim {0} is not acceptable")]
    Claim(&'static str),
}

/// What a token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// The tenant.
    pub tenant: TenantId,
    /// Our client id.
    pub client_id: &'a str,
    /// The nonce of the request that led to it.
    pub nonce: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// What a token says of itself, unverified. Only good for finding what to verify it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// The id of its key.
    pub kid: String,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its person.
    pub person: PersonId,
}

/// Who signed in. Nothing in it is an address or a name: those come from the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The tenant.
    pub tenant: TenantId,
    /// The person.
    pub person: PersonId,
    /// The session at Entra.
    pub session: Option<String>,
    /// Whether they are a guest in that tenant.
    pub guest: bool,
    /// Template ids of the directory roles that they have in the whole tenant, where the token tells them (`wids`).
    pub roles: Vec<Uuid>,
    /// When they proved who they are.
    pub authenticated_at: Timestamp,
}

/// Looks into a token without believing it.
///
/// # Errors
/// [`TokenError::Form`], [`TokenError::Header`], [`TokenError::Claim`].
pub fn look(token: &SecretString) -> Result<Unverified, TokenError> {
    let parts = Parts::of(token)?;
    let tenant = guid(&parts.claims, "tid")?;
    Ok(Unverified { kid: parts.kid()?, tenant: TenantId(tenant), person: PersonId(guid(&parts.claims, "oid")?) })
}

/// Checks a token.
///
/// # Errors
/// [`TokenError`]: the first thing that is wrong with it.
pub fn check(token: &SecretString, keys: &[VerificationKey], expected: &Expected<'_>) -> Result<Identity, TokenError> {
    let parts = Parts::of(token)?;
    parts.verify(keys)?;
    let claims = &parts.claims;
    check_times(claims, expected.now)?;
    let is = |name, wanted: &str| if text(claims, name)? == wanted { Ok(()) } else { Err(TokenError::Claim(name)) };
    is("ver", "2.0")?;
    is("iss", expected.issuer)?;
    let tenant = guid(claims, "tid")?;
    if tenant != expected.tenant.0 || tenant == PERSONAL_ACCOUNTS {
        return Err(TokenError::Claim("tid"));
    }
    check_audience(claims, expected.client_id)?;
    // Not `==`: how far a guess is right must not show in the time that it takes.
    if !bool::from(text(claims, "nonce")?.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(TokenError::Claim("nonce"));
    }
    Ok(Identity {
        tenant: expected.tenant,
        person: PersonId(guid(claims, "oid")?),
        session: claims.get("sid").and_then(Value::as_str).map(str::to_owned),
        guest: is_guest(claims, expected.issuer),
        roles: roles(claims),
        authenticated_at: Timestamp::from_second(time(claims, "iat")?).map_err(|_| TokenError::Claim("iat"))?,
    })
}

/// A token, taken apart.
struct Parts<'a> {
    /// What is signed.
    signed: &'a str,
    signature: &'a str,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> Parts<'a> {
    fn of(token: &'a SecretString) -> Result<Self, TokenError> {
        let token = token.expose_secret();
        if token.len() > LONGEST {
            return Err(TokenError::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
        let members = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form)?;
            json::object(&bytes).ok_or(TokenError::Form)
        };
        Ok(Self { signed, signature, header: members(header)?, claims: members(claims)? })
    }

    /// The id of its key. Other headers that speak of keys (`jwk`, `jku`, `x5u`, `x5c`) are not looked at.
    fn kid(&self) -> Result<String, TokenError> {
        // We decide about the algorithm; the header may only agree.
        if self.header.get("alg").and_then(Value::as_str) != Some("RS256") {
            return Err(TokenError::Header("alg"));
        }
        let is_jwt = |typ: &Value| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"));
        if !self.header.get("typ").is_none_or(is_jwt) {
            return Err(TokenError::Header("typ"));
        }
        // Extensions that must be understood (RFC 7515, section 4.1.11): we know none.
        if self.header.contains_key("crit") {
            return Err(TokenError::Header("crit"));
        }
        let kid = self.header.get("kid").and_then(Value::as_str).filter(|kid| is_id(kid));
        kid.map(str::to_owned).ok_or(TokenError::Header("kid"))
    }

    fn verify(&self, keys: &[VerificationKey]) -> Result<(), TokenError> {
        let kid = self.kid()?;
        let key = keys.iter().find(|key| key.kid == kid).ok_or(TokenError::UnknownKey)?;
        let key = DecodingKey::from_rsa_components(&key.n, &key.e).map_err(|_| TokenError::UnknownKey)?;
        match crypto::verify(self.signature, self.signed.as_bytes(), &key, Algorithm::RS256) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenError::Signature),
        }
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, TokenError> {
    claims.get(name).and_then(Value::as_str).ok_or(TokenError::Claim(name))
}

fn guid(claims: &Map<String, Value>, name: &'static str) -> Result<Uuid, TokenError> {
    let text = text(claims, name)?;
    // Only the form that Entra writes: another form of the same id would be another text elsewhere.
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text).ok_or(TokenError::Claim(name))
}

/// Seconds since 1970, as a whole number and nothing else.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<i64, TokenError> {
    let time = claims.get(name).and_then(Value::as_i64);
    time.filter(|time| (0..=253_402_300_799).contains(time)).ok_or(TokenError::Claim(name))
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), TokenError> {
    let now = now.as_second();
    if time(claims, "exp")? + SKEW <= now {
        return Err(TokenError::Claim("exp"));
    }
    for name in ["nbf", "iat"] {
        if time(claims, name)? - SKEW > now {
            return Err(TokenError::Claim(name));
        }
    }
    Ok(())
}

/// Ours alone: a text, or a list of just that.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenError> {
    let is_ours = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) => {
            matches!(audiences.as_slice(), [Value::String(audience)] if audience == client_id)
        }
        _ => false,
    };
    if is_ours { Ok(()) } else { Err(TokenError::Claim("aud")) }
}

/// Another identity provider vouches for a guest (`idp`), and `acct` says it where the application asks for that claim.
fn is_guest(claims: &Map<String, Value>, issuer: &str) -> bool {
    let is_foreign = |idp: &Value| idp.as_str() != Some(issuer);
    let is_one = |acct: &Value| acct.as_i64() == Some(1) || acct.as_str() == Some("1");
    claims.get("idp").is_some_and(is_foreign) || claims.get("acct").is_some_and(is_one)
}

fn roles(claims: &Map<String, Value>) -> Vec<Uuid> {
    let listed = claims.get("wids").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(|role| Uuid::try_parse(role.as_str()?).ok()).collect()
}

#[cfg(test)]
mod tests;
