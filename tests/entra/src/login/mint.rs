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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(keys: &Keys, mint: Value) -> (String, Vec<u8>) {
        let mint: Mint = serde_json::from_value(mint).unwrap();
        let token = token(keys, json!({"a": 1, "b": 2}), &mint, "issuer").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        (signed.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap())
    }

    fn payload(signed: &str) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn hmac_is_made_with_the_named_form_of_the_public_key() {
        let keys = Keys::new().unwrap();
        let key = keys.current().unwrap();
        let der = key.public_der().unwrap();
        assert!(der.windows(key.modulus().len()).any(|part| part == key.modulus()));
        let forms = [
            ("hs256-pem", pem(&der).into_bytes()),
            ("hs256-der", der.clone()),
            ("hs256-modulus", key.modulus()),
            ("hs256-jwk", key.jwk("issuer").to_string().into_bytes()),
        ];
        for (name, secret) in forms {
            let (signed, signature) = made(&keys, json!({"key": name}));
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            assert!(hmac::verify(&key, signed.as_bytes(), &signature).is_ok(), "{name}");
        }
    }

    #[test]
    fn pem_has_lines_of_64_letters() {
        let text = pem(&[0; 100]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"-----BEGIN PUBLIC KEY-----"));
        assert_eq!(lines.get(1).map(|line| line.len()), Some(64));
        assert!(text.ends_with("-----END PUBLIC KEY-----\n"));
    }

    #[test]
    fn a_payload_goes_in_as_it_is_and_claims_are_set_and_left_out() {
        let keys = Keys::new().unwrap();
        let (signed, _) = made(&keys, json!({"payload": "{\"a\":1,\"a\":1e999}"}));
        assert_eq!(payload(&signed), "{\"a\":1,\"a\":1e999}");
        let (signed, _) = made(&keys, json!({"claims": {"a": null}, "remove": ["b"]}));
        assert_eq!(payload(&signed), "{\"a\":null}");
    }

    #[test]
    fn a_corrupt_signature_differs_in_one_bit() {
        let keys = Keys::new().unwrap();
        let ((_, good), (_, bad)) = (made(&keys, json!({})), made(&keys, json!({"corrupt": true})));
        let differing: u32 = good.iter().zip(&bad).map(|(one, other)| (one ^ other).count_ones()).sum();
        assert_eq!(differing, 1);
    }
}
