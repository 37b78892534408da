//! From changes in the log to notifications.

use super::deliver::Outgoing;
use super::subscription::Subscription;
use crate::clock::{iso, real_now};
use crate::directory::{Change, Directory, Kind, Object, Presence, What};
use crate::tenant::Tenant;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The notifications that follow from the changes after a point of the log. Nothing is made where nobody listens.
pub(crate) fn events(tenant: &Tenant, directory: &Directory, since: u64, now: i64) -> Vec<Outgoing> {
    let subscriptions = crate::sync::lock(&tenant.subscriptions);
    let listening: Vec<&Subscription> =
        subscriptions.values().filter(|subscription| subscription.expires > now).collect();
    if listening.is_empty() {
        return Vec::new();
    }
    let mut outgoing = Vec::new();
    for (number, change) in (since..).zip(directory.changes(since, u64::MAX)) {
        let Some(object) = directory.object(change.object) else { continue };
        // Graph tells creation and soft delete as `updated`: only what is gone for good is `deleted`.
        let purged = matches!(change.what, What::Presence { after: Presence::Purged, .. });
        let change_type = if purged { "deleted" } else { "updated" };
        let is_membership = matches!(change.what, What::MemberAdded(_) | What::MemberRemoved(_));
        for subscription in &listening {
            if subscription.wants(change_type) && subscription.target.watches(object, is_membership) {
                let body = notification(tenant, directory, subscription, object, change, change_type, number);
                outgoing.push(Outgoing::new(tenant.id, subscription, &resource(object), change_type, body, now));
            }
        }
    }
    outgoing
}

/// A lifecycle notification for one subscription.
pub(crate) fn lifecycle(tenant: &Tenant, subscription: &Subscription, event: &str, now: i64) -> Outgoing {
    let mut body = envelope(tenant, subscription);
    body.insert("lifecycleEvent".to_owned(), event.into());
    let mut outgoing = Outgoing::new(tenant.id, subscription, event, "lifecycle", Value::Object(body), now);
    if let Some(url) = &subscription.lifecycle_url {
        outgoing.url.clone_from(url);
    }
    outgoing
}

fn envelope(tenant: &Tenant, subscription: &Subscription) -> Map<String, Value> {
    let body = json!({
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": iso(subscription.expires),
        "clientState": subscription.client_state,
        "tenantId": tenant.id,
    });
    if let Value::Object(members) = body { members } else { Map::new() }
}

fn resource(object: &Object) -> String {
    format!("{}/{}", if object.kind == Kind::User { "Users" } else { "Groups" }, object.id)
}

fn notification(
    tenant: &Tenant,
    directory: &Directory,
    subscription: &Subscription,
    object: &Object,
    change: &Change,
    change_type: &str,
    number: u64,
) -> Value {
    let name = resource(object);
    let kind = if object.kind == Kind::User { "#Microsoft.Graph.User" } else { "#Microsoft.Graph.Group" };
    let mut data = json!({
        "@odata.type": kind, "@odata.id": name, "id": object.id, "organizationId": tenant.id,
        "eventTime": iso(change.at), "sequenceNumber": number + 1,
    });
    let member = match &change.what {
        What::MemberAdded(member) => directory.object(*member).map(|member| json!({"id": member.id})),
        What::MemberRemoved(member) => {
            directory.object(*member).map(|member| json!({"id": member.id, "@removed": "deleted"}))
        }
        _ => None,
    };
    if let (Some(member), Some(data)) = (member, data.as_object_mut()) {
        data.insert("members@delta".to_owned(), json!([member]));
    }
    let mut body = envelope(tenant, subscription);
    body.insert("changeType".to_owned(), change_type.into());
    body.insert("resource".to_owned(), name.into());
    body.insert("resourceData".to_owned(), data);
    Value::Object(body)
}

impl Outgoing {
    /// A notification for one subscription.
    pub(crate) fn new(
        tenant: Uuid,
        subscription: &Subscription,
        resource: &str,
        change_type: &str,
        body: Value,
        now: i64,
    ) -> Self {
        Self {
            tenant,
            subscription: subscription.id,
            url: subscription.notification_url.clone(),
            resource: resource.to_owned(),
            change_type: change_type.to_owned(),
            body,
            changed_at_virtual: now,
            changed_at: real_now().as_millisecond(),
        }
    }
}
