//! Rollcall's unchanged day against Microsoft's `msgraph-sdk` client for Python, on the same simulated tenant.
//!
//! Both read 100,000 people with the 17 default properties and their managers, and the members of ten groups, nested ones
//! followed. Rollcall reads the direct members of each group in scope, compares everything with the platform, and plans: a
//! full run over a platform that is in step already. The client only reads: `/users` with the same `$select` and
//! `$expand=manager($select=id)`, and `transitiveMembers` of the ten groups, which are fewer pages than the groups one by
//! one. It parses every page as plain JSON and keeps it, as whoever compares must; its memory without keeping anything is
//! told in the remark, and has no bar. Its typed models, which cost it several milliseconds an object, are left out, and so is
//! the CPU of its imports, which is told apart. A token is given to it. Every answer of the tenant takes as long as a page of
//! Graph, for both.
//!
//! Each reading is a process of its own, and only that process is measured: the worker's release binary from before its first
//! line, the client after its imports. They take turns, and who begins takes turns too. CPU and wall times are means,
//! memory is the largest peak.

use serde_json::json;

use super::unchanged_day::changes;
use crate::figure::Figure;
use crate::large_tenant::{PEOPLE, TEN_GROUPS};
use crate::plain_client::{PlainClient, Reading};
use crate::synced::Synced;
use crate::{Failed, Result};

/// Who reads first in each round.
const ROUNDS: [First; 2] = [First::Rollcall, First::Client];

#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Rollcall,
    Client,
}

/// An unchanged day of Rollcall's.
struct Day {
    cpu_seconds: f64,
    wall_seconds: f64,
    peak_mib: f64,
    requests: u64,
}

/// Makes the tenant, syncs it for the first time, and lets both read it in turns.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let mut synced = Synced::first_time(TEN_GROUPS).await?;
    let client = PlainClient::install(&synced.ground.layout).await?;
    let (mut days, mut readings) = (Vec::new(), Vec::new());
    for first in ROUNDS {
        if first == First::Rollcall {
            days.push(day(&mut synced).await?);
            readings.push(reading(&synced, &client, true).await?);
        } else {
            readings.push(reading(&synced, &client, true).await?);
            days.push(day(&mut synced).await?);
        }
    }
    let dropping = reading(&synced, &client, false).await?;
    let figures = figures(&synced, &days, &readings, &dropping);
    synced.end().await?;
    Ok(figures)
}

async fn day(synced: &mut Synced) -> Result<Day> {
    synced.renew_worker().await?;
    let before = synced.latest_run().await?.id;
    let played = synced.play(&json!({"kind": "full", "cause": {"by": "schedule"}})).await?;
    let run = synced.latest_run().await?;
    let is_unchanged = changes(&run.counts.tally) == 0 && run.counts.unchanged >= synced.accounts as u64;
    if run.id == before || !run.status.is_final() || !is_unchanged {
        return Err(unlike(&format!("a day that is not unchanged: {:?}, {} accounts", run.counts, synced.accounts)));
    }
    let worker = synced.worker();
    Ok(Day {
        cpu_seconds: worker.cpu_seconds()?,
        wall_seconds: played.done.took.as_secs_f64(),
        peak_mib: worker.peak_mib()?,
        requests: played.pages(),
    })
}

async fn reading(synced: &Synced, client: &PlainClient, keep: bool) -> Result<Reading> {
    let tenant = &synced.tenant;
    tenant.server.reset_metrics();
    let read = client.read(&tenant.info, &tenant.server.origin(), keep).await?;
    if read.people != u64::from(PEOPLE) || (read.members as usize) < synced.accounts || tenant.refusals() > 0 {
        return Err(unlike(&format!("{} people and {} members", read.people, read.members)));
    }
    Ok(read)
}

fn unlike(what: &str) -> Failed {
    format!("the two did not read the same: {what}").into()
}

fn figures(synced: &Synced, days: &[Day], readings: &[Reading], dropping: &Reading) -> Vec<Figure> {
    let day = |of: fn(&Day) -> f64| mean(days.iter().map(of));
    let read = |of: fn(&Reading) -> f64| mean(readings.iter().map(of));
    let (day_cpu, read_cpu) = (day(|day| day.cpu_seconds), read(|read| read.cpu_seconds));
    let (day_wall, read_wall) = (day(|day| day.wall_seconds), read(|read| read.wall_seconds));
    let day_peak = days.iter().map(|day| day.peak_mib).fold(0.0, f64::max);
    let read_peak = readings.iter().map(|read| read.peak_mib).fold(0.0, f64::max);
    let requests = |first: Option<u64>| first.unwrap_or_default();
    let cpu = format!(
        "of the client's CPU: {day_cpu:.2} s, client {read_cpu:.2} s and {:.2} s for imports; {:.1} us a person",
        read(|read| read.import_cpu_seconds),
        day_cpu * 1e6 / f64::from(PEOPLE),
    );
    let memory = format!(
        "of the client's peak: {day_peak:.1} MiB, client {read_peak:.1} MiB; {:.1} MiB when it keeps nothing",
        dropping.peak_mib
    );
    let wall = format!(
        "of the client's time: {day_wall:.1} s with {} requests, client {read_wall:.1} s with {}",
        requests(days.first().map(|day| day.requests)),
        requests(readings.first().map(|read| read.requests)),
    );
    let first = format!(
        "of the client's CPU: {:.2} s for the first sync of {} accounts in {} groups with all writes",
        synced.first_cpu_seconds, synced.accounts, synced.tenant.groups
    );
    vec![
        Figure::at_most("side-by-side-cpu", day_cpu / read_cpu, 0.5, "x", cpu),
        Figure::at_most("side-by-side-memory", day_peak / read_peak, 0.25, "x", memory),
        Figure::at_most("side-by-side-time", day_wall / read_wall, 1.0, "x", wall),
        Figure::at_most("side-by-side-first", synced.first_cpu_seconds / read_cpu, 2.0, "x", first),
    ]
}

fn mean(samples: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = samples.fold((0.0, 0.0), |(count, sum), sample| (count + 1.0, sum + sample));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_nothing_is_no_number() {
        assert_eq!(mean([1.0, 2.0, 6.0].into_iter()), 3.0);
        assert!(mean(std::iter::empty()).is_nan());
    }
}
