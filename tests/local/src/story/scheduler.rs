//! Time, made to pass: a schedule of the stack is fired by the emulator's own scheduler, now instead of at its hour.

use super::teller::Teller;
use crate::deploy::STACK;
use crate::error::{Error, Result};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Fires one of the stack's schedules: a one-off schedule with the very target, role and input of the deployed one.
pub(super) async fn fire(teller: &Teller<'_>, name: &str) -> Result<()> {
    let aws = teller.stack.aws();
    let deployed = aws.rest("scheduler", Method::GET, &format!("/schedules/{STACK}-{name}"), None).await?;
    let target = deployed.get("Target").cloned().unwrap_or(Value::Null);
    if target.pointer("/Input").is_none() {
        return Err(Error::Story(format!("the schedule {STACK}-{name} is not deployed")));
    }
    let once = json!({
        "ScheduleExpression": format!("at({})", moment()),
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": target,
    });
    let path = format!("/schedules/{STACK}-{name}-once");
    aws.rest("scheduler", Method::POST, &path, Some(&once)).await.map(drop)
}

/// This second, as Scheduler writes moments.
#[expect(clippy::disallowed_methods, reason = "a schedule is set for a moment of the wall clock")]
fn moment() -> String {
    let now = Timestamp::now() - SignedDuration::from_secs(1);
    now.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
