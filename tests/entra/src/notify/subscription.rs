//! A subscription.

use crate::clock::iso;
use crate::directory::{Kind, Object};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a subscription watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All objects of a kind.
    All(Kind),
    /// One object.
    One(Kind, Uuid),
    /// The members of one group.
    Members(Uuid),
    /// The owners of one group. Owners never change in the simulation.
    Owners(Uuid),
}

/// A subscription of one app in one tenant.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) app: Uuid,
    /// The resource as the client wrote it.
    pub(crate) resource: String,
    pub(crate) target: Target,
    pub(crate) change_type: String,
    pub(crate) notification_url: String,
    pub(crate) lifecycle_url: Option<String>,
    pub(crate) client_state: Option<String>,
    /// When it ends, in milliseconds since 1970.
    pub(crate) expires: i64,
    pub(crate) tls_version: Option<String>,
}

impl Target {
    /// `users`, `/groups/{id}`, `/groups/{id}/members`, …
    pub(crate) fn parse(resource: &str) -> Option<Self> {
        let path = resource.trim_matches('/').split('?').next()?;
        let segments: Vec<&str> = path.split('/').collect();
        let kind = |name: &str| match name.to_ascii_lowercase().as_str() {
            "users" => Some(Kind::User),
            "groups" => Some(Kind::Group),
            _ => None,
        };
        match segments.as_slice() {
            [name] => Some(Target::All(kind(name)?)),
            [name, id] => Some(Target::One(kind(name)?, Uuid::parse_str(id).ok()?)),
            [name, id, "members"] if kind(name) == Some(Kind::Group) => {
                Some(Target::Members(Uuid::parse_str(id).ok()?))
            }
            [name, id, "owners"] if kind(name) == Some(Kind::Group) => Some(Target::Owners(Uuid::parse_str(id).ok()?)),
            _ => None,
        }
    }

    /// The kind whose read permission it needs.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Target::All(kind) | Target::One(kind, _) => *kind,
            Target::Members(_) | Target::Owners(_) => Kind::Group,
        }
    }

    /// Whether a change of an object concerns it.
    pub(crate) fn watches(&self, object: &Object, is_membership: bool) -> bool {
        match self {
            Target::All(kind) => *kind == object.kind,
            Target::One(kind, id) => *kind == object.kind && *id == object.id,
            Target::Members(id) => is_membership && *id == object.id,
            Target::Owners(_) => false,
        }
    }
}

impl Subscription {
    /// Whether it asked for `updated` or `deleted`.
    pub(crate) fn wants(&self, change_type: &str) -> bool {
        self.change_type.split(',').any(|wanted| wanted.trim().eq_ignore_ascii_case(change_type))
    }

    /// The subscription as Graph shows it.
    pub(crate) fn show(&self, principal: Uuid) -> Value {
        json!({
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app,
            "changeType": self.change_type,
            "clientState": self.client_state,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": null,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": iso(self.expires),
            "creatorId": principal,
            "includeResourceData": null,
            "latestSupportedTlsVersion": self.tls_version.as_deref().unwrap_or("v1_2"),
            "encryptionCertificate": null,
            "encryptionCertificateId": null,
            "notificationUrlAppId": null,
        })
    }
}
