//! The credential of an application.

use jiff::Timestamp;
use rollcall_store::{CredentialKind, StoredCredential};
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::certificate::Certificate;
use super::text::Secret;

/// How the application proves to the identity platform who it is. It is written and never shown.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Credential {
    /// A client secret.
    #[schema(title = "ClientSecret")]
    ClientSecret {
        /// The application (client) id.
        client_id: Uuid,
        /// The secret's value, not its id.
        #[schema(write_only)]
        client_secret: Secret,
        /// When it stops working, as Entra shows it.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        expires_at: Option<Timestamp>,
    },
    /// A certificate that is registered with the application.
    #[schema(title = "Certificate")]
    Certificate {
        /// The application (client) id.
        client_id: Uuid,
        /// The certificate, PEM. When it stops working is read from it.
        #[schema(write_only, value_type = Secret)]
        certificate_pem: Certificate,
        /// Its RSA private key, PEM, without a password.
        #[schema(write_only)]
        private_key_pem: Secret,
        /// When it stops working, if that is before its own end.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        expires_at: Option<Timestamp>,
    },
}

impl Credential {
    pub(crate) const fn kind(&self) -> CredentialKind {
        match self {
            Self::ClientSecret { .. } => CredentialKind::ClientSecret,
            Self::Certificate { .. } => CredentialKind::Certificate,
        }
    }

    /// When it stops working: as somebody says, and as a certificate says itself.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::ClientSecret { expires_at, .. } => *expires_at,
            Self::Certificate { certificate_pem, expires_at, .. } => {
                let ends_at = certificate_pem.ends_at;
                Some(expires_at.map_or(ends_at, |stated| stated.min(ends_at)))
            }
        }
    }

    /// As Secrets Manager keeps it.
    pub(crate) fn stored(self) -> StoredCredential {
        match self {
            Self::ClientSecret { client_id, client_secret, expires_at: _ } => {
                StoredCredential::ClientSecret { client_id: client_id.to_string(), secret: client_secret.0 }
            }
            Self::Certificate { client_id, certificate_pem, private_key_pem, expires_at: _ } => {
                StoredCredential::Certificate {
                    client_id: client_id.to_string(),
                    certificate_pem: certificate_pem.pem.expose_secret().to_owned(),
                    private_key_pem: private_key_pem.0,
                }
            }
        }
    }
}
