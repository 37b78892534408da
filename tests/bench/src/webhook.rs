//! The webhook function as it is shipped, and a notification that it accepts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_store::{Resource, Subscription};
use rollcall_sync::notification::client_state::{ClientStateKey, Origin};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ground::{CLIENT_STATE_KEY, Ground};
use crate::interface_emulator::InterfaceEmulator;
use crate::stopwatch::Stopwatch;
use crate::{Result, binaries};

/// The function's longest invocation, as in the template.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A request with one notification, as API Gateway hands it over.
const REQUEST: &str = include_str!("../../../events/webhook/users-updated.json");

/// The function, where it stands, and a notification.
pub(crate) struct Webhook {
    pub(crate) ground: Ground,
    /// Between the function and the queue.
    pub(crate) stopwatch: Stopwatch,
    /// The function's executable.
    pub(crate) executable: PathBuf,
    /// A request with one notification of a known subscription.
    pub(crate) event: Value,
    variables: BTreeMap<String, String>,
}

impl Webhook {
    /// Builds the function, and stores a subscription.
    pub(crate) async fn prepare() -> Result<Self> {
        let ground = Ground::start().await?;
        let executable = binaries::function(&ground.layout, "webhook").await?;
        let stopwatch = Stopwatch::before(ground.aws().url()).await?;
        let event = event(&ground, now()).await?;
        let mut variables = ground.variables("http://127.0.0.1:9");
        variables.insert("AWS_ENDPOINT_URL_SQS".to_owned(), stopwatch.url().to_owned());
        Ok(Self { ground, stopwatch, executable, event, variables })
    }

    /// A new environment. Its function starts with the first invocation.
    pub(crate) async fn environment(&self) -> Result<InterfaceEmulator> {
        InterfaceEmulator::start(&self.ground.layout, &self.executable, &self.variables, TIMEOUT).await
    }

    /// Has the notification taken in.
    ///
    /// # Errors
    /// The answer is not 202, or no job was queued: then a time would say nothing. Answers the time of the queue's calls.
    pub(crate) async fn notify(&self, environment: &InterfaceEmulator) -> Result<Duration> {
        let answer = environment.invoke(&self.event).await?;
        let queued = self.stopwatch.take();
        if answer.pointer("/statusCode").and_then(Value::as_u64) != Some(202) || queued.is_empty() {
            return Err(format!("the webhook did not queue a job, and answered {answer}").into());
        }
        Ok(queued.iter().sum())
    }
}

async fn event(ground: &Ground, now: Timestamp) -> Result<Value> {
    let (tenant, subscription) = (TenantId(Uuid::new_v4()), Uuid::new_v4());
    let origin = Origin { connection: ConnectionId(Uuid::new_v4()), nonce: Uuid::new_v4() };
    let row = Subscription {
        nonce: origin.nonce,
        resource: Resource::Users,
        id: Some(subscription.to_string()),
        expires_at: now + SignedDuration::from_hours(48),
        created_at: now,
        renewed_at: None,
        reauthorize_at: None,
    };
    ground.table.put_subscription(origin.connection, &row).await?;
    let state = ClientStateKey::new(&SecretString::from(CLIENT_STATE_KEY)).issue(origin, tenant);
    let person = Uuid::new_v4();
    let body = json!({"value": [{
        "changeType": "updated",
        "clientState": state.expose_secret(),
        "resource": format!("Users/{person}"),
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "@odata.id": format!("Users/{person}"), "id": person},
        "subscriptionExpirationDateTime": row.expires_at.to_string(),
        "subscriptionId": subscription,
        "tenantId": tenant.0,
    }]});
    let mut event: Value = serde_json::from_str(REQUEST)?;
    let members = event.as_object_mut().ok_or("the sample event is no object")?;
    members.insert("body".to_owned(), body.to_string().into());
    Ok(event)
}

#[expect(clippy::disallowed_methods, reason = "the rim of the measurements")]
fn now() -> Timestamp {
    Timestamp::now()
}
