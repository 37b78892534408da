//! A warm invocation with one notification, without the time that the queue took for its call.

use crate::Result;
use crate::figure::Figure;
use crate::statistics::{median, quantile};
use crate::webhook::Webhook;

const INVOCATIONS: usize = 200;
/// What the first of these costs is told by the start.
const WARM_UP: usize = 10;

/// Invokes one environment, again and again.
pub(crate) async fn measure(webhook: &Webhook) -> Result<Vec<Figure>> {
    let environment = webhook.environment().await?;
    let mut queue = Vec::with_capacity(INVOCATIONS + WARM_UP);
    for _ in 0..INVOCATIONS + WARM_UP {
        queue.push(webhook.notify(&environment).await?.as_secs_f64() * 1e3);
    }
    let whole = environment.invocation_millis()?;
    environment.stop().await?;
    if whole.len() != queue.len() {
        return Err(format!("{} of {} invocations were told", whole.len(), queue.len()).into());
    }
    let besides: Vec<f64> = whole.iter().zip(&queue).skip(WARM_UP).map(|(whole, queue)| whole - queue).collect();
    let remark = format!(
        "median of {INVOCATIONS}, p95 {:.1} ms; {:.1} ms with the queue's call, of which the queue took {:.1} ms (subtracted)",
        quantile(&besides, 0.95),
        median(whole.get(WARM_UP..).unwrap_or_default()),
        median(queue.get(WARM_UP..).unwrap_or_default()),
    );
    Ok(vec![Figure::at_most("webhook-warm", median(&besides), 5.0, "ms", remark)])
}
