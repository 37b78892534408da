//! ID tokens as a test wants them: right but for what it names.

use super::keys::{KeyError, Keys, SigningKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a token departs from the right one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Mint {
    /// Claims set or replaced.
    pub claims: Map<String, Value>,
    /// Claims left out.
    pub remove: Vec<String>,
    /// Members of the header set or replaced; null leaves one out.
    pub header: Map<String, Value>,
    /// JSON text in place of the claims, as it is: doubled names and huge numbers pass.
    pub payload: Option<String>,
    /// What signs.
    pub key: KeyName,
    /// One bit of the signature is flipped.
    pub corrupt: bool,
    /// The access token stands in the place of the ID token.
    pub use_access_token: bool,
}

/// What signs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyName {
    /// The newest key.
    #[default]
    Current,
    /// The key before the last rotation.
    Previous,
    /// The key of personal accounts.
    Consumer,
    /// A key in no key set.
    Attacker,
    /// Nothing: the signature is empty.
    None,
    /// HMAC with the newest public key as PEM text.
    Hs256Pem,
    /// HMAC with the newest public key as DER.
    Hs256Der,
    /// HMAC with the modulus of the newest public key.
    Hs256Modulus,
    /// HMAC with the newest public key as JSON Web Key.
    Hs256Jwk,
}

/// Makes a token from the right claims. `issuer` is what the key set says beside the key.
pub(super) fn token(keys: &Keys, mut claims: Value, mint: &Mint, issuer: &str) -> Result<String, KeyError> {
    if let Some(members) = claims.as_object_mut() {
        members.extend(mint.claims.clone());
        mint.remove.iter().for_each(|name| {
            members.remove(name);
        });
    }
    let payload = mint.payload.clone().unwrap_or_else(|| claims.to_string());
    let key = match mint.key {
        KeyName::Previous => keys.previous()?,
        KeyName::Consumer => keys.consumer(),
        KeyName::Attacker => keys.attacker()?,
        _ => keys.current()?,
    };
    let header = header(&key, mint);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mut signature = match secret(&key, mint.key, issuer)? {
        Some(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes()).as_ref().to_vec(),
        None if mint.key == KeyName::None => Vec::new(),
        None => key.signature(&signed)?,
    };
    if mint.corrupt
        && let Some(byte) = signature.last_mut()
    {
        *byte ^= 1;
    }
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn header(key: &SigningKey, mint: &Mint) -> String {
    let mut header = key.header();
    let algorithm = match mint.key {
        KeyName::None => Some("none"),
        KeyName::Hs256Pem | KeyName::Hs256Der | KeyName::Hs256Modulus | KeyName::Hs256Jwk => Some("HS256"),
        _ => None,
    };
    if let Some(members) = header.as_object_mut() {
        if let Some(name) = algorithm {
            members.insert("alg".to_owned(), name.into());
        }
        for (name, value) in &mint.header {
            if value.is_null() {
                members.remove(name);
            } else {
                members.insert(name.clone(), value.clone());
            }
        }
    }
    header.to_string()
}

/// The public key in the form that a confused verifier would take for a shared secret.
fn secret(key: &SigningKey, name: KeyName, issuer: &str) -> Result<Option<Vec<u8>>, KeyError> {
    Ok(match name {
        KeyName::Hs256Pem => Some(pem(&key.public_der()?).into_bytes()),
        KeyName::Hs256Der => Some(key.public_der()?),
        KeyName::Hs256Modulus => Some(key.modulus()),
        KeyName::Hs256Jwk => Some(key.jwk(issuer).to_string().into_bytes()),
        _ => None,
    })
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (number, letter) in text.chars().enumerate() {
        if number > 0 && number % 64 == 0 {
            out.push('\n');
        }
        out.push(letter);
    }
    out.push_str("\n-----END PUBLIC KEY-----\n");
    out
}
