//! The first sync of a large tenant: its time against that of its pages, and the worker's memory.

use crate::Result;
use crate::figure::Figure;
use crate::large_tenant::{PAGE_MILLIS, PEOPLE};
use crate::synced::Synced;

/// Tells what the first sync cost.
pub(crate) fn measure(synced: &Synced) -> Result<Vec<Figure>> {
    let first = &synced.first;
    let (wall, pages) = (first.done.took.as_secs_f64(), count(first.pages()));
    let people = f64::from(PEOPLE);
    let ratio = wall / (pages * count(PAGE_MILLIS) / 1e3);
    let remark = format!(
        "{wall:.1} s for {pages} pages of {PAGE_MILLIS} ms; {PEOPLE} people in {} groups, {:.0} a second, {} accounts, \
         {} invocations; {}; {} requests refused",
        synced.tenant.groups,
        people / wall,
        synced.accounts,
        first.done.invocations,
        first.classes(),
        first.refusals,
    );
    let peak = "peak resident memory of the worker, a process of its own".to_owned();
    Ok(vec![
        Figure::at_most("first-sync", ratio, 1.3, "x pages", remark),
        Figure::at_most("first-sync-memory", synced.peak_mib, 200.0, "MiB", peak),
    ])
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
