//! What is to be told now, given what was told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollcall_store::{Matter, Told, Way};

use super::facts::Facts;
use super::ladder;
use super::standing::{Standing, standing};

/// Whoever claimed a notice and said nothing for so long is gone. Longer than any invocation lives, shorter than the time
/// to the next look.
pub const CLAIM: SignedDuration = SignedDuration::from_mins(16);

/// Something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Of what.
    pub matter: Matter,
    /// What of it.
    pub telling: Telling,
    /// Since when it has not been well; for a countdown, when it ends.
    pub since: Timestamp,
}

/// What is told of a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// That it is not well.
    Step {
        /// Where on the ladder, see [`ladder::step`].
        number: u32,
        /// Whether it is the first that people hear of this occurrence.
        first: bool,
    },
    /// That it ends soon, or has ended.
    Countdown {
        /// Where on the countdown, see [`ladder::countdown`].
        step: u32,
    },
    /// That it is well again.
    Recovery,
}

/// What was told of each matter, one way.
pub type Ledger = BTreeMap<Matter, Told>;

/// The part of what was told that went one way.
#[must_use]
pub fn ledger(told: &[Told], way: Way) -> Ledger {
    told.iter().filter(|told| told.way == way).map(|told| (told.matter, told.clone())).collect()
}

/// What is to be told now. Of several steps that went by unseen it is the last one.
#[must_use]
pub fn due(now: Timestamp, facts: &Facts, sent: &Ledger) -> Vec<Notice> {
    let of = |matter| of_matter(now, standing(now, facts, matter), matter, sent.get(&matter));
    Matter::ALL.into_iter().filter_map(of).collect()
}

fn of_matter(now: Timestamp, standing: Standing, matter: Matter, told: Option<&Told>) -> Option<Notice> {
    if told.is_some_and(|told| is_claimed(now, told)) {
        return None;
    }
    match standing {
        Standing::Bad { since, after, not_before } => {
            let since = since.or_else(|| told.and_then(|told| told.since))?;
            let begin = not_before.map_or(since + after, |not_before| not_before.max(since + after));
            let number = ladder::step(now, begin)?;
            let before = told.filter(|told| told.since == Some(since)).and_then(|told| told.step);
            let telling = Telling::Step { number, first: before.is_none() };
            before.is_none_or(|before| number > before).then_some(Notice { matter, telling, since })
        }
        Standing::Ends(end) => {
            let step = ladder::countdown(now, end)?;
            let before = told.filter(|told| told.since == Some(end)).and_then(|told| told.step);
            let telling = Telling::Countdown { step };
            before.is_none_or(|before| step > before).then_some(Notice { matter, telling, since: end })
        }
        Standing::Well => {
            let told = told.filter(|told| told.told_at.is_some())?;
            Some(Notice { matter, telling: Telling::Recovery, since: told.since.or(told.told_at)? })
        }
        Standing::Muted | Standing::Over => None,
    }
}

/// Whether somebody is about to tell. A clock that went back must not make a claim last for ever.
fn is_claimed(now: Timestamp, told: &Told) -> bool {
    told.claimed_at.is_some_and(|at| now.duration_since(at).abs() < CLAIM)
}

/// What is to be written without a word to anybody: that something began of which only our memory knows when, and that
/// something is over of which nobody was told, or which is of no interest any more.
#[must_use]
pub fn upkeep(now: Timestamp, facts: &Facts, sent: &Ledger, way: Way) -> Vec<Told> {
    let of = |matter| kept(now, standing(now, facts, matter), matter, sent.get(&matter), way);
    Matter::ALL.into_iter().filter_map(of).collect()
}

fn kept(now: Timestamp, standing: Standing, matter: Matter, told: Option<&Told>, way: Way) -> Option<Told> {
    // Whoever is about to tell will write down how it went, and must find the item as it was.
    if told.is_some_and(|told| is_claimed(now, told)) {
        return None;
    }
    match standing {
        Standing::Bad { since: None, .. } if told.is_none_or(|told| told.since.is_none()) => {
            let told = told.cloned().unwrap_or_else(|| Told::nothing(matter, way));
            Some(Told { since: Some(now), step: None, ..told })
        }
        Standing::Well => closed(told.filter(|told| told.told_at.is_none())?),
        Standing::Over => closed(told?),
        // Replaced by one that lasts longer: nobody needs to hear of the old one's end.
        Standing::Ends(end) => {
            closed(told.filter(|told| told.since != Some(end) && ladder::countdown(now, end).is_none())?)
        }
        Standing::Bad { .. } | Standing::Muted => None,
    }
}

fn closed(told: &Told) -> Option<Told> {
    told.since.is_some().then(|| Told { since: None, step: None, told_at: None, claimed_at: None, ..told.clone() })
}

/// The memory of somebody who is about to tell.
#[must_use]
pub fn claim(told: &Told, notice: &Notice, now: Timestamp) -> Told {
    let same = told.since == Some(notice.since);
    let step = if same { told.step } else { None };
    Told { since: Some(notice.since), step, claimed_at: Some(now), ..told.clone() }
}

/// The memory of somebody who has told.
#[must_use]
pub fn told(claimed: &Told, notice: &Notice, now: Timestamp) -> Told {
    let claimed = Told { claimed_at: None, ..claimed.clone() };
    match notice.telling {
        Telling::Step { number: step, .. } | Telling::Countdown { step } => {
            Told { step: Some(step), told_at: Some(now), ..claimed }
        }
        Telling::Recovery => Told { since: None, step: None, told_at: None, ..claimed },
    }
}

#[cfg(test)]
mod tests;
