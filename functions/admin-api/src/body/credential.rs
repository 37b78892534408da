//! The credential of an application.

use jiff::Timestamp;
use rollcall_store::{CredentialKind, StoredCredential};
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::certificate::Certificate;
use super::text::Secret;

/// Ways to prove who one is: those that everybody has, and others.
macro_rules! credential {
    ($(#[$doc:meta])* $name:ident { $($other:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
        pub(crate) enum $name {
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
            $($other)*
        }
    };
}

credential! {
    /// How the application proves to the identity platform who it is. It is written and never shown.
    Credential {
        /// That of the platform's own application, to which an administrator of the tenant consents by a setup link.
        #[schema(title = "PlatformApplication")]
        PlatformApplication {},
    }
}

credential! {
    /// How the platform's own application proves to the identity platform who it is. It is written and never shown.
    ApplicationCredential {}
}

impl Credential {
    pub(crate) const fn kind(&self) -> CredentialKind {
        match self {
            Self::ClientSecret { .. } => CredentialKind::ClientSecret,
            Self::Certificate { .. } => CredentialKind::Certificate,
            Self::PlatformApplication {} => CredentialKind::PlatformApplication,
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
            Self::PlatformApplication {} => None,
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
            Self::PlatformApplication {} => StoredCredential::PlatformApplication,
        }
    }
}

impl From<ApplicationCredential> for Credential {
    fn from(credential: ApplicationCredential) -> Self {
        match credential {
            ApplicationCredential::ClientSecret { client_id, client_secret, expires_at } => {
                Self::ClientSecret { client_id, client_secret, expires_at }
            }
            ApplicationCredential::Certificate { client_id, certificate_pem, private_key_pem, expires_at } => {
                Self::Certificate { client_id, certificate_pem, private_key_pem, expires_at }
            }
        }
    }
}
