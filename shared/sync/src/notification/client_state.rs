//! The `clientState` of a subscription: `{connection}.{nonce}.{mac}`.
//!
//! The mac is HMAC-SHA256 over connection, tenant and nonce, with a key that only Secrets Manager
//! has. So a forged notification is turned away without reading the table, and one that names
//! another tenant than the subscription's own has another mac. The nonce is random for each
//! subscription, so a `clientState` of one is of no use for another.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key, Tag};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_directory::identity::{ConnectionId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The key that every `clientState` is derived from.
#[derive(Clone)]
pub struct ClientStateKey(Key);

impl std::fmt::Debug for ClientStateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientStateKey([REDACTED])")
    }
}

/// Whose notification it is, proved by its `clientState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The connection.
    pub connection: ConnectionId,
    /// The random part of the subscription.
    pub nonce: Uuid,
}

impl ClientStateKey {
    /// The key as Secrets Manager holds it.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(Key::new(HMAC_SHA256, secret.expose_secret().as_bytes()))
    }

    /// The `clientState` to create a subscription with: 117 characters, of the 128 that Graph takes.
    #[must_use]
    pub fn issue(&self, origin: Origin, tenant: TenantId) -> SecretString {
        let Origin { connection, nonce } = origin;
        let mac = URL_SAFE_NO_PAD.encode(self.mac(origin, tenant));
        SecretString::from(format!("{connection}.{nonce}.{mac}"))
    }

    /// Whose notification it is, if its `clientState` was issued by us for this tenant.
    ///
    /// The macs are compared in constant time.
    #[must_use]
    pub fn verify(&self, client_state: &SecretString, tenant: TenantId) -> Option<Origin> {
        let (origin, mac) = split(client_state.expose_secret())?;
        bool::from(self.mac(origin, tenant).as_ref().ct_eq(mac.as_slice())).then_some(origin)
    }

    fn mac(&self, origin: Origin, tenant: TenantId) -> Tag {
        let Origin { connection, nonce } = origin;
        hmac::sign(&self.0, format!("client-state\0{connection}\0{tenant}\0{nonce}").as_bytes())
    }
}

fn split(text: &str) -> Option<(Origin, Vec<u8>)> {
    let mut parts = text.splitn(3, '.');
    let connection = parts.next()?.parse().ok()?;
    let nonce = parts.next()?.parse().ok()?;
    let mac = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    Some((Origin { connection, nonce }, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> ClientStateKey {
        ClientStateKey::new(&SecretString::from(text))
    }

    fn origin(number: u128) -> Origin {
        Origin { connection: ConnectionId(Uuid::from_u128(number)), nonce: Uuid::from_u128(number + 1) }
    }

    const TENANT: TenantId = TenantId(Uuid::from_u128(7));

    #[test]
    fn what_was_issued_is_recognised_and_fits_into_graphs_limit() {
        let issued = key("k").issue(origin(1), TENANT);
        assert_eq!(key("k").verify(&issued, TENANT), Some(origin(1)));
        assert!(issued.expose_secret().len() <= 128);
    }

    #[test]
    fn another_tenant_another_key_or_another_subscription_is_not_recognised() {
        let issued = key("k").issue(origin(1), TENANT);
        assert_eq!(key("k").verify(&issued, TenantId(Uuid::from_u128(8))), None);
        assert_eq!(key("other").verify(&issued, TENANT), None);
        let mac = issued.expose_secret().rsplit_once('.').unwrap().1;
        let Origin { connection, nonce } = origin(2);
        let transplanted = SecretString::from(format!("{connection}.{nonce}.{mac}"));
        assert_eq!(key("k").verify(&transplanted, TENANT), None);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let issued = key("k").issue(origin(1), TENANT).expose_secret().to_owned();
        for at in 0..issued.len() {
            let mut bytes = issued.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let changed = SecretString::from(String::from_utf8(bytes).unwrap());
            assert_eq!(key("k").verify(&changed, TENANT), None, "character {at}");
        }
    }

    #[test]
    fn what_has_not_the_form_is_not_recognised() {
        for text in ["", ".", "..", "a.b.c", "00000000-0000-0000-0000-000000000001", "\u{0}"] {
            assert_eq!(key("k").verify(&SecretString::from(text), TENANT), None);
        }
    }

    #[test]
    fn the_key_does_not_show_itself() {
        assert!(!format!("{:?}", key("canary-91c2")).contains("canary"));
    }
}
