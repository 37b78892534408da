//! A scope that is a small part of a large tenant: 25,000 of 80,000 people, through 300 nested groups.

use crate::Result;
use crate::figure::Figure;
use crate::large_tenant::{LARGE_SCOPE, LARGE_SCOPE_ALONE, PAGE_MILLIS};
use crate::synced::Synced;

/// Syncs it for the first time, and then the same scope in a tenant that has nobody else.
pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let large = Synced::first_time(LARGE_SCOPE).await?;
    let (first, accounts, groups) = (large.first.done.took.as_secs_f64(), large.accounts, large.tenant.groups);
    let (pages, classes) = (large.first.pages(), large.first.classes());
    large.end().await?;
    let alone = Synced::first_time(LARGE_SCOPE_ALONE).await?;
    let pages_alone = alone.first.pages();
    alone.end().await?;
    let ratio = first / (count(pages) * count(PAGE_MILLIS) / 1e3);
    let time = format!(
        "{first:.1} s for {pages} pages of {PAGE_MILLIS} ms; {accounts} accounts of 80,000 \
         people, {groups} groups; {classes}"
    );
    let requests = format!("{pages} requests, and {pages_alone} in a tenant of 25,000 people with the same scope");
    Ok(vec![
        Figure::at_most("large-scope", ratio, 1.2, "x pages", time),
        // 80,000 people are 3.2 times 25,000: who read the tenant and not the scope would come near that.
        Figure::at_most("large-scope-requests", count(pages) / count(pages_alone), 1.5, "x requests", requests),
    ])
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
