//! The signing keys of the identity platform and the signatures made with them.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock, RwLock};

/// The tenant of personal accounts: one key of the key set is for its issuer alone.
pub(crate) const CONSUMER_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// A key could not be made or used.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library refused: {0}")]
pub struct KeyError(&'static str);

/// An RSA key that signs tokens.
#[derive(Debug)]
pub(super) struct SigningKey {
    id: String,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// Makes a key of 2048 bits.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(super) fn generate() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError("key generation"))?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pair.public_key().as_ref());
        let id = URL_SAFE_NO_PAD.encode(digest.as_ref().get(..20).unwrap_or_default());
        Ok(Self { id, pair })
    }

    /// The key id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Signs claims as a JWT with RS256.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(self.header().to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.signature(&signed)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The header of a token that this key signs.
    pub(super) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "RS256", "x5t": self.id, "kid": self.id})
    }

    /// An RS256 signature.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(super) fn signature(&self, signed: &str) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError("signing"))?;
        Ok(signature)
    }

    /// The modulus of the public key.
    pub(super) fn modulus(&self) -> Vec<u8> {
        self.pair.public_key().modulus().big_endian_without_leading_zero().to_vec()
    }

    /// The public key as a `SubjectPublicKeyInfo` in DER.
    pub(super) fn public_der(&self) -> Result<Vec<u8>, KeyError> {
        let der = self.pair.public_key().as_der().map_err(|_| KeyError("public key"))?;
        Ok(der.as_ref().to_vec())
    }

    fn verifies(&self, signed: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), signature)
            .is_ok()
    }

    /// The public key as a JSON Web Key.
    pub(super) fn jwk(&self, issuer: &str) -> Value {
        let key = self.pair.public_key();
        json!({
            "kty": "RSA", "use": "sig", "kid": self.id, "x5t": self.id,
            "n": URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
            "issuer": issuer,
        })
    }
}

/// The keys of one server: those that sign now, those that signed before, the one for personal accounts, and one that
/// nobody publishes.
#[derive(Debug)]
pub(crate) struct Keys {
    signing: RwLock<Vec<Arc<SigningKey>>>,
    previous: RwLock<Option<Arc<SigningKey>>>,
    consumer: Arc<SigningKey>,
    attacker: OnceLock<Arc<SigningKey>>,
}

static FIRST_KEYS: OnceLock<Option<(Arc<SigningKey>, Arc<SigningKey>)>> = OnceLock::new();

impl Keys {
    /// The first keys are made once for each process: key generation is the slowest part of a start.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn new() -> Result<Self, KeyError> {
        let made = FIRST_KEYS
            .get_or_init(|| Some((Arc::new(SigningKey::generate().ok()?), Arc::new(SigningKey::generate().ok()?))));
        let (signing, consumer) = made.as_ref().ok_or(KeyError("key generation"))?;
        Ok(Self {
            signing: RwLock::new(vec![signing.clone()]),
            previous: RwLock::default(),
            consumer: consumer.clone(),
            attacker: OnceLock::new(),
        })
    }

    /// Makes a new key for what is signed from now on. `keep_old` leaves the earlier keys in the key set.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn rotate(&self, keep_old: bool) -> Result<(), KeyError> {
        let fresh = Arc::new(SigningKey::generate()?);
        let mut keys = crate::sync::write(&self.signing);
        *crate::sync::write(&self.previous) = keys.last().cloned();
        if !keep_old {
            keys.clear();
        }
        keys.push(fresh);
        Ok(())
    }

    /// Signs with the newest key.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        self.current()?.sign(claims)
    }

    /// The newest key.
    pub(super) fn current(&self) -> Result<Arc<SigningKey>, KeyError> {
        crate::sync::read(&self.signing).last().cloned().ok_or(KeyError("no key"))
    }

    /// The key that signed before the last rotation, in the key set or not.
    pub(super) fn previous(&self) -> Result<Arc<SigningKey>, KeyError> {
        crate::sync::read(&self.previous).clone().ok_or(KeyError("no key was rotated yet"))
    }

    /// The key whose issuer is that of personal accounts.
    pub(super) fn consumer(&self) -> Arc<SigningKey> {
        self.consumer.clone()
    }

    /// A key that is in no key set, made when it is first wanted.
    pub(super) fn attacker(&self) -> Result<Arc<SigningKey>, KeyError> {
        if let Some(key) = self.attacker.get() {
            return Ok(key.clone());
        }
        let made = Arc::new(SigningKey::generate()?);
        Ok(self.attacker.get_or_init(|| made).clone())
    }

    /// The claims of a token that one of the signing keys signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.get("alg")? != "RS256" {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let keys = crate::sync::read(&self.signing);
        let key = keys.iter().find(|key| header.get("kid").is_some_and(|id| id == key.id()))?;
        if !key.verifies(signed, &signature) {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The JSON Web Key Set. `issuer` is the issuer, or issuer template, of the work-account keys.
    pub(crate) fn key_set(&self, issuer: &str, origin: &str) -> Value {
        let mut keys: Vec<Value> = crate::sync::read(&self.signing).iter().rev().map(|key| key.jwk(issuer)).collect();
        keys.push(self.consumer.jwk(&format!("{origin}/{CONSUMER_TENANT}/v2.0")));
        json!({ "keys": keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_verifies_and_a_changed_one_does_not() {
        let keys = Keys::new().unwrap();
        let token = keys.sign(&json!({"tid": "x"})).unwrap();
        assert_eq!(keys.verify(&token), Some(json!({"tid": "x"})));
        let (head, tail) = token.split_once('.').unwrap();
        let forged = format!("{head}.{}.{}", URL_SAFE_NO_PAD.encode(r#"{"tid":"y"}"#), tail.split_once('.').unwrap().1);
        assert_eq!(keys.verify(&forged), None);
    }

    #[test]
    fn a_token_of_a_key_rotated_away_is_refused() {
        let keys = Keys::new().unwrap();
        let token = keys.sign(&json!({})).unwrap();
        keys.rotate(true).unwrap();
        assert!(keys.verify(&token).is_some());
        keys.rotate(false).unwrap();
        assert!(keys.verify(&token).is_none());
    }

    #[test]
    fn the_key_set_has_a_key_for_the_consumer_issuer_alone() {
        let set = Keys::new().unwrap().key_set("https://login/{tenantid}/v2.0", "https://login");
        let issuers: Vec<_> =
            set["keys"].as_array().unwrap().iter().map(|key| key["issuer"].as_str().unwrap().to_owned()).collect();
        assert_eq!(
            issuers,
            ["https://login/{tenantid}/v2.0".to_owned(), format!("https://login/{CONSUMER_TENANT}/v2.0")]
        );
    }
}
