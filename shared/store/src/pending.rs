//! Sign-ins and consents that are under way: between a redirect to Entra and the answer, or waiting for an account.
//!
//! Each is found by the digest of its `state`, belongs to the browser that began it, and is taken once: whoever takes it has
//! removed it. Nothing here is secret: PKCE verifier and nonce are derived from the `state` by a key of Secrets Manager.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId};
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{expire, from_item, text, to_item};
use crate::keys::{ClientId, Key, SessionId};
use crate::session::AccountStamp;
use crate::table::Table;

const KIND: &str = "pending sign-in";

/// Something that somebody began in a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The browser's cookie.
    pub browser: SecretDigest,
    /// By which connection. None where Entra is to find out the person's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// What for.
    pub purpose: Purpose,
    /// When it began.
    pub started_at: Timestamp,
    /// When it is too old.
    pub ends_at: Timestamp,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody signs in to the platform.
    SignIn {
        /// What the platform asked for.
        request: PlatformRequest,
    },
    /// Entra has told who it is, and an account is being made.
    Admission {
        /// What the platform asked for.
        request: PlatformRequest,
        /// Who it is.
        admitted: Admitted,
    },
    /// An administrator lets the application into their tenant: now at the page of consent.
    Consent {
        /// What the application needs there, by name.
        permissions: Vec<String>,
    },
    /// The administrator has consented, and signs in to prove in which tenant.
    Binding {
        /// What the application needs there, by name.
        permissions: Vec<String>,
    },
    /// Somebody lets the application act for them.
    Delegation {
        /// Who has to do so.
        person: PersonId,
        /// Delegated permissions of Graph, by name.
        permissions: Vec<String>,
    },
}

/// What a client asked of the authorization endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformRequest {
    /// Which client.
    pub client: ClientId,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What the answer has to repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the ID token has to repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The PKCE challenge (S256).
    pub challenge: String,
    /// Scopes, separated by blanks.
    pub scope: String,
    /// Whether no page may be shown (`prompt=none`).
    #[serde(default)]
    pub silent: bool,
}

/// Somebody whom Entra vouches for, and who may enter once their account is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// Who.
    pub person: PersonId,
    /// Their session at Entra, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<SecretDigest>,
    /// When they proved who they are.
    pub authenticated_at: Timestamp,
    /// The session that they will get.
    pub session: SessionId,
    /// The account that there was before, which was not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountStamp>,
}

impl Table {
    /// Notes what was begun.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is one already; [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn begin_pending(&self, state: &SecretDigest, pending: &Pending) -> Result<(), Error> {
        let mut item = to_item(KIND, &Key::pending(state), pending)?;
        expire(&mut item, pending.ends_at);
        self.put(KIND, item, None).await
    }

    /// What was begun, without taking it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn pending(&self, state: &SecretDigest) -> Result<Option<Pending>, Error> {
        self.get(&Key::pending(state)).await?.map(|item| from_item(KIND, item)).transpose()
    }

    /// Takes what this browser began: of any number of callers one gets it, and it is gone. Another browser gets nothing, and
    /// takes nothing away.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn take_pending(&self, state: &SecretDigest, browser: &SecretDigest) -> Result<Option<Pending>, Error> {
        let call = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(Key::pending(state).item()))
            .condition_expression("browser = :browser")
            .expression_attribute_values(":browser", text(browser.to_string()))
            .return_values(ReturnValue::AllOld);
        match call.send().await {
            Ok(answer) => answer.attributes.map(|item| from_item(KIND, item)).transpose(),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(Error::of_sdk("DeleteItem", &error)),
        }
    }
}
