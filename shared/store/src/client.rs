//! The clients of the OpenID provider: the applications of the platform that people sign in to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{from_item, number, to_item};
use crate::keys::{CLIENTS, ClientId, Key};
use crate::table::{Condition, Span, Table};
use crate::write::Change;

const KIND: &str = "client";
/// Attributes that a client may have or not.
const OPTIONAL: &[&str] = &["initiate_login_uri", "backchannel_logout_uri"];

/// A client. The names of its members are those of OpenID Connect Dynamic Client Registration 1.0, section 2, and of the
/// logout specifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformClient {
    /// Its id, which is no secret.
    pub id: ClientId,
    /// What people call it. They see it on our pages.
    pub name: String,
    /// Where codes are sent: exactly one of these.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out: exactly one of these.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where a sign-in that begins here, by a link or in My Apps, goes on (OpenID Connect Core 1.0, section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Where it is told that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes of this item. Whoever changes it names the revision that they read.
    pub revision: u64,
}

/// How a client proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// By a secret, in the Authorization header or in the form (`client_secret_basic`, `client_secret_post`).
    Secret {
        /// Those that are good now, the newest first: two while one replaces the other.
        secrets: Vec<ClientSecret>,
    },
    /// By a signature of its own key (`private_key_jwt`).
    PrivateKey {
        /// Its public keys, a JSON Web Key Set.
        jwks: String,
    },
}

/// A secret of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// The digest of the secret.
    pub digest: SecretDigest,
    /// Its last four characters, by which people tell one from another.
    pub ends_with: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Table {
    /// Adds a client. Its revision becomes 1.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is one with this id; [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn create_client(&self, client: &PlatformClient) -> Result<PlatformClient, Error> {
        let created = PlatformClient { revision: 1, ..client.clone() };
        let item = to_item(KIND, &Key::client(created.id), &created)?;
        let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
        self.put(KIND, item, Some(condition)).await.map(|()| created)
    }

    /// A client, as it is now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn client(&self, id: ClientId) -> Result<Option<PlatformClient>, Error> {
        self.get(&Key::client(id)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// All clients. There are few.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn clients(&self) -> Result<Vec<PlatformClient>, Error> {
        let items = self.query_all(Span::of(CLIENTS.to_owned())).await?;
        items.into_iter().map(|item| from_item(KIND, item)).collect()
    }

    /// Changes a client that still has the revision that was read. Gives it with its new one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else changed it, [`Error::NotFound`] when it is gone;
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn update_client(&self, client: &PlatformClient, revision: u64) -> Result<PlatformClient, Error> {
        let updated = PlatformClient { revision: revision + 1, ..client.clone() };
        let key = Key::client(updated.id);
        let item = to_item(KIND, &key, &updated)?;
        let change = Change::set(KIND, key, item, OPTIONAL).require("revision", number(revision));
        match self.update(KIND, change).await {
            Ok(_) => Ok(updated),
            Err(Error::Conflict { .. }) if self.client(client.id).await?.is_none() => {
                Err(Error::NotFound { item: KIND })
            }
            Err(error) => Err(error),
        }
    }

    /// Removes a client: nobody can sign in to it any more. It is fine if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_client(&self, id: ClientId) -> Result<(), Error> {
        self.delete(&Key::client(id)).await
    }
}

impl PlatformClient {
    /// A client that has nothing yet.
    #[must_use]
    pub fn new(name: String, authentication: ClientAuthentication, now: Timestamp) -> Self {
        Self {
            id: ClientId(Uuid::new_v4()),
            name,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            initiate_login_uri: None,
            backchannel_logout_uri: None,
            authentication,
            created_at: now,
            updated_at: now,
            revision: 0,
        }
    }
}
