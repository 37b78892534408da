//! Clients. A secret is shown when it is made, and never again.

use jiff::Timestamp;
use rollcall_store::{ClientAuthentication, ClientSecret, PlatformClient};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// An application of the platform that people sign in to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Client {
    /// By which it names itself.
    client_id: Uuid,
    /// What people call it.
    name: String,
    /// Where codes may be sent.
    redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    post_logout_redirect_uris: Vec<String>,
    /// Where a sign-in goes on that begins at Rollcall.
    initiate_login_uri: Option<String>,
    /// Where it is told that a session has ended.
    backchannel_logout_uri: Option<String>,
    /// How it proves who it is.
    authentication: Authentication,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Counts its changes.
    revision: u64,
}

/// How a client proves who it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
#[schema(as = ClientAuthentication)]
enum Authentication {
    /// By a secret.
    #[schema(title = "BySecret")]
    Secret {
        /// Those that are good now, the newest first: two while one replaces the other.
        secrets: Vec<SecretState>,
    },
    /// By signatures of a key of its own.
    #[schema(title = "ByPrivateKey")]
    PrivateKey {
        /// Its public keys.
        #[schema(value_type = Object)]
        jwks: Value,
    },
}

/// What is known of a secret. Not its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ClientSecret)]
struct SecretState {
    /// Its last four characters.
    ends_with: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A client, with the secret that was made for it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientWithSecret {
    /// The client.
    #[serde(flatten)]
    client: Client,
    /// Its new secret, if one was made. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// A new secret of a client.
#[derive(Serialize, ToSchema)]
#[schema(as = NewClientSecret)]
pub(crate) struct NewSecret {
    /// The client.
    client_id: Uuid,
    /// The secret. It is shown this once.
    client_secret: String,
    /// Its last four characters, by which it is shown later.
    ends_with: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<PlatformClient> for Client {
    fn from(client: PlatformClient) -> Self {
        // Destructured in full: whoever adds a member decides here whether it is shown.
        let PlatformClient {
            id,
            name,
            redirect_uris,
            post_logout_redirect_uris,
            initiate_login_uri,
            backchannel_logout_uri,
            authentication,
            created_at,
            updated_at,
            revision,
        } = client;
        Self {
            client_id: id.0,
            name,
            redirect_uris,
            post_logout_redirect_uris,
            initiate_login_uri,
            backchannel_logout_uri,
            authentication: authentication.into(),
            created_at,
            updated_at,
            revision,
        }
    }
}

impl From<ClientAuthentication> for Authentication {
    fn from(authentication: ClientAuthentication) -> Self {
        match authentication {
            ClientAuthentication::Secret { secrets } => {
                Self::Secret { secrets: secrets.into_iter().map(SecretState::from).collect() }
            }
            ClientAuthentication::PrivateKey { jwks } => {
                Self::PrivateKey { jwks: serde_json::from_str(&jwks).unwrap_or_default() }
            }
        }
    }
}

impl From<ClientSecret> for SecretState {
    fn from(ClientSecret { digest: _, ends_with, created_at }: ClientSecret) -> Self {
        Self { ends_with, created_at }
    }
}

impl ClientWithSecret {
    /// A client, and its new secret if one was made.
    pub(crate) fn of(client: PlatformClient, secret: Option<&SecretString>) -> Self {
        let client_secret = secret.map(|secret| secret.expose_secret().to_owned());
        Self { client: client.into(), client_secret }
    }
}

impl NewSecret {
    /// A secret that was made for a client.
    pub(crate) fn of(client: &PlatformClient, kept: ClientSecret, secret: &SecretString) -> Self {
        let ClientSecret { digest: _, ends_with, created_at } = kept;
        Self { client_id: client.id.0, client_secret: secret.expose_secret().to_owned(), ends_with, created_at }
    }
}
