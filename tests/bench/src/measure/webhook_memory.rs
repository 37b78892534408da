//! The most memory that a warm environment ever had resident.

use crate::Result;
use crate::figure::Figure;
use crate::webhook::Webhook;

const INVOCATIONS: usize = 200;

/// Invokes one environment, then looks.
pub(crate) async fn measure(webhook: &Webhook) -> Result<Vec<Figure>> {
    let environment = webhook.environment().await?;
    for _ in 0..INVOCATIONS {
        webhook.notify(&environment).await?;
    }
    let peak = environment.peak_mib()?;
    environment.stop().await?;
    let remark = format!("peak over {INVOCATIONS} invocations");
    Ok(vec![Figure::at_most("webhook-memory", peak, 20.0, "MiB", remark)])
}
