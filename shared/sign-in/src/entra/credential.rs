//! The application's credential, as the store has it and as the identity platform wants it.

use rollcall_graph::Credential;
use rollcall_store::StoredCredential;

/// The credential is not one that can be used as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It takes the assertions of another identity provider, and this deployment has no source of them.
    #[error("a federated credential needs a source of assertions, and this deployment has none")]
    NoAssertionSource,
    /// It stands for that of the platform's own application, which was not looked up.
    #[error("the platform has no application of its own")]
    NoApplication,
}

/// A credential that can be used.
///
/// # Errors
/// [`Unusable`].
pub fn usable(stored: &StoredCredential) -> Result<Credential, Unusable> {
    match stored {
        StoredCredential::ClientSecret { client_id, secret } => {
            Ok(Credential::ClientSecret { client_id: client_id.clone(), secret: secret.clone() })
        }
        StoredCredential::Certificate { client_id, certificate_pem, private_key_pem } => Ok(Credential::Certificate {
            client_id: client_id.clone(),
            certificate_pem: certificate_pem.clone(),
            private_key_pem: private_key_pem.clone(),
        }),
        StoredCredential::PlatformApplication => Err(Unusable::NoApplication),
        StoredCredential::FederatedAssertion { .. } => Err(Unusable::NoAssertionSource),
    }
}
