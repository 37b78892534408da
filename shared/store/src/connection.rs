//! A customer organisation's link to one tenant, as the table keeps it. No secret is part of it,
//! and neither is the tenant id: both are in Secrets Manager.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollcall_directory::guard::Limits;
use rollcall_directory::identity::ConnectionId;
use rollcall_directory::rules::Rules;
use rollcall_directory::scope::Scope;
use serde::{Deserialize, Serialize};

use crate::retention::HistoryDays;
use crate::rows;

/// A connection and its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The connection.
    pub id: ConnectionId,
    /// What people call it.
    pub name: String,
    /// Whether it is synced, and if not, why not.
    pub status: ConnectionStatus,
    /// Who is in.
    pub scope: Scope,
    /// How a person of the directory becomes an account.
    #[serde(default)]
    pub rules: Rules,
    /// How much may be taken without asking.
    #[serde(with = "rows::limits")]
    pub limits: Limits,
    /// Whether and how people sign in by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
    /// Mail addresses of those who are told when something needs a person.
    pub owners: Vec<String>,
    /// Hours between full runs where the daily one is too rare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_every_hours: Option<u32>,
    /// How long runs, changes and holds are kept. Holds for what is written from then on.
    #[serde(default)]
    pub history_days: HistoryDays,
    /// Whether it has no tenant yet: an administrator of the customer has to consent to the platform's own application. Until then
    /// it has no secret.
    #[serde(default)]
    pub unbound: bool,
    /// Which kind of credential the secret holds.
    pub credential_kind: CredentialKind,
    /// When the credential stops working, as far as somebody told us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_expires_at: Option<Timestamp>,
    /// The revision at which scope, rules or limits last changed. A full run with them is due until it is done.
    #[serde(default)]
    pub settings_revision: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its settings or status last changed.
    pub updated_at: Timestamp,
    /// Counts changes of this item. Whoever changes it names the revision that they read.
    pub revision: u64,
}

/// How people sign in by a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// E-mail domains by which the organisation of somebody who signs in is found. Nobody is identified by an address.
    #[serde(default)]
    pub domains: BTreeSet<String>,
    /// Whether people without an account get one when they sign in, if they are in scope.
    #[serde(default)]
    pub just_in_time: bool,
    /// Whether signing out of the platform signs them out of Entra too.
    #[serde(default)]
    pub sign_out_of_entra: bool,
}

impl Connection {
    /// How people sign in by it now. A connection whose sync is paused still lets people in.
    #[must_use]
    pub fn lets_in(&self) -> Option<&SignIn> {
        let stands = matches!(self.status, ConnectionStatus::Active | ConnectionStatus::Paused { .. });
        self.sign_in.as_ref().filter(|_| stands)
    }
}

/// Whether a connection is synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// Created, never activated.
    Draft,
    /// Synced.
    Active,
    /// Stopped until a person mends something.
    Paused {
        /// What is to be mended.
        reason: PauseReason,
        /// Since when.
        since: Timestamp,
    },
    /// Stopped on request.
    Inactive,
    /// Being deleted with all that hangs on it.
    Deleting,
}

/// Why a connection is paused, for those who must mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseReason {
    /// What kind of trouble.
    pub kind: PauseKind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Who must do what, in a sentence.
    pub action: String,
}

/// What kind of trouble pauses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// The credential is wrong, expired or gone.
    Credential,
    /// A permission or the consent is missing.
    Consent,
    /// A scope group does not exist any more.
    GroupGone,
    /// Something else that only a person can mend.
    Other,
}

/// How a connection proves to the identity platform who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A client secret.
    ClientSecret,
    /// A certificate with its private key.
    Certificate,
    /// That of the platform's own application, which the tenant has consented to.
    PlatformApplication,
    /// An assertion of another identity provider.
    FederatedAssertion,
}
