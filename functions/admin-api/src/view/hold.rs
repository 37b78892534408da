//! Holds: removals that wait for a person's decision.

use jiff::Timestamp;
use rollcall_directory::guard;
use rollcall_directory::plan::{Loss as Taken, Removal as Planned};
use rollcall_directory::property::Property;
use rollcall_directory::user::User;
use rollcall_store as store;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::user::Reason as Leaving;

/// Removals that nobody applies before a person has approved exactly these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Hold {
    /// The hold.
    id: Uuid,
    /// The run that found the removals.
    run: Uuid,
    /// The hash of the removals. Whoever approves sends it back.
    hash: String,
    /// How it stands.
    status: Status,
    /// Why the removals are held.
    reasons: Vec<Reason>,
    /// How many removals.
    removals: u64,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HoldStatus)]
enum Status {
    /// Waits for a decision.
    Open,
    /// Approved, not yet applied.
    Approved,
    /// Rejected.
    Rejected,
    /// Approved and applied.
    Applied,
    /// A newer hold has taken its place.
    Superseded,
    /// The removals are no longer called for.
    Closed,
}

/// Why removals are held: a figure above its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = HoldReason)]
pub(crate) enum Reason {
    /// Too many people would lose their account.
    #[schema(title = "AccountsReason")]
    Accounts {
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose a team.
    #[schema(title = "MembershipsReason")]
    Memberships {
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose the value of an attribute.
    #[schema(title = "AttributeReason")]
    Attribute {
        /// Its name in Microsoft Graph.
        attribute: String,
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose their manager.
    #[schema(title = "ManagersReason")]
    Managers {
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose their e-mail address.
    #[schema(title = "EmailsReason")]
    Emails {
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many accounts would be deleted for good.
    #[schema(title = "DeletionsReason")]
    Deletions {
        /// People in the run and in the 24 hours before.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// A group of some size would have no member left.
    #[schema(title = "EmptiedGroupReason")]
    EmptiedGroup {
        /// The group's object id.
        group: Uuid,
        /// How many members it had.
        members: u64,
    },
}

/// One thing that would be taken from one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Removal {
    /// The person's object id.
    person: Uuid,
    /// Their name, as far as the account has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Their user principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_principal_name: Option<String>,
    /// What would be taken.
    loss: Loss,
}

/// What a person can lose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Loss {
    /// The use of the account.
    #[schema(title = "AccountLoss")]
    Account {
        /// Why.
        reason: Leaving,
    },
    /// A team.
    #[schema(title = "TeamLoss")]
    Team {
        /// The object id of its group.
        group: Uuid,
    },
    /// The value of an attribute.
    #[schema(title = "AttributeLoss")]
    Attribute {
        /// Its name in Microsoft Graph.
        attribute: String,
    },
    /// The manager.
    #[schema(title = "ManagerLoss")]
    Manager {},
    /// The e-mail address.
    #[schema(title = "EmailLoss")]
    Email {},
    /// The account itself, for good.
    #[schema(title = "DeletionLoss")]
    Deletion {},
}

impl From<store::Hold> for Hold {
    fn from(hold: store::Hold) -> Self {
        let store::Hold { id, run, hash, status, reasons, created_at, decided_at, decided_by, removals } = hold;
        Self {
            id: id.0,
            run: run.0,
            hash,
            status: status.into(),
            reasons: reasons.into_iter().map(Reason::from).collect(),
            removals,
            created_at,
            decided_at,
            decided_by,
        }
    }
}

impl Removal {
    /// A removal, with the names from the person's account.
    pub(crate) fn of(removal: &Planned, user: Option<&User>) -> Self {
        let attribute = |property: Property| user.and_then(|user| user.attributes.get(&property)).cloned();
        Self {
            person: removal.person.0,
            name: user.and_then(name),
            user_principal_name: attribute(Property::UserPrincipalName),
            loss: removal.loss.clone().into(),
        }
    }
}

/// What people call somebody, as far as the account has a name.
pub(crate) fn name(user: &User) -> Option<String> {
    let value = |property: &Property| user.attributes.get(property).map(String::as_str);
    let names: Vec<&str> = [Property::GivenName, Property::Surname].iter().filter_map(value).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

impl From<store::HoldStatus> for Status {
    fn from(status: store::HoldStatus) -> Self {
        match status {
            store::HoldStatus::Open => Self::Open,
            store::HoldStatus::Approved => Self::Approved,
            store::HoldStatus::Rejected => Self::Rejected,
            store::HoldStatus::Applied => Self::Applied,
            store::HoldStatus::Superseded => Self::Superseded,
            store::HoldStatus::Closed => Self::Closed,
        }
    }
}

impl From<guard::Reason> for Reason {
    fn from(reason: guard::Reason) -> Self {
        match reason {
            guard::Reason::Accounts { people, allowed } => Self::Accounts { people, allowed },
            guard::Reason::Memberships { people, allowed } => Self::Memberships { people, allowed },
            guard::Reason::Attribute { property, people, allowed } => {
                Self::Attribute { attribute: property.to_string(), people, allowed }
            }
            guard::Reason::Managers { people, allowed } => Self::Managers { people, allowed },
            guard::Reason::Emails { people, allowed } => Self::Emails { people, allowed },
            guard::Reason::Deletions { people, allowed } => Self::Deletions { people, allowed },
            guard::Reason::EmptiedGroup { group, members } => Self::EmptiedGroup { group: group.0, members },
        }
    }
}

impl From<Taken> for Loss {
    fn from(loss: Taken) -> Self {
        match loss {
            Taken::Account(reason) => Self::Account { reason: reason.into() },
            Taken::Team(group) => Self::Team { group: group.0 },
            Taken::Attribute(property) => Self::Attribute { attribute: property.to_string() },
            Taken::Manager => Self::Manager {},
            Taken::Email => Self::Email {},
            Taken::Deletion => Self::Deletion {},
        }
    }
}
