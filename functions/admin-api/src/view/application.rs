//! What is shown of the platform's own application: not its credential.

use rollcall_store::{CredentialKind, StoredCredential};
use serde::Serialize;
use utoipa::ToSchema;

use super::connection::CredentialType;

/// The platform's own application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ApplicationState {
    /// Whether there is one.
    set: bool,
    /// The kind of its credential, whose values are never shown.
    #[serde(rename = "type")]
    kind: Option<CredentialType>,
    /// Its client id.
    client_id: Option<String>,
}

impl ApplicationState {
    /// As it is kept.
    pub(crate) fn of(credential: Option<StoredCredential>) -> Self {
        let (kind, client_id) = match credential {
            None | Some(StoredCredential::PlatformApplication) => {
                return Self { set: false, kind: None, client_id: None };
            }
            Some(StoredCredential::ClientSecret { client_id, secret: _ }) => (CredentialKind::ClientSecret, client_id),
            Some(StoredCredential::Certificate { client_id, certificate_pem: _, private_key_pem: _ }) => {
                (CredentialKind::Certificate, client_id)
            }
            Some(StoredCredential::FederatedAssertion { client_id }) => (CredentialKind::FederatedAssertion, client_id),
        };
        Self { set: true, kind: Some(kind.into()), client_id: Some(client_id) }
    }
}
