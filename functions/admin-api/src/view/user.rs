//! Accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_directory::photo::{Image, Photo as Known};
use rollcall_directory::property::Attributes;
use rollcall_directory::rules::AttributeRules;
use rollcall_directory::user::{Leaving, Status as Standing, User as Account};
use rollcall_store::StoredUser;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An account, and the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct User {
    /// The account.
    id: Uuid,
    /// The person's object id in Entra.
    person: Uuid,
    /// Whether the person may use the platform.
    status: Status,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Since when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    inactive_since: Option<Timestamp>,
    /// Whether Rollcall made the account, or a person linked one that was there.
    origin: Origin,
    /// The platform's own name of the account that was linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_account: Option<String>,
    /// Whether no sync ever deactivates or deletes it.
    protected: bool,
    /// The attributes that have a value, under the platform's names for them: Microsoft Graph's, where the rules give no other.
    attributes: BTreeMap<String, String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The language, as a BCP 47 tag, where the connection maps languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The object id of the manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Uuid>,
    /// The groups to whose teams the person belongs, directly or nested.
    teams: Vec<Uuid>,
    /// The object id of the manager in whose team the person is, where managers have teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_to: Option<Uuid>,
    /// The photo, where photos are kept and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<Photo>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A photo. `…/users/{person}/photo` answers the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserPhoto)]
struct Photo {
    /// A digest of the image: another image has another one. It is the `ETag` of the image, without the quotation marks.
    digest: String,
    /// Its media type: `image/jpeg`, `image/png` or `image/gif`.
    content_type: &'static str,
    /// How many bytes it has, 102,400 at most.
    bytes: u32,
}

/// Whether the person may use the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatus)]
enum Status {
    /// They may.
    Active,
    /// They may not.
    Inactive,
}

/// Where an account comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserOrigin)]
enum Origin {
    /// Rollcall made it.
    Made,
    /// It was there before, and a person has said whose it is.
    Linked,
}

/// Why an account is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeavingReason)]
pub(crate) enum Reason {
    /// The person is disabled in Entra.
    Disabled,
    /// The person was deleted in Entra.
    Deleted,
    /// The person is no longer in scope.
    OutOfScope,
    /// The person is a guest, and the connection lets no guests in.
    Guest,
    /// A person has undone the run that made the account.
    Undone,
}

impl User {
    /// Since when the person may not use the platform.
    pub(super) const fn inactive_since(&self) -> Option<Timestamp> {
        self.inactive_since
    }
}

impl User {
    /// An account, its attributes under the names that the rules give them.
    pub(crate) fn of(stored: StoredUser, rules: &AttributeRules) -> Self {
        let StoredUser { user, created_at, updated_at, photo, sign_outs: _ } = stored;
        // Destructured in full: whoever adds a member decides here whether it is shown.
        let Account {
            id,
            person,
            status,
            attributes,
            email,
            language,
            manager,
            groups: _,
            teams,
            reports_to,
            linked,
            protected,
        } = user;
        let (status, reason, inactive_since) = match status {
            Standing::Active => (Status::Active, None, None),
            Standing::Inactive { reason, since } => (Status::Inactive, Some(reason.into()), Some(since)),
        };
        Self {
            id: id.0,
            person: person.0,
            status,
            reason,
            inactive_since,
            origin: if linked.is_some() { Origin::Linked } else { Origin::Made },
            linked_account: linked.map(|account| account.0),
            protected,
            attributes: named(attributes, rules),
            email,
            language,
            manager: manager.map(|manager| manager.0),
            teams: teams.into_iter().map(|team| team.0).collect(),
            reports_to: reports_to.map(|manager| manager.0),
            photo: photo.and_then(Photo::of),
            created_at,
            updated_at,
        }
    }
}

impl Photo {
    /// The image of a photo; none where it was refused.
    fn of(photo: Known) -> Option<Self> {
        let Image { format, bytes, digest } = photo.image()?.clone();
        Some(Self { digest, content_type: format.media_type(), bytes })
    }
}

fn named(attributes: Attributes, rules: &AttributeRules) -> BTreeMap<String, String> {
    attributes.into_iter().map(|(property, value)| (rules.field(&property).to_owned(), value)).collect()
}

impl From<Leaving> for Reason {
    fn from(reason: Leaving) -> Self {
        match reason {
            Leaving::Disabled => Self::Disabled,
            Leaving::Deleted => Self::Deleted,
            Leaving::OutOfScope => Self::OutOfScope,
            Leaving::Guest => Self::Guest,
            Leaving::Undone => Self::Undone,
        }
    }
}
