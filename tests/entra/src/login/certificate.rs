//! Public keys for client assertions: from X.509 certificates and from JSON Web Keys.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, RsaParameters, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A certificate that an app registered.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// Base64url SHA-256 of the DER form: `x5t#S256`.
    pub thumbprint: String,
    /// Base64url SHA-1 of the DER form: the older `x5t`.
    pub legacy_thumbprint: String,
    /// The RSA public key, PKCS#1 DER.
    public_key: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate in PEM or in base64 DER.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect();
        let der = STANDARD.decode(base64).ok()?;
        Some(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
            legacy_thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            public_key: public_key_of(&der)?.to_vec(),
        })
    }

    /// Whether this certificate's key made the signature under the given JWT algorithm.
    pub(crate) fn verifies(&self, algorithm: &str, signed: &str, signature: &[u8]) -> bool {
        let Some(parameters) = parameters(algorithm) else { return false };
        UnparsedPublicKey::new(parameters, &self.public_key).verify(signed.as_bytes(), signature).is_ok()
    }
}

/// Whether a JSON Web Key made the signature under the given JWT algorithm.
pub(super) fn key_verifies(jwk: &Value, algorithm: &str, signed: &str, signature: &[u8]) -> bool {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    let (Some(parameters), Some(n), Some(e)) = (parameters(algorithm), member("n"), member("e")) else { return false };
    PublicKeyComponents { n, e }.verify(parameters, signed.as_bytes(), signature).is_ok()
}

fn parameters(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "PS256" => Some(&signature::RSA_PSS_2048_8192_SHA256),
        "RS256" => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        _ => None,
    }
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const VERSION: u8 = 0xa0;

/// The subject public key of a certificate (RFC 5280 section 4.1): the seventh field of the inner certificate, or the
/// sixth when the version is left out.
fn public_key_of(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, certificate, _) = element(der)? else { return None };
    let (SEQUENCE, mut rest, _) = element(certificate)? else { return None };
    let (tag, _, after) = element(rest)?;
    if tag == VERSION {
        rest = after;
    }
    for _ in ["serial number", "signature", "issuer", "validity", "subject"] {
        rest = element(rest)?.2;
    }
    let (SEQUENCE, key_info, _) = element(rest)? else { return None };
    let after_algorithm = element(key_info)?.2;
    let (BIT_STRING, bits, _) = element(after_algorithm)? else { return None };
    let (0, key) = bits.split_first()? else { return None };
    Some(key)
}

/// Splits off one DER element: its tag, its content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if *first >= 0x80 {
        let (digits, after) = rest.split_at_checked(usize::from(*first & 0x7f))?;
        length =
            digits.iter().try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)))?;
        rest = after;
    }
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Certificate, thumbprints and signatures of `a.b` were made with OpenSSL.
    const CERTIFICATE: &str = include_str!("sample-certificate.pem");
    const RS256: &str = "UnFeuZYGd-Z0_77ZDlGsws7MApEkDUp7Q8u_NH83oAP2RTMHlSU56sxUDbuCKRp1GMgeOsxTMrFRE-qLa-fuQLoh1jDp_9uCBStk-YpNWK3YmnRED1Kp5akdXm28tztUmsrhXQqeckHznxp_sW_B7s7iukXu9z3f91hK33e7gEepz0KMy_02laHakVr62YuirQc44eBfyZKq-ApqSgO93mkM0utENYpjFH9EXJLQt9OC2g7CN6dFMx90M1T_rNmyc8ZHE4ACqXVN2B9L8KNABAlxpoaqYB8FtwSA9WnpIUA_22-r2ZM1QZ-0hKlVcDh4whCL5sIyRBcnMYRrLor_sw";
    const PS256: &str = "k698foRqTILhH70iAHqvE0ExtUuC0oYpC12i6btPG8-WNrD7cPDFrS-X2L_nDZH6fghAnfNKJWCsVhxqek-HmlhSM0pmlFgXCVOz_g4EUd0Ut9JlXbTUusnOVjeY3tru6kYcRGrtejN3RT5OrvKeSD5OmKNCClsMJ0_rTVegyJEuBhGpId550BPJD6p7TiPbKUGlGOTZeaHXstHuFKxnmu41BYAiLGF8kbaPlzVYH8EIkZwq1GPKB0JUVc3fxtZAw7CsrMsfLC2E7SKGkxig5C484msvVjzWr6stWRYxjNqmADC7y4nHxwpyEat-zX0s7mM9quhElxlV5LhjhhuGCg";

    #[test]
    fn thumbprints_are_those_of_openssl() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        assert_eq!(certificate.thumbprint, "4Y2yhKjxpqdYh-uLQojzCTx7wQcTSKQsdVPInWeWH8Y");
        assert_eq!(certificate.legacy_thumbprint, "qQ_nFmLrrPKNjFQxgg0jLvuWw54");
    }

    #[test]
    fn signatures_of_openssl_verify_under_their_own_algorithm_alone() {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        let signature = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        assert!(certificate.verifies("PS256", "a.b", &signature(PS256)));
        assert!(certificate.verifies("RS256", "a.b", &signature(RS256)));
        assert!(!certificate.verifies("PS256", "a.b", &signature(RS256)));
        assert!(!certificate.verifies("PS256", "a.c", &signature(PS256)));
        assert!(!certificate.verifies("none", "a.b", b""));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for text in ["", "AAAA", "MIIB", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"] {
            assert!(Certificate::parse(text).is_none(), "{text}");
        }
    }
}
