//! The provider's signing keys: P-256, made here, kept in Secrets Manager, replaced every month.
//!
//! A new key is published a day before it signs, so that every client has read it by then, and stays published for two days after
//! its last signature. All instances decide alike and write by the version that they read, so that of several that make a key at
//! the same moment one's is kept. To replace all keys at once, store `{}` in their place.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rollcall_store::{Error as StoreError, Secrets};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// The age at which a key gets a successor.
const REPLACED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So long a key is published before it signs. Clients keep the key set for an hour.
const PUBLISHED: SignedDuration = SignedDuration::from_hours(24);
/// So long after its successor began to sign a key is published.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// So long the keys are kept in memory.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// A key.
#[derive(Clone)]
pub struct SigningKey {
    /// Its id: its thumbprint (RFC 7638).
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// PKCS#8.
    private: SecretString,
    public: Jwk,
    signs: EncodingKey,
    verifies: DecodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The secret can't be read or written.
    #[error("the signing keys can't be read: {0}")]
    Secret(#[from] StoreError),
    /// The cryptographic library refused.
    #[error("a signing key can't be made or read")]
    Key,
}

impl SigningKey {
    fn make(now: Timestamp) -> Result<Self, SigningKeyError> {
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self::of(pair.map_err(|_| SigningKeyError::Key)?.as_ref(), now)
    }

    fn of(pkcs8: &[u8], created_at: Timestamp) -> Result<Self, SigningKeyError> {
        let failed = |_| SigningKeyError::Key;
        let signs = EncodingKey::from_ec_der(pkcs8);
        let mut public = Jwk::from_encoding_key(&signs, Algorithm::ES256).map_err(failed)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(failed)?;
        let verifies = DecodingKey::from_jwk(&public).map_err(failed)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { kid, created_at, private: STANDARD.encode(pkcs8).into(), public, signs, verifies })
    }

    /// What it signs with.
    #[must_use]
    pub const fn signs(&self) -> &EncodingKey {
        &self.signs
    }

    /// What it is verified with.
    #[must_use]
    pub const fn verifies(&self) -> &DecodingKey {
        &self.verifies
    }
}

/// The keys as they are published, the newest first.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// The key that signs now: the newest that everybody has read by now, or the oldest.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Option<&SigningKey> {
        self.0.iter().find(|key| now.duration_since(key.created_at) >= PUBLISHED).or(self.0.last())
    }

    /// A key by its id.
    #[must_use]
    pub fn key(&self, kid: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The key set that everybody may read (RFC 7517, section 5).
    #[must_use]
    pub fn public(&self) -> Value {
        json!({ "keys": self.0.iter().map(|key| &key.public).collect::<Vec<_>>() })
    }

    /// Whether a key has to be made now.
    fn lacks_one(&self, now: Timestamp) -> bool {
        self.0.first().is_none_or(|newest| now.duration_since(newest.created_at) >= REPLACED)
    }

    /// The keys that are needed still. A key is not, once its successor has signed for long.
    fn needed(self, now: Timestamp) -> Self {
        let mut successor: Option<Timestamp> = None;
        let is_needed = |key: &SigningKey| {
            let over = successor.is_some_and(|at| now.duration_since(at) >= PUBLISHED + KEPT);
            successor = Some(key.created_at);
            !over
        };
        Self(self.0.into_iter().filter(is_needed).collect())
    }

    fn read(text: &SecretString) -> Result<Self, SigningKeyError> {
        let value: Value = serde_json::from_str(text.expose_secret()).map_err(|_| SigningKeyError::Key)?;
        let listed = value.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut keys = Vec::with_capacity(listed.len());
        for key in listed {
            let text = |name: &str| key.get(name).and_then(Value::as_str).ok_or(SigningKeyError::Key);
            let private = STANDARD.decode(text("pkcs8")?).map_err(|_| SigningKeyError::Key)?;
            let created_at = text("created_at")?.parse().map_err(|_| SigningKeyError::Key)?;
            keys.push(SigningKey::of(&private, created_at)?);
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        Ok(Self(keys))
    }

    fn write(&self) -> SecretString {
        let key = |key: &SigningKey| json!({ "kid": key.kid, "created_at": key.created_at.to_string(), "pkcs8": key.private.expose_secret() });
        json!({ "v": 1, "keys": self.0.iter().map(key).collect::<Vec<_>>() }).to_string().into()
    }
}

/// The keys in Secrets Manager. One for each process.
pub struct SigningKeys {
    secrets: Secrets,
    name: String,
    /// Whether a key is made where one is due.
    makes: bool,
    ring: Mutex<Option<(Timestamp, KeyRing)>>,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKeys")
    }
}

impl SigningKeys {
    /// Those in the secret of this name or ARN.
    #[must_use]
    pub fn new(secrets: Secrets, name: String) -> Self {
        Self { secrets, name, makes: true, ring: Mutex::default() }
    }

    /// The same for a function that may read them and not replace them.
    #[must_use]
    pub fn read_only(secrets: Secrets, name: String) -> Self {
        Self { makes: false, ..Self::new(secrets, name) }
    }

    /// The keys as they are now. Makes one where one is due.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub async fn ring(&self, now: Timestamp) -> Result<KeyRing, SigningKeyError> {
        // Held across the calls on purpose: many sign-ins at once read once.
        let mut known = self.ring.lock().await;
        if let Some((at, ring)) = known.as_ref()
            && now.duration_since(*at).abs() < FRESH
        {
            return Ok(ring.clone());
        }
        let ring = self.renewed(now).await?;
        *known = Some((now, ring.clone()));
        Ok(ring)
    }

    async fn renewed(&self, now: Timestamp) -> Result<KeyRing, SigningKeyError> {
        loop {
            let (text, version) = self.secrets.versioned(&self.name).await?;
            let ring = KeyRing::read(&text)?.needed(now);
            if !self.makes || !ring.lacks_one(now) {
                return Ok(ring);
            }
            let mut keys = vec![SigningKey::make(now)?];
            keys.extend(ring.0);
            match self.secrets.replace(&self.name, &version, &KeyRing(keys).write()).await {
                // Read again: what counts is what is kept.
                Ok(()) => tracing::info!("a signing key was made"),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A ring with one new key.
#[cfg(test)]
pub(super) fn test_ring() -> KeyRing {
    KeyRing(SigningKey::make(Timestamp::UNIX_EPOCH).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn ring(days: &[i64]) -> KeyRing {
        KeyRing(days.iter().map(|made| SigningKey::make(day(*made)).unwrap()).collect())
    }

    fn made(ring: &KeyRing) -> Vec<i64> {
        ring.0.iter().map(|key| key.created_at.as_second() / 86_400).collect()
    }

    #[test]
    fn a_key_signs_a_day_after_it_was_published_and_the_first_at_once() {
        let signing = |ring: &KeyRing, at| ring.signing(day(at)).map(|key| key.created_at);
        assert_eq!(signing(&ring(&[]), 0), None);
        assert_eq!(signing(&ring(&[0]), 0), Some(day(0)));
        let two = ring(&[30, 0]);
        assert_eq!(signing(&two, 30), Some(day(0)));
        assert_eq!(signing(&two, 31), Some(day(30)));
    }

    #[test]
    fn a_key_is_replaced_after_a_month_and_goes_two_days_after_its_last_signature() {
        assert!(ring(&[]).lacks_one(day(0)));
        assert!(!ring(&[0]).lacks_one(day(29)) && ring(&[0]).lacks_one(day(30)));
        assert_eq!(made(&ring(&[30, 0]).needed(day(32))), [30, 0]);
        assert_eq!(made(&ring(&[30, 0]).needed(day(33))), [30]);
        assert_eq!(made(&ring(&[0]).needed(day(400))), [0]);
    }

    #[test]
    fn keys_come_back_as_they_were_written_and_show_nothing_private() {
        let keys = ring(&[30, 0]);
        let back = KeyRing::read(&keys.write()).unwrap();
        assert_eq!(made(&back), [30, 0]);
        assert_eq!(back.public(), keys.public());
        let public = keys.public();
        let key = public["keys"][0].as_object().unwrap();
        assert_eq!(
            (key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()),
            (Some("EC"), Some("P-256"), Some("ES256"))
        );
        assert!(!key.contains_key("d") && key["kid"].as_str() == Some(&back.0[0].kid));
        assert!(KeyRing::read(&"{}".into()).unwrap().0.is_empty());
        assert!(KeyRing::read(&"no json".into()).is_err());
    }
}
