//! What the clock brings: changes whose notifications were lost, the daily reconciliation, a subscription that vanished.

use super::begin::subscribed;
use super::scheduler::fire;
use super::teller::Teller;
use crate::comparison::desired;
use crate::error::{Error, Result};
use crate::json::{list, text};
use http::Method;
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

/// The poll, the schedule and the audit.
pub(super) async fn play(teller: &mut Teller<'_>) -> Result<()> {
    found_by(teller, "a lost notification, found by the delta poll", "poll", "poll").await?;
    found_by(teller, "the 04:00 schedule, fired through the scheduler", "reconcile", "schedule").await?;
    vanish(teller).await
}

/// Nothing is heard of a change until a schedule fires.
async fn found_by(teller: &mut Teller<'_>, what: &str, schedule: &str, trigger: &str) -> Result<()> {
    // A job of an earlier change would find this one too.
    teller.quiet().await?;
    let known = teller.run_ids().await?;
    teller.lose_notifications(true).await?;
    let person = somebody(teller).await?;
    let properties = json!({"department": format!("found by {schedule}")});
    teller.change(json!({"action": "setProperties", "id": person, "properties": properties})).await?;
    let begun = Instant::now();
    fire(teller, schedule).await?;
    let awaited = format!("a run of the trigger {trigger}");
    let run = teller.new_run(&awaited, &known, |run| text(run, "/trigger/kind") == trigger).await?;
    teller.converged(begun).await?;
    teller.tell(what, begun.elapsed(), false);
    teller.remark(&format!("run {}: {}, {}", text(&run, "/id"), text(&run, "/mode"), text(&run, "/status")));
    teller.lose_notifications(false).await
}

/// A subscription is gone without a word; the audit finds that and makes a new one, which then works.
async fn vanish(teller: &mut Teller<'_>) -> Result<()> {
    teller.quiet().await?;
    let before = teller.subscriptions().await?;
    for id in before.iter().map(|subscription| text(subscription, "/id")) {
        let path = format!("/tenants/first/subscriptions/{id}");
        teller.stack.tenant().control(Method::DELETE, &path, None).await?;
    }
    let begun = Instant::now();
    fire(teller, "renew").await?;
    subscribed(teller).await?;
    let ids = |all: &[Value]| all.iter().map(|one| text(one, "/id").to_owned()).collect::<Vec<_>>();
    let after = teller.subscriptions().await?;
    if ids(&after).iter().any(|id| ids(&before).contains(id)) {
        return Err(Error::Story("a subscription that vanished is back under its own id".into()));
    }
    teller.tell("all subscriptions vanished; the audit found it and made new ones", begun.elapsed(), false);
    let person = somebody(teller).await?;
    let properties = json!({"city": "Newcastle"});
    let change = json!({"action": "setProperties", "id": person, "properties": properties});
    teller.notified("a change, told by a new subscription", change).await
}

/// Somebody with an account.
async fn somebody(teller: &Teller<'_>) -> Result<Uuid> {
    let directory = teller.directory().await?;
    let people = desired(&directory, &teller.scope()).into_keys();
    people.last().ok_or_else(|| Error::Story("nobody is in scope".into()))
}

impl Teller<'_> {
    /// The subscriptions that the tenant has.
    ///
    /// # Errors
    /// The tenant does not answer.
    pub async fn subscriptions(&self) -> Result<Vec<Value>> {
        let found = self.stack.tenant().control(Method::GET, "/tenants/first/subscriptions", None).await?;
        Ok(list(&found, "/subscriptions").to_vec())
    }
}
