//! How the application proves who it is.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// An application's credential (Microsoft identity platform, client credentials grant).
#[derive(Clone)]
pub enum Credential {
    /// A client secret.
    ClientSecret {
        /// The application (client) id.
        client_id: String,
        /// The secret's value, not its id.
        secret: SecretString,
    },
    /// A certificate registered with the application.
    Certificate {
        /// The application (client) id.
        client_id: String,
        /// The certificate, PEM. Of a chain the first counts.
        certificate_pem: String,
        /// Its RSA private key, PEM: PKCS#8 or PKCS#1, without a password.
        private_key_pem: SecretString,
    },
    /// A token of another identity provider that the application trusts (federated credential).
    FederatedAssertion {
        /// The application (client) id.
        client_id: String,
        /// Where the tokens come from.
        source: Arc<dyn AssertionSource>,
    },
}

impl Credential {
    /// The application (client) id.
    pub fn client_id(&self) -> &str {
        match self {
            Self::ClientSecret { client_id, .. }
            | Self::Certificate { client_id, .. }
            | Self::FederatedAssertion { client_id, .. } => client_id,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::ClientSecret { .. } => "client secret",
            Self::Certificate { .. } => "certificate",
            Self::FederatedAssertion { .. } => "federated assertion",
        };
        write!(f, "Credential({kind} of {})", self.client_id())
    }
}

/// Gives signed assertions (JWT) of an outside identity provider, usually with the audience
/// `api://AzureADTokenExchange`.
pub trait AssertionSource: Send + Sync {
    /// A fresh assertion. Asked for once per access token.
    fn assertion(&self) -> BoxFuture<'_, Result<SecretString, AssertionError>>;
}

/// Why there is no assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// The identity provider has passing trouble.
    #[error("the identity provider is not available")]
    Unavailable,
    /// The identity provider refuses, or is set up wrongly.
    #[error("the identity provider refuses an assertion")]
    Refused,
}
