//! Digests that stand for secrets: what opens something is compared, and never kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// SHA-256 of a random text of at least 128 bits, such as a cookie's value, a code or a token. Such a text can't be guessed, so
/// that its digest needs neither salt nor slowness.
#[derive(Clone, Copy, Debug, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of a secret.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, secret).as_ref());
        Self(bytes)
    }

    /// Whether it is that of a secret. Takes the same time whatever differs.
    #[must_use]
    pub fn is_of(&self, secret: &[u8]) -> bool {
        *self == Self::of(secret)
    }
}

/// Takes the same time whatever differs.
impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl std::fmt::Display for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for SecretDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("is no digest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_its_secret_alone_and_comes_back_from_its_text() {
        let digest = SecretDigest::of(b"secret");
        assert!(digest.is_of(b"secret") && !digest.is_of(b"secret "));
        assert_eq!(SecretDigest::try_from(digest.to_string()), Ok(digest));
        for bad in ["", "a", "é", &"A".repeat(44)] {
            assert!(SecretDigest::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
