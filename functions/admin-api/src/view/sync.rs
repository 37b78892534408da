//! Where a connection's sync stands.

use jiff::Timestamp;
use rollcall_store::{Hold, HoldStatus, Resource, Subscription, SyncState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a connection's sync stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sync {
    /// Active accounts.
    active_users: u64,
    /// When a run last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Timestamp>,
    /// When a full run last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_full_at: Option<Timestamp>,
    /// When the directory was last read, in part or in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_read_at: Option<Timestamp>,
    /// The run that is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Uuid>,
    /// Removals that wait for a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_hold: Option<Uuid>,
    /// Passing trouble, while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    /// What Microsoft Graph has been asked to tell of.
    subscriptions: Vec<Listening>,
}

/// Trouble that passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PassingTrouble)]
struct Trouble {
    /// Its kind, a short word.
    kind: String,
    /// What is wrong.
    message: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How long it has lasted, in seconds.
    age_seconds: i64,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

/// A change-notification subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Subscription)]
struct Listening {
    /// What it is about.
    resource: Subject,
    /// Whether Graph has confirmed it.
    confirmed: bool,
    /// When it ends. It is renewed long before.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// What a subscription is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriptionSubject)]
enum Subject {
    /// Users.
    Users,
    /// Groups and their members.
    Groups,
}

impl Sync {
    /// From what the table has. `newest` is the newest hold: an older one can't be open.
    pub(crate) fn of(state: SyncState, subscriptions: Vec<Subscription>, newest: Option<Hold>, now: Timestamp) -> Self {
        let open = newest.filter(|hold| hold.status == HoldStatus::Open);
        Self {
            active_users: state.active,
            last_success_at: state.last_success_at,
            last_full_at: state.last_full_at,
            last_read_at: state.last_read_at,
            run: state.run.map(|run| run.0),
            open_hold: open.map(|hold| hold.id.0),
            trouble: state.trouble.map(|trouble| Trouble {
                age_seconds: now.duration_since(trouble.since).as_secs().max(0),
                kind: trouble.kind,
                message: trouble.message,
                since: trouble.since,
                retry_at: trouble.retry_at,
            }),
            subscriptions: subscriptions.into_iter().map(Listening::of).collect(),
        }
    }
}

impl Listening {
    fn of(subscription: Subscription) -> Self {
        let resource = match subscription.resource {
            Resource::Users => Subject::Users,
            Resource::Groups => Subject::Groups,
        };
        Self { resource, confirmed: subscription.id.is_some(), ends_at: subscription.expires_at }
    }
}
