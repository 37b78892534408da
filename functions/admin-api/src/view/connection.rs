//! Connections.

use jiff::Timestamp;
use rollcall_store::{Connection as Stored, ConnectionStatus, CredentialKind, PauseKind, PauseReason};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sign_in::SignIn;
use super::sync::Sync;
use crate::body::limits::Limits;
use crate::body::rules::Rules;
use crate::body::scope::Scope;

/// One organisation's link to one Entra tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Connection {
    /// The connection.
    id: Uuid,
    /// What people call it.
    name: String,
    /// Whether it is synced.
    status: Status,
    /// Why it is paused, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    /// Who is in.
    scope: Scope,
    /// How a person of the directory becomes an account.
    rules: Rules,
    /// How much may be taken from people without asking.
    limits: Limits,
    /// Whether and how people sign in by it. Null where nobody does.
    sign_in: Option<SignIn>,
    /// Who is told by mail when something needs a person.
    owners: Vec<String>,
    /// Hours between full runs, where one a day is too rare.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_every_hours: Option<u32>,
    /// Days for which runs, their changes and holds are kept.
    history_days: u32,
    /// Whether it has a tenant. Without one it waits for an administrator of the customer: send them a setup link.
    bound: bool,
    /// What is known of the credential. Its values are never shown.
    credential: CredentialState,
    /// Counts the changes of its settings and its status.
    revision: u64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its settings or its status last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Where the sync stands. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<Sync>,
}

/// Whether a connection is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConnectionStatus)]
enum Status {
    /// Created, never activated.
    Draft,
    /// Synced.
    Active,
    /// Stopped until a person mends something.
    Paused,
    /// Stopped on request.
    Inactive,
    /// Being deleted.
    Deleting,
}

/// Why a connection is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Pause {
    /// The kind of trouble.
    kind: Trouble,
    /// What is wrong.
    message: String,
    /// Who must do what.
    action: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// What kind of trouble pauses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PauseKind)]
enum Trouble {
    /// The credential is wrong, expired or gone.
    Credential,
    /// A permission or the consent is missing.
    Consent,
    /// A scope group does not exist any more.
    GroupGone,
    /// Something else that only a person can mend.
    Other,
}

/// What is known of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct CredentialState {
    /// Its kind.
    #[serde(rename = "type")]
    kind: CredentialType,
    /// That there is one.
    set: bool,
    /// When it stops working, as far as somebody told us.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// The kind of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CredentialType {
    /// A client secret.
    ClientSecret,
    /// A certificate.
    Certificate,
    /// The platform's own application, which the tenant has consented to.
    PlatformApplication,
    /// An assertion of another identity provider.
    FederatedAssertion,
}

impl Connection {
    /// A connection as a list shows it, with links below the issuer.
    pub(crate) fn brief(connection: Stored, issuer: &str) -> Self {
        // Destructured in full: whoever adds a member decides here whether it is shown.
        let Stored {
            id,
            name,
            status,
            scope,
            rules,
            limits,
            owners,
            sync_every_hours,
            history_days,
            credential_kind,
            unbound,
            sign_in,
            secret_expires_at,
            settings_revision: _,
            created_at,
            updated_at,
            revision,
        } = connection;
        let (status, pause) = standing(status);
        Self {
            id: id.0,
            name,
            status,
            pause,
            scope: scope.into(),
            rules: rules.into(),
            limits: limits.into(),
            sign_in: sign_in.map(|sign_in| SignIn::of(id, sign_in, issuer)),
            owners,
            sync_every_hours,
            history_days: history_days.days(),
            revision,
            bound: !unbound,
            credential: CredentialState { kind: credential_kind.into(), set: true, expires_at: secret_expires_at },
            created_at,
            updated_at,
            sync: None,
        }
    }

    /// A connection with where its sync stands.
    pub(crate) fn detailed(connection: Stored, sync: Sync, issuer: &str) -> Self {
        Self { sync: Some(sync), ..Self::brief(connection, issuer) }
    }
}

fn standing(status: ConnectionStatus) -> (Status, Option<Pause>) {
    match status {
        ConnectionStatus::Draft => (Status::Draft, None),
        ConnectionStatus::Active => (Status::Active, None),
        ConnectionStatus::Inactive => (Status::Inactive, None),
        ConnectionStatus::Deleting => (Status::Deleting, None),
        ConnectionStatus::Paused { reason: PauseReason { kind, message, action }, since } => {
            (Status::Paused, Some(Pause { kind: kind.into(), message, action, since }))
        }
    }
}

impl From<PauseKind> for Trouble {
    fn from(kind: PauseKind) -> Self {
        match kind {
            PauseKind::Credential => Self::Credential,
            PauseKind::Consent => Self::Consent,
            PauseKind::GroupGone => Self::GroupGone,
            PauseKind::Other => Self::Other,
        }
    }
}

impl From<CredentialKind> for CredentialType {
    fn from(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::ClientSecret => Self::ClientSecret,
            CredentialKind::Certificate => Self::Certificate,
            CredentialKind::PlatformApplication => Self::PlatformApplication,
            CredentialKind::FederatedAssertion => Self::FederatedAssertion,
        }
    }
}
