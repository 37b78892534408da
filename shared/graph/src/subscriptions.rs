//! Change-notification subscriptions.

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::page::Page;
use crate::request::Request;

/// A subscription to be created (Graph page "Create subscription").
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// What is watched: `users`, `groups`, …
    pub resource: String,
    /// `updated`, `deleted`, or both with a comma. Creation and soft deletion arrive as `updated`.
    pub change_type: String,
    /// Where notifications go. Graph calls it with a validation token before it answers the creation.
    pub notification_url: Url,
    /// Where lifecycle events go. Cannot be added later.
    pub lifecycle_notification_url: Option<Url>,
    /// When it ends. For users and groups at most 41,760 minutes ahead.
    pub expiration: Timestamp,
    /// A random text of at most 128 characters that comes with every notification.
    pub client_state: SecretString,
}

/// A subscription as Graph has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its id.
    pub id: Uuid,
    /// What is watched.
    pub resource: String,
    /// Which changes, with commas.
    pub change_type: String,
    /// Where notifications go.
    pub notification_url: Option<String>,
    /// Where lifecycle events go.
    pub lifecycle_notification_url: Option<String>,
    /// When it ends.
    pub expiration_date_time: Timestamp,
    /// The client id of the application that created it.
    pub application_id: Option<String>,
}

/// The application's subscriptions in the tenant. Expired ones may be among them.
pub fn list() -> Request<Page<Subscription>> {
    Request::list("/subscriptions", &[])
}

/// One subscription.
pub fn get(id: Uuid) -> Request<Subscription> {
    Request::object(Method::GET, "/subscriptions/{id}", &[id])
}

/// Creates a subscription. Not repeated when the answer was lost, because Graph may have created it: list first.
///
/// `permission` is what the watched resource needs: `User.Read.All` for users, `Group.Read.All` for groups.
pub fn create(new: &NewSubscription, permission: &'static str) -> Request<Subscription> {
    let NewSubscription {
        resource,
        change_type,
        notification_url,
        lifecycle_notification_url,
        expiration,
        client_state,
    } = new;
    let mut body = json!({
        "resource": resource,
        "changeType": change_type,
        "notificationUrl": notification_url,
        "expirationDateTime": expiration.to_string(),
        "clientState": client_state.expose_secret(),
        "latestSupportedTlsVersion": "v1_2",
    });
    if let (Some(url), Some(body)) = (lifecycle_notification_url, body.as_object_mut()) {
        body.insert("lifecycleNotificationUrl".to_owned(), json!(url));
    }
    Request::object(Method::POST, "/subscriptions", &[]).body(&body).permission(permission)
}

/// Moves the end of a subscription, which also authorises it anew.
pub fn renew(id: Uuid, expiration: Timestamp) -> Request<Subscription> {
    Request::object(Method::PATCH, "/subscriptions/{id}", &[id])
        .body(&json!({ "expirationDateTime": expiration.to_string() }))
}

/// Authorises a subscription anew without moving its end. Never within ten minutes of a renewal.
pub fn reauthorize(id: Uuid) -> Request<()> {
    Request::silent(Method::POST, "/subscriptions/{id}/reauthorize", &[id]).repeatable()
}

/// Ends a subscription. *Not found* means that it has ended already.
pub fn delete(id: Uuid) -> Request<()> {
    Request::silent(Method::DELETE, "/subscriptions/{id}", &[id])
}
