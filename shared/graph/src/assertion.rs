//! The signed client assertion of a certificate credential.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

/// How long an assertion is good for, in seconds. It is used at once, but the clocks may be minutes apart.
const LIFE: i64 = 600;
/// How much earlier it is good already, for the same reason.
const EARLIER: i64 = 600;

/// The certificate or key cannot be read, is not RSA, or they do not belong together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable;

/// Signs an assertion with PS256 and names the certificate by `x5t#S256`
/// (identity platform page "Certificate credentials").
pub(crate) fn sign(
    client_id: &str,
    certificate_pem: &str,
    private_key_pem: &SecretString,
    audience: &str,
    now: Timestamp,
) -> Result<SecretString, Unusable> {
    let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|_| Unusable)?;
    let key = PrivateKeyDer::from_pem_slice(private_key_pem.expose_secret().as_bytes()).map_err(|_| Unusable)?;
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
    // Also finds a key that does not belong to the certificate.
    let pair = CertifiedKey::from_der(vec![certificate], key, &default_provider()).map_err(|_| Unusable)?;
    let signer = pair.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).ok_or(Unusable)?;

    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
    let now = now.as_second();
    let claims = json!({
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": Uuid::new_v4(),
        "iat": now,
        "nbf": now - EARLIER,
        "exp": now + LIFE,
    });
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = signer.sign(signed.as_bytes()).map_err(|_| Unusable)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

fn encode(part: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
