//! Holds: what waits for a person's decision, and what a person has refused.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_directory::guard::{PlanHash, Reason};
use rollcall_directory::identity::{GroupId, HoldId, PersonId};
use rollcall_directory::plan::Removal;
use rollcall_store::hold::{Hold, HoldStatus, HoldWrite};
use rollcall_store::page::PageRequest;

use super::failure::Failure;
use super::session::{Session, time_ordered};
use crate::job::{Job, Message};

/// The latest holds, among which open and rejected ones are looked for.
const HOLDS: u32 = 100;

/// The latest holds of a connection, newest first.
pub(super) async fn latest(session: &Session<'_>) -> Result<Vec<Hold>, Failure> {
    let page = PageRequest { limit: HOLDS, cursor: None };
    Ok(session.table().holds_page(session.connection.id, &page).await?.items)
}

/// Removals that wait for a decision.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    holds: BTreeSet<HoldId>,
    pub(super) removals: BTreeSet<Removal>,
    pub(super) reasons: Vec<Reason>,
}

impl Waiting {
    /// What waits now.
    pub(super) async fn read(session: &Session<'_>) -> Result<Self, Failure> {
        let mut waiting = Self::default();
        for hold in latest(session).await?.into_iter().filter(|hold| hold.status == HoldStatus::Open) {
            waiting.removals.extend(session.table().hold_removals(session.connection.id, hold.id).await?);
            waiting.reasons.extend(hold.reasons);
            waiting.holds.insert(hold.id);
        }
        Ok(waiting)
    }

    /// The same, if nobody has decided meanwhile.
    pub(super) fn undecided(&self, known: &[Hold]) -> Self {
        let is_open = |id: &HoldId| known.iter().any(|hold| hold.id == *id && hold.status == HoldStatus::Open);
        if self.holds.iter().all(is_open) { self.clone() } else { Self::default() }
    }

    /// Whose.
    pub(super) fn people(&self) -> BTreeSet<PersonId> {
        self.removals.iter().map(|removal| removal.person).collect()
    }

    /// Groups whose emptying waits, with the size that they had.
    pub(super) fn emptied(&self) -> BTreeMap<GroupId, u64> {
        self.reasons.iter().filter_map(emptied_group).collect()
    }
}

/// What people refused to have taken, as far as the directory still asks for it.
#[derive(Default)]
pub(super) struct Rejected {
    /// The holds, newest first.
    pub(super) holds: Vec<HoldId>,
    pub(super) removals: BTreeSet<Removal>,
    pub(super) groups: BTreeSet<GroupId>,
}

impl Rejected {
    pub(super) async fn among(
        session: &Session<'_>,
        known: &[Hold],
        wanted: &BTreeSet<Removal>,
    ) -> Result<Self, Failure> {
        let mut rejected = Self::default();
        if wanted.is_empty() {
            return Ok(rejected);
        }
        for hold in known.iter().filter(|hold| hold.status == HoldStatus::Rejected) {
            let refused = session.table().hold_removals(session.connection.id, hold.id).await?;
            let mut still = refused.intersection(wanted).cloned().peekable();
            if still.peek().is_some() {
                rejected.holds.push(hold.id);
                rejected.removals.extend(still);
                rejected.groups.extend(emptied_groups(hold));
            }
        }
        Ok(rejected)
    }
}

/// Groups whose emptying is among the reasons of a hold.
pub(super) fn emptied_groups(hold: &Hold) -> impl Iterator<Item = GroupId> + '_ {
    hold.reasons.iter().filter_map(emptied_group).map(|(group, _)| group)
}

const fn emptied_group(reason: &Reason) -> Option<(GroupId, u64)> {
    match reason {
        Reason::EmptiedGroup { group, members } => Some((*group, *members)),
        _ => None,
    }
}

/// Opens a hold in place of an older open one, unless one for the very same removals waits.
pub(super) fn open(
    session: &mut Session<'_>,
    known: &[Hold],
    removals: BTreeSet<Removal>,
    reasons: Vec<Reason>,
) -> Vec<HoldWrite> {
    let hash = PlanHash::of(&removals).to_string();
    let same = |hold: &&Hold| hold.hash == hash && matches!(hold.status, HoldStatus::Open | HoldStatus::Approved);
    if let Some(same) = known.iter().find(same) {
        session.run.hold = Some(same.id);
        return Vec::new();
    }
    let now = session.now();
    let hold = Hold {
        id: HoldId(time_ordered(now)),
        run: session.run.id,
        hash,
        status: HoldStatus::Open,
        reasons,
        created_at: now,
        decided_at: None,
        decided_by: None,
        removals: removals.len() as u64,
    };
    session.run.hold = Some(hold.id);
    let mut writes = end_open(known, HoldStatus::Superseded);
    writes.push(HoldWrite::Open { hold, removals });
    writes
}

/// An approved hold that is still asked for was not applied: its run failed, or its message was lost. It is queued again.
pub(super) async fn remind(session: &Session<'_>, known: &[Hold]) {
    let is_meant = |hold: &&Hold| session.run.hold == Some(hold.id) && hold.status == HoldStatus::Approved;
    let Some(hold) = known.iter().find(is_meant) else { return };
    let connection = session.connection.id;
    let by = hold.decided_by.clone().unwrap_or_default();
    let message = Message::new(connection, Job::ApplyHold { hold: hold.id, by });
    let key = format!("{connection}:hold:{}:{}", hold.id, session.lease.epoch());
    if let Err(error) = session.worker.queue.send(&message, &key).await {
        // The next run finds it as this one did.
        tracing::warn!(connection.id = %connection, %error, "an approved hold could not be queued again");
    }
}

/// Ends the open holds.
pub(super) fn end_open(known: &[Hold], to: HoldStatus) -> Vec<HoldWrite> {
    end(known.iter().filter(|hold| hold.status == HoldStatus::Open), to)
}

/// Closes holds after a complete run that holds nothing: the directory itself has undone what was held, and then also what
/// was rejected, unless it is asked for still.
pub(super) fn close_undone(known: &[Hold], rejected: &Rejected) -> Vec<HoldWrite> {
    let is_undone = |hold: &&Hold| match hold.status {
        HoldStatus::Open => true,
        HoldStatus::Rejected => !rejected.holds.contains(&hold.id),
        _ => false,
    };
    end(known.iter().filter(is_undone), HoldStatus::Closed)
}

fn end<'a>(holds: impl Iterator<Item = &'a Hold>, to: HoldStatus) -> Vec<HoldWrite> {
    holds.map(|hold| HoldWrite::Move { hold: hold.id, from: hold.status, to }).collect()
}
