//! What must be known of one person before something is taken from them.
//!
//! Every removal is asked about once more, person by person, right before it is applied.
//! "Not found" alone is no proof: Graph answers so for minutes about people who exist.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::identity::GroupId;
use crate::plan::{Loss, Removal};
use crate::scope::Scope;
use crate::user::Leaving;

/// How long a person must have been missing, from one sealed snapshot to a later one, before
/// "not found" counts as gone when no deletion record says so.
pub const ABSENCE: SignedDuration = SignedDuration::from_mins(10);

/// What Graph answers when asked about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There.
    Present {
        /// `accountEnabled`, where the answer had it.
        enabled: Option<bool>,
        /// The scope groups to which the person belongs, directly or nested, in Graph's own opinion.
        member_of: BTreeSet<GroupId>,
    },
    /// Among the deleted items, or the delta query said that the person was removed and they can't be found.
    Deleted,
    /// Not found, and no record of a deletion.
    Missing {
        /// When a sealed snapshot first lacked the person, if one did before.
        since: Option<Timestamp>,
    },
}

/// What follows from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The removal is right, and this is what is lost.
    Confirmed(Loss),
    /// The removal would be wrong.
    Refuted,
    /// Nobody can tell yet. Nothing is taken; it is asked again later.
    Unproven,
}

/// Whether a removal may be applied.
#[must_use]
pub fn examine(removal: &Removal, scope: &Scope, answer: &Answer, now: Timestamp) -> Finding {
    match removal.loss {
        Loss::Account(_) => examine_account(scope, answer, now),
        Loss::Team(team) => match answer {
            Answer::Present { member_of, .. } if member_of.contains(&team) => Finding::Refuted,
            Answer::Present { .. } => Finding::Confirmed(removal.loss),
            // Their account is the question then, not the team.
            Answer::Deleted | Answer::Missing { .. } => Finding::Unproven,
        },
        // A value is taken as read: the guard stops a blanking of many.
        Loss::Attribute(_) | Loss::Manager => Finding::Confirmed(removal.loss),
    }
}

fn examine_account(scope: &Scope, answer: &Answer, now: Timestamp) -> Finding {
    let gone = |reason| Finding::Confirmed(Loss::Account(reason));
    match answer {
        Answer::Present { enabled: None, .. } => Finding::Unproven,
        Answer::Present { enabled: Some(false), .. } => gone(Leaving::Disabled),
        Answer::Present { enabled: Some(true), member_of } => match scope {
            Scope::Groups { .. } if member_of.is_empty() => gone(Leaving::OutOfScope),
            Scope::Everyone | Scope::Groups { .. } => Finding::Refuted,
        },
        Answer::Deleted => gone(Leaving::Deleted),
        Answer::Missing { since: Some(since) } if now.duration_since(*since) >= ABSENCE => gone(Leaving::Deleted),
        Answer::Missing { .. } => Finding::Unproven,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::PersonId;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn group() -> GroupId {
        GroupId(Uuid::from_u128(5))
    }

    fn groups() -> Scope {
        Scope::Groups { groups: BTreeSet::from([group()]) }
    }

    fn account(scope: &Scope, answer: &Answer) -> Finding {
        let removal = Removal { person: PersonId(Uuid::from_u128(1)), loss: Loss::Account(Leaving::OutOfScope) };
        examine(&removal, scope, answer, NOW)
    }

    fn present(enabled: Option<bool>, member_of: &[GroupId]) -> Answer {
        Answer::Present { enabled, member_of: member_of.iter().copied().collect() }
    }

    #[test]
    fn somebody_enabled_and_in_scope_keeps_the_account() {
        assert_eq!(account(&groups(), &present(Some(true), &[group()])), Finding::Refuted);
        assert_eq!(account(&Scope::Everyone, &present(Some(true), &[])), Finding::Refuted);
    }

    #[test]
    fn the_reason_is_what_graph_says_now() {
        assert_eq!(
            account(&groups(), &present(Some(false), &[group()])),
            Finding::Confirmed(Loss::Account(Leaving::Disabled))
        );
        assert_eq!(
            account(&groups(), &present(Some(true), &[])),
            Finding::Confirmed(Loss::Account(Leaving::OutOfScope))
        );
        assert_eq!(account(&groups(), &Answer::Deleted), Finding::Confirmed(Loss::Account(Leaving::Deleted)));
    }

    #[test]
    fn not_found_alone_never_deactivates() {
        assert_eq!(account(&groups(), &Answer::Missing { since: None }), Finding::Unproven);
        let recently = NOW - SignedDuration::from_mins(9);
        assert_eq!(account(&groups(), &Answer::Missing { since: Some(recently) }), Finding::Unproven);
    }

    #[test]
    fn missing_from_two_snapshots_ten_minutes_apart_is_gone() {
        let before = NOW - SignedDuration::from_mins(10);
        let finding = account(&groups(), &Answer::Missing { since: Some(before) });
        assert_eq!(finding, Finding::Confirmed(Loss::Account(Leaving::Deleted)));
    }

    #[test]
    fn an_answer_without_account_enabled_proves_nothing() {
        assert_eq!(account(&Scope::Everyone, &present(None, &[])), Finding::Unproven);
    }

    #[test]
    fn a_team_is_left_only_if_graph_agrees() {
        let removal = Removal { person: PersonId(Uuid::from_u128(1)), loss: Loss::Team(group()) };
        assert_eq!(examine(&removal, &groups(), &present(Some(true), &[group()]), NOW), Finding::Refuted);
        assert_eq!(examine(&removal, &groups(), &present(Some(true), &[]), NOW), Finding::Confirmed(removal.loss));
        assert_eq!(examine(&removal, &groups(), &Answer::Deleted, NOW), Finding::Unproven);
    }
}
