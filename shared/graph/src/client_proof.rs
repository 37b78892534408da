//! How a client proves who it is at the token endpoint, as members of its form.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::Serializer;

use crate::assertion;
use crate::credential::{AssertionError, Credential};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is sent to prove it.
pub(crate) enum Proof<'a> {
    Secret(&'a SecretString),
    Assertion(SecretString),
}

/// Why there is nothing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoProof {
    CertificateUnusable,
    AssertionRefused,
    AssertionUnavailable,
}

impl<'a> Proof<'a> {
    /// The proof for a token endpoint, which is the audience of a signed one.
    pub(crate) async fn of(credential: &'a Credential, endpoint: &str, now: Timestamp) -> Result<Self, NoProof> {
        match credential {
            Credential::ClientSecret { secret, .. } => Ok(Proof::Secret(secret)),
            Credential::Certificate { client_id, certificate_pem, private_key_pem } => {
                let signed = assertion::sign(client_id, certificate_pem, private_key_pem, endpoint, now);
                signed.map(Proof::Assertion).map_err(|_| NoProof::CertificateUnusable)
            }
            Credential::FederatedAssertion { source, .. } => match source.assertion().await {
                Ok(assertion) => Ok(Proof::Assertion(assertion)),
                Err(AssertionError::Unavailable) => Err(NoProof::AssertionUnavailable),
                Err(AssertionError::Refused) => Err(NoProof::AssertionRefused),
            },
        }
    }

    /// Adds it to a form.
    pub(crate) fn append(&self, client_id: &str, form: &mut Serializer<'_, String>) {
        form.append_pair("client_id", client_id);
        match self {
            Proof::Secret(secret) => form.append_pair("client_secret", secret.expose_secret()),
            Proof::Assertion(assertion) => form
                .append_pair("client_assertion_type", JWT_BEARER)
                .append_pair("client_assertion", assertion.expose_secret()),
        };
    }
}
