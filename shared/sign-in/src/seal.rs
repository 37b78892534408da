//! What is derived from the deployment's own key, so that it need not be kept anywhere: PKCE verifiers, nonces, and the digests
//! under which tenants and issuers stand in the table.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_directory::identity::TenantId;
use rollcall_store::SecretDigest;
use secrecy::{ExposeSecret, SecretString};

/// The key. Each use has a name of its own, so that no two give the same.
#[derive(Clone)]
pub struct SealKey(hmac::Key);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// From the secret of the deployment, at least 256 bits of chance.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()))
    }

    /// The PKCE verifier that belongs to a state (RFC 7636, section 4.1): 43 characters.
    #[must_use]
    pub fn verifier(&self, state: &SecretString) -> SecretString {
        self.text("pkce", state.expose_secret()).into()
    }

    /// The nonce that belongs to a state.
    #[must_use]
    pub fn nonce(&self, state: &SecretString) -> String {
        self.text("nonce", state.expose_secret())
    }

    /// Under what a tenant stands in the table.
    #[must_use]
    pub fn tenant(&self, tenant: TenantId) -> SecretDigest {
        self.digest("tenant", &tenant.to_string())
    }

    /// Under what the keys of an issuer stand in the table.
    #[must_use]
    pub fn issuer(&self, issuer: &str) -> SecretDigest {
        self.digest("issuer", issuer)
    }

    /// Under what a session at Entra stands in the table.
    #[must_use]
    pub fn upstream(&self, issuer: &str, session: &str) -> SecretDigest {
        self.digest("upstream", &format!("{issuer} {session}"))
    }

    /// Under what the sign-ins from an address are counted.
    #[must_use]
    pub fn address(&self, address: &str, what: &str) -> SecretDigest {
        self.digest("address", &format!("{what} {address}"))
    }

    fn text(&self, name: &str, value: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(name, value))
    }

    fn digest(&self, name: &str, value: &str) -> SecretDigest {
        SecretDigest::of(self.tag(name, value).as_ref())
    }

    /// No name has a colon, so that no name and value run together like others.
    fn tag(&self, name: &str, value: &str) -> hmac::Tag {
        hmac::sign(&self.0, format!("{name}:{value}").as_bytes())
    }
}

/// The PKCE challenge of a verifier by the method `S256` (RFC 7636, section 4.2).
#[must_use]
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_use_gives_something_else_and_each_key_too() {
        let (key, other) = (SealKey::new(&"a".into()), SealKey::new(&"b".into()));
        let state = SecretString::from("state");
        assert_ne!(key.verifier(&state).expose_secret(), key.nonce(&state));
        assert_ne!(key.nonce(&state), other.nonce(&state));
        assert_eq!(key.nonce(&state), SealKey::new(&"a".into()).nonce(&state));
        let tenant = TenantId(Uuid::from_u128(1));
        assert!(key.tenant(tenant) != other.tenant(tenant));
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(SealKey::new(&"a".into()).verifier(&"s".into()).expose_secret().len(), 43);
    }
}
