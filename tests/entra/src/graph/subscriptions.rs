//! `/subscriptions`.

use super::{Call, GraphError, Outcome, access};
use crate::directory::Kind;
use crate::notify::{Subscription, Target, validate};
use crate::reply::Reply;
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const MINUTE: i64 = 60_000;
/// An end sooner than this is moved to it.
const SHORTEST: i64 = 45 * MINUTE;
/// Users, groups and other directory objects.
const LONGEST: i64 = 41_760 * MINUTE;
/// Subscriptions of one app in one tenant, for users and for groups each.
const MOST: usize = 100;
/// Subscriptions of all apps in one tenant, for users and for groups each.
const MOST_IN_TENANT: usize = 1_000;
const LONGEST_CLIENT_STATE: usize = 128;

pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Outcome {
    prune(call);
    match (&call.request.method, path) {
        (&Method::GET, []) => list(call),
        (&Method::POST, []) => create(call).await,
        (&Method::GET, [id]) => find(call, id).map(|subscription| show(call, 200, &subscription)),
        (&Method::PATCH, [id]) => renew(call, id).await,
        (&Method::DELETE, [id]) => delete(call, id),
        (&Method::POST, [id, "reauthorize"]) => find(call, id).map(|_| Reply::empty(204)),
        _ => Err(super::no_segment(path.last().copied().unwrap_or_default())),
    }
}

/// A subscription that ended is gone, and nobody is told.
fn prune(call: &Call<'_>) {
    crate::sync::lock(&call.tenant.subscriptions).retain(|_, subscription| subscription.expires > call.now);
}

fn list(call: &Call<'_>) -> Outcome {
    let principal = principal(call);
    let subscriptions = crate::sync::lock(&call.tenant.subscriptions);
    let own = subscriptions.values().filter(|subscription| subscription.app == call.app);
    let rows: Vec<Value> = own.map(|subscription| subscription.show(principal)).collect();
    let context = format!("{}/v1.0/$metadata#subscriptions", call.request.origin);
    Ok(Reply::json(200, &json!({"@odata.context": context, "value": rows})))
}

async fn create(call: &Call<'_>) -> Outcome {
    let body = super::body(call)?;
    let subscription = read(call, &body)?;
    call.need(if subscription.target.kind() == Kind::User {
        access::SUBSCRIBE_USERS
    } else {
        access::SUBSCRIBE_GROUPS
    })?;
    check_room(call, &subscription)?;
    for url in [Some(&subscription.notification_url), subscription.lifecycle_url.as_ref()].into_iter().flatten() {
        validate(call.state, &call.tenant, url).await.map_err(validation_error)?;
    }
    // Another request may have made the same one while the receiver was asked.
    check_room(call, &subscription)?;
    crate::sync::lock(&call.tenant.subscriptions).insert(subscription.id, subscription.clone());
    Ok(show(call, 201, &subscription))
}

fn read(call: &Call<'_>, body: &Value) -> Result<Subscription, GraphError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let must = |name: &str| text(name).ok_or_else(|| validation_error(format!("The '{name}' field is required.")));
    let resource = must("resource")?;
    let target =
        Target::parse(&resource).ok_or_else(|| validation_error(format!("Unsupported resource '{resource}'.")))?;
    let client_state = text("clientState");
    if client_state.as_ref().is_some_and(|state| state.chars().count() > LONGEST_CLIENT_STATE) {
        return Err(validation_error(format!(
            "The length of clientState must be {LONGEST_CLIENT_STATE} characters at most."
        )));
    }
    let id =
        uuid::Builder::from_random_bytes(rand::Rng::random(&mut *crate::sync::lock(&call.tenant.random))).into_uuid();
    Ok(Subscription {
        id,
        app: call.app,
        resource,
        target,
        change_type: change_type(&must("changeType")?)?,
        notification_url: checked_url(must("notificationUrl")?)?,
        lifecycle_url: text("lifecycleNotificationUrl").map(checked_url).transpose()?,
        client_state,
        expires: expiration(call, &must("expirationDateTime")?)?,
        tls_version: text("latestSupportedTlsVersion"),
    })
}

fn change_type(text: &str) -> Result<String, GraphError> {
    let known = text.split(',').all(|part| ["created", "updated", "deleted"].contains(&part.trim()));
    if known {
        Ok(text.to_owned())
    } else {
        Err(validation_error(format!("Invalid 'changeType' attribute: '{text}'.")))
    }
}

/// Graph asks for https; a receiver on this machine has none, so loopback is let through.
fn checked_url(text: String) -> Result<String, GraphError> {
    let refuse = || validation_error("The notification URL must be an absolute https URL.".to_owned());
    let url = url::Url::parse(&text).map_err(|_| refuse())?;
    if matches!(url.scheme(), "https" | "http") { Ok(text) } else { Err(refuse()) }
}

fn expiration(call: &Call<'_>, text: &str) -> Result<i64, GraphError> {
    let asked: Timestamp =
        text.parse().map_err(|_| validation_error("The 'expirationDateTime' field is not a valid time.".to_owned()))?;
    let asked = asked.as_millisecond();
    // The clocks of two machines differ a little.
    if asked > call.now + LONGEST + MINUTE {
        return Err(validation_error("Subscription expiration can only be 41760 minutes in the future.".to_owned()));
    }
    if asked <= call.now {
        return Err(validation_error("Subscription expiration must be in the future.".to_owned()));
    }
    Ok(asked.max(call.now + SHORTEST))
}

fn check_room(call: &Call<'_>, new: &Subscription) -> Result<(), GraphError> {
    let subscriptions = crate::sync::lock(&call.tenant.subscriptions);
    let own: Vec<&Subscription> = subscriptions.values().filter(|known| known.app == call.app).collect();
    let same = own.iter().find(|known| known.change_type == new.change_type && known.target == new.target);
    if let Some(same) = same {
        let message = format!("Subscription Id {} already exists for the requested combination", same.id);
        return Err(GraphError::new(409, "Conflict", message));
    }
    let of_kind = |known: &&Subscription| known.target.kind() == new.target.kind();
    let (in_app, in_tenant) =
        (own.iter().copied().filter(of_kind).count(), subscriptions.values().filter(of_kind).count());
    if in_app >= MOST || in_tenant >= MOST_IN_TENANT {
        let message = format!(
            "The limit of {MOST} subscriptions for an app or {MOST_IN_TENANT} for the tenant has been reached."
        );
        return Err(GraphError::new(403, "Forbidden", message));
    }
    Ok(())
}

async fn renew(call: &Call<'_>, id: &str) -> Outcome {
    let subscription = find(call, id)?;
    let body = super::body(call)?;
    let fields = body.as_object().cloned().unwrap_or_default();
    let new_url = changed_url(&fields, &subscription)?;
    if let Some(url) = &new_url {
        validate(call.state, &call.tenant, url).await.map_err(validation_error)?;
    }
    let expires = match fields.get("expirationDateTime").and_then(Value::as_str) {
        Some(text) => expiration(call, text)?,
        None => subscription.expires,
    };
    let mut subscriptions = crate::sync::lock(&call.tenant.subscriptions);
    let kept = subscriptions.get_mut(&subscription.id).ok_or_else(|| missing(id))?;
    kept.expires = expires;
    if let Some(url) = new_url {
        kept.notification_url = url;
    }
    let kept = kept.clone();
    drop(subscriptions);
    Ok(show(call, 200, &kept))
}

/// Only the end and the notification URL can be changed.
fn changed_url(fields: &Map<String, Value>, subscription: &Subscription) -> Result<Option<String>, GraphError> {
    if let Some(name) = fields.keys().find(|name| !["expirationDateTime", "notificationUrl"].contains(&name.as_str())) {
        return Err(validation_error(format!("The property '{name}' cannot be updated.")));
    }
    let url = fields.get("notificationUrl").and_then(Value::as_str).filter(|url| *url != subscription.notification_url);
    url.map(|url| checked_url(url.to_owned())).transpose()
}

fn delete(call: &Call<'_>, id: &str) -> Outcome {
    let subscription = find(call, id)?;
    crate::sync::lock(&call.tenant.subscriptions).remove(&subscription.id);
    Ok(Reply::empty(204))
}

fn find(call: &Call<'_>, id: &str) -> Result<Subscription, GraphError> {
    let parsed = Uuid::parse_str(id).map_err(|_| missing(id))?;
    let subscriptions = crate::sync::lock(&call.tenant.subscriptions);
    subscriptions.get(&parsed).filter(|known| known.app == call.app).cloned().ok_or_else(|| missing(id))
}

fn missing(id: &str) -> GraphError {
    GraphError::new(404, "ResourceNotFound", format!("The object was not found: '{id}'."))
}

fn validation_error(message: String) -> GraphError {
    GraphError::new(400, "ValidationError", message)
}

fn principal(call: &Call<'_>) -> Uuid {
    crate::sync::read(&call.tenant.apps).get(&call.app).map(|app| app.principal_id).unwrap_or_default()
}

fn show(call: &Call<'_>, status: u16, subscription: &Subscription) -> Reply {
    let mut body = subscription.show(principal(call));
    if let Some(members) = body.as_object_mut() {
        let context = format!("{}/v1.0/$metadata#subscriptions/$entity", call.request.origin);
        members.insert("@odata.context".to_owned(), context.into());
    }
    Reply::json(status, &body)
}
