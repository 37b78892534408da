//! Thousands of changes of one directory, each with its notification, as fast as the webhook takes them.
//!
//! The tenant delivers nothing itself meanwhile: this delivers, so that the number at one time is known and each answer is
//! seen. The address and the `clientState` are those of the subscription that the stack created.

use std::time::{Duration, Instant};

use futures::StreamExt;
use http::Method;
use local::comparison::desired;
use local::error::Error;
use local::http::Http;
use local::json::{number, text};
use local::story::Teller;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Result;
use crate::connected::Connected;
use crate::figure::Figure;

const CHANGES: usize = 5_000;
const AT_ONCE: usize = 50;
/// Reads that are caused by notifications are up to 8 seconds apart, and the queue is polled each second: after so long
/// without one, none follows.
const QUIET: Duration = Duration::from_secs(12);

/// Changes, notifies, waits for agreement, counts.
pub(crate) async fn measure(connected: &Connected) -> Result<Vec<Figure>> {
    let teller = connected.teller().await?;
    let sender = Sender::prepare(connected, &teller).await?;
    teller.lose_notifications(true).await?;
    connected.control(Method::DELETE, "/metrics", None).await?;
    let begun = Instant::now();
    let sent: Vec<Result<u16>> = futures::stream::iter(0..CHANGES)
        .map(|change| sender.change_and_notify(&teller, change))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let took = begun.elapsed();
    let statuses = sent.into_iter().collect::<Result<Vec<u16>>>()?;
    let (lost, agreed) = agreement(&teller).await?;
    let reads = reads(connected).await?;
    teller.lose_notifications(false).await?;
    let refused = statuses.iter().filter(|status| **status != 202).count();
    let answers = format!("{CHANGES} notifications in {:.1} s, {AT_ONCE} at a time", took.as_secs_f64());
    let compared = format!("platform against directory, {:.1} s after the last answer", agreed.as_secs_f64());
    let remark = format!("{} pages of users and {} of groups", reads.users, reads.groups);
    Ok(vec![
        Figure::at_most("burst-refused", count(refused), 0.0, "answers", answers),
        Figure::at_most("burst-lost", count(lost), 0.0, "differences", compared),
        Figure::at_most("burst-reads", count(reads.rounds()), 20.0, "delta reads", remark),
    ])
}

/// Makes changes and sends the notifications that Graph would send.
struct Sender {
    http: Http,
    subscription: Value,
    tenant: Uuid,
    people: Vec<Uuid>,
}

impl Sender {
    async fn prepare(connected: &Connected, teller: &Teller<'_>) -> Result<Self> {
        let all = connected.subscriptions().await?;
        let subscription = all.into_iter().find(|found| text(found, "/resource").contains("users"));
        let subscription = subscription.ok_or("there is no subscription to users")?;
        let people = desired(&teller.directory().await?, &teller.scope()).into_keys().collect();
        Ok(Self { http: Http::default(), subscription, tenant: teller.facts.tenant_id, people })
    }

    /// Answers the webhook's status.
    async fn change_and_notify(&self, teller: &Teller<'_>, change: usize) -> Result<u16> {
        let person = *self.people.get(change % self.people.len().max(1)).ok_or("nobody is in scope")?;
        let properties = json!({"officeLocation": format!("Room {change}")});
        teller.change(json!({"action": "setProperties", "id": person, "properties": properties})).await?;
        let address = text(&self.subscription, "/notificationUrl");
        let answer = self.http.json(Method::POST, address, &[], Some(&self.notification(person))).await?;
        Ok(answer.status.as_u16())
    }

    fn notification(&self, person: Uuid) -> Value {
        let resource = format!("Users/{person}");
        json!({"value": [{
            "changeType": "updated",
            "clientState": text(&self.subscription, "/clientState"),
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.User", "@odata.id": resource, "id": person, "organizationId": self.tenant,
            },
            "subscriptionExpirationDateTime": text(&self.subscription, "/expirationDateTime"),
            "subscriptionId": text(&self.subscription, "/id"),
            "tenantId": self.tenant,
        }]})
    }
}

/// How many differences are left when nothing moves any more, and when the platform was found right.
async fn agreement(teller: &Teller<'_>) -> Result<(usize, Duration)> {
    let begun = Instant::now();
    match teller.converged(begun).await {
        Ok(took) => Ok((0, took)),
        Err(Error::Different(_)) => {
            let (directory, platform) = (teller.directory().await?, teller.platform().await?);
            let left = local::comparison::differences(&directory, &teller.scope(), &platform).0.len();
            Ok((left.max(1), begun.elapsed()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Requests for delta pages.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reads {
    users: u64,
    groups: u64,
}

impl Reads {
    /// A read asks for the changes of users and for those of groups. No group changes here, so that each read has one
    /// page of groups.
    fn rounds(self) -> usize {
        usize::try_from(self.groups).unwrap_or(usize::MAX)
    }
}

/// Waits until no read follows.
async fn reads(connected: &Connected) -> Result<Reads> {
    let mut seen = Reads { users: 0, groups: 0 };
    let mut since = Instant::now();
    while since.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let metrics = connected.control(Method::GET, "/metrics", None).await?;
        let of = |class: &str| number(&metrics, &format!("/requests/{class}")).unwrap_or_default();
        let now = Reads { users: of("usersDelta"), groups: of("groupsDelta") };
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    Ok(seen)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
