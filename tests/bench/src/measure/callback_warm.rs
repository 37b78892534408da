//! A warm callback, without the time that table, secrets and Entra took for their calls; and how often the table is asked.

use crate::Result;
use crate::figure::Figure;
use crate::sign_in::SignIn;
use crate::statistics::{median, quantile};

const SIGN_INS: usize = 200;
/// What the first of these costs is told by the start.
const WARM_UP: usize = 10;

/// Signs somebody in at one environment, again and again.
pub(crate) async fn measure(sign_in: &SignIn) -> Result<Vec<Figure>> {
    // Once an hour one instance reads Entra's keys for all of them.
    let first = sign_in.environment().await?;
    let event = sign_in.begin(&first).await?;
    let reading = sign_in.finish(&first, &event).await?.tables;
    first.stop().await?;
    let environment = sign_in.environment().await?;
    let (mut calls, mut tables) = (Vec::new(), Vec::new());
    for _ in 0..SIGN_INS + WARM_UP {
        let event = sign_in.begin(&environment).await?;
        let asked = sign_in.finish(&environment, &event).await?;
        calls.push(asked.took.as_secs_f64() * 1e3);
        tables.push(f64::from(u32::try_from(asked.tables)?));
    }
    // Each sign-in is two invocations: its beginning, and the callback.
    let all = environment.invocation_millis()?;
    environment.stop().await?;
    if all.len() != 2 * calls.len() {
        return Err(format!("{} invocations of {} sign-ins were told", all.len(), calls.len()).into());
    }
    let whole: Vec<f64> = all.iter().skip(1).step_by(2).skip(WARM_UP).copied().collect();
    let calls = calls.split_off(WARM_UP);
    let besides: Vec<f64> = whole.iter().zip(&calls).map(|(whole, calls)| whole - calls).collect();
    let remark = format!(
        "median of {SIGN_INS} callbacks, p95 {:.1} ms; {:.1} ms with the calls, which took {:.1} ms (subtracted)",
        quantile(&besides, 0.95),
        median(&whole),
        median(&calls),
    );
    let most = tables.iter().copied().fold(0.0, f64::max);
    let asked = format!(
        "most of {} callbacks, the first of the environment among them; {reading} by the one that reads Entra's keys, once an hour for \
         all environments",
        tables.len()
    );
    Ok(vec![
        Figure::at_most("callback-warm", median(&besides), 10.0, "ms", remark),
        Figure::at_most("callback-warm-table", most, 3.0, "calls", asked),
    ])
}
