//! 500,000 people, everyone in scope, a team for each manager, and a minute for each invocation.

use serde_json::json;

use super::one_change;
use super::unchanged_day::changes;
use crate::Result;
use crate::figure::Figure;
use crate::large_tenant::{HALF_MILLION, THOUSAND};
use crate::synced::Synced;

/// Syncs them for the first time, reads an unchanged day with a worker that has done nothing yet, and then single changes,
/// in this tenant and in one of 1,000 people.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let mut synced = Synced::first_time(HALF_MILLION).await?;
    let first_peak = synced.peak_mib;
    let memory = format!(
        "the first sync took {first_peak:.0} MiB at most, {:.0} s in {} invocations of a minute at most, {:.0} s of CPU; \
         {} accounts, {} requests",
        synced.first.done.took.as_secs_f64(),
        synced.first.done.invocations,
        synced.first_cpu_seconds,
        synced.accounts,
        synced.first.pages(),
    );
    if synced.first.done.invocations < 2 {
        return Err("one invocation was enough: no continuation was tried".into());
    }
    synced.renew_worker().await?;
    let before = synced.latest_run().await?.id;
    let day = synced.play(&json!({"kind": "full", "cause": {"by": "schedule"}})).await?;
    let run = synced.latest_run().await?;
    if run.id == before || !run.status.is_final() || changes(&run.counts.tally) > 0 {
        return Err(format!("a day that is not unchanged: {:?}", run.counts).into());
    }
    let people = f64::from(HALF_MILLION.people);
    let cpu = synced.worker().cpu_seconds()? * 1e6 / people;
    let peak = first_peak.max(synced.worker().peak_mib()?);
    let remark = format!("of CPU for each; {:.0} s, {} invocations", day.done.took.as_secs_f64(), day.done.invocations);
    let large = one_change::take(&synced).await?;
    synced.end().await?;
    let small = Synced::first_time(THOUSAND).await?;
    let few = one_change::take(&small).await?;
    small.end().await?;
    let mut figures = vec![
        Figure::at_most("half-million-memory", peak, 256.0, "MiB", memory),
        Figure::at_most("half-million-unchanged", cpu, 20.0, "us a person", remark),
    ];
    figures.extend(one_change::figures(&large, &few));
    Ok(figures)
}
