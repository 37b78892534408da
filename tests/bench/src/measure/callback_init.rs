//! From the start of the process to its first request for an event.

use crate::Result;
use crate::figure::Figure;
use crate::sign_in::SignIn;
use crate::statistics::{median, quantile};

const STARTS: usize = 20;

/// Starts that many environments, one after the other. Each lets somebody in.
pub(crate) async fn measure(sign_in: &SignIn) -> Result<Vec<Figure>> {
    let mut millis = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let environment = sign_in.environment().await?;
        let event = sign_in.begin(&environment).await?;
        sign_in.finish(&environment, &event).await?;
        millis.push(environment.start_millis()?);
        environment.stop().await?;
    }
    let remark = format!("median of {STARTS} starts, p95 {:.1} ms; with the read of the key", quantile(&millis, 0.95));
    Ok(vec![Figure::at_most("callback-init", median(&millis), 20.0, "ms", remark)])
}
