//! What has to be done so that Graph has exactly the subscriptions that are wanted.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rollcall_store::{Resource, Subscription};
use uuid::Uuid;

/// A row without Graph's id that is younger than this belongs to a creation that is under way.
const CREATION: SignedDuration = SignedDuration::from_mins(5);

/// The least time between two renewals of one subscription, however often Graph asks.
const LEAST_BETWEEN: SignedDuration = SignedDuration::from_mins(10);

/// A subscription of this application, as Graph lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Graph's id.
    pub id: Uuid,
    /// What it watches; `None` for anything that Rollcall does not subscribe to.
    pub resource: Option<Resource>,
    /// The nonce of its address, if that is the address of this deployment.
    pub nonce: Option<Uuid>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// One thing to do. Steps are taken in the order in which they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Graph has it and nobody needs it: end it.
    Delete {
        /// Graph's id.
        id: Uuid,
    },
    /// The row stands for nothing that Graph has: remove it.
    Forget {
        /// The row.
        nonce: Uuid,
    },
    /// The answer to the creation was lost: write down what Graph has.
    Adopt {
        /// The row.
        nonce: Uuid,
        /// Graph's id.
        id: Uuid,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// Half of its life is over, or Graph asked for a new authorisation: renewing gives both.
    Renew {
        /// The row.
        nonce: Uuid,
        /// Graph's id.
        id: Uuid,
    },
    /// It is wanted and missing. There was a gap, so what changed has to be read too.
    Create {
        /// What to watch.
        resource: Resource,
    },
}

/// Compares what the table has with what Graph has and with what is wanted.
#[must_use]
pub fn audit(now: Timestamp, rows: &[Subscription], listed: &[Listed], wanted: &BTreeSet<Resource>) -> Vec<Step> {
    let mut served = BTreeSet::new();
    let mut kept = BTreeSet::new();
    let (mut forget, mut keep) = (Vec::new(), Vec::new());
    for row in newest_first(rows) {
        match judge(now, row, listed, wanted.contains(&row.resource) && !served.contains(&row.resource)) {
            Verdict::Forget => forget.push(Step::Forget { nonce: row.nonce }),
            Verdict::Wait => drop(served.insert(row.resource)),
            Verdict::Keep { id, step } => {
                served.insert(row.resource);
                kept.insert(id);
                keep.extend(step);
            }
        }
    }
    let mut steps = deletions(rows, listed, &kept);
    steps.append(&mut forget);
    steps.append(&mut keep);
    steps.extend(wanted.difference(&served).map(|resource| Step::Create { resource: *resource }));
    steps
}

/// Whether a subscription is due for renewal: half of its life is over.
#[must_use]
pub fn is_half_over(now: Timestamp, since: Timestamp, expires_at: Timestamp) -> bool {
    now.duration_since(since) * 2 >= expires_at.duration_since(since)
}

enum Verdict {
    /// It stands for nothing, or for nothing that is wanted.
    Forget,
    /// Its creation is under way.
    Wait,
    /// It stands for a living subscription.
    Keep { id: Uuid, step: Option<Step> },
}

/// Of several rows for the same resource the newest serves it.
fn newest_first(rows: &[Subscription]) -> Vec<&Subscription> {
    let mut rows: Vec<&Subscription> = rows.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.created_at), row.nonce));
    rows
}

fn judge(now: Timestamp, row: &Subscription, listed: &[Listed], needed: bool) -> Verdict {
    if !needed {
        return Verdict::Forget;
    }
    let fits = |found: &&Listed| found.nonce == Some(row.nonce) && found.resource == Some(row.resource);
    let Some(found) =
        listed.iter().filter(fits).filter(|found| found.expires_at > now).max_by_key(|found| found.expires_at)
    else {
        let is_young = row.id.is_none() && now.duration_since(row.created_at) < CREATION;
        return if is_young { Verdict::Wait } else { Verdict::Forget };
    };
    Verdict::Keep { id: found.id, step: upkeep(now, row, found) }
}

fn upkeep(now: Timestamp, row: &Subscription, found: &Listed) -> Option<Step> {
    let Listed { id, expires_at, .. } = *found;
    if row.id.as_deref() != Some(id.to_string().as_str()) {
        return Some(Step::Adopt { nonce: row.nonce, id, expires_at });
    }
    let since = row.renewed_at.unwrap_or(row.created_at);
    let asked = row.reauthorize_at.is_some() && now.duration_since(since) >= LEAST_BETWEEN;
    (asked || is_half_over(now, since, expires_at)).then_some(Step::Renew { nonce: row.nonce, id })
}

/// Everything of ours that is listed and not kept: by its address, or because a row knows its id.
fn deletions(rows: &[Subscription], listed: &[Listed], kept: &BTreeSet<Uuid>) -> Vec<Step> {
    let known: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.id.as_deref()?.parse().ok()).collect();
    let ours = |found: &&Listed| found.nonce.is_some() || known.contains(&found.id);
    listed
        .iter()
        .filter(ours)
        .filter(|found| !kept.contains(&found.id))
        .map(|found| Step::Delete { id: found.id })
        .collect()
}

#[cfg(test)]
mod tests;
