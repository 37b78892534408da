//! From the start of the process to its first request for an event.

use crate::Result;
use crate::figure::Figure;
use crate::statistics::{median, quantile};
use crate::webhook::Webhook;

const STARTS: usize = 20;

/// Starts that many environments, one after the other.
pub(crate) async fn measure(webhook: &Webhook) -> Result<Vec<Figure>> {
    let mut millis = Vec::with_capacity(STARTS);
    let mut reads = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        reads.push(webhook.ground.read_key().await?.as_secs_f64() * 1e3);
        let environment = webhook.environment().await?;
        webhook.notify(&environment).await?;
        millis.push(environment.start_millis()?);
        environment.stop().await?;
    }
    let remark = format!(
        "median of {STARTS} starts, p95 {:.1} ms; with the read of the key, which alone takes {:.1} ms on a warm connection",
        quantile(&millis, 0.95),
        median(&reads),
    );
    Ok(vec![Figure::at_most("webhook-init", median(&millis), 15.0, "ms", remark)])
}
