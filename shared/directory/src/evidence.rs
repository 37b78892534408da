//! What must be known of one person before something is taken from them.
//!
//! Every removal is asked about once more, person by person, right before it is applied.
//! "Not found" alone is no proof: Graph answers so for minutes about people who exist.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::desired::Policy;
use crate::identity::GroupId;
use crate::plan::{Loss, Removal};
use crate::rules::{DisabledAccounts, Guests};
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
        /// Whether it is a guest, where the answer tells.
        guest: Option<bool>,
        /// The roots of the scope, and the groups in question, to which the person belongs, in Graph's own opinion.
        member_of: BTreeSet<GroupId>,
    },
    /// One answer shows the person, and the other does not know them: their groups are not known.
    Contradictory,
    /// Graph fails whenever it is asked about this person.
    Unanswered,
    /// Among the deleted items, or the delta query said that the person was removed and they can't be found.
    Deleted,
    /// Not found, and no record of a deletion.
    Missing {
        /// When a sealed snapshot first lacked the person, if one did before.
        since: Option<Timestamp>,
    },
}

/// What follows from the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub fn examine(removal: &Removal, policy: &Policy<'_>, answer: &Answer, now: Timestamp) -> Finding {
    match &removal.loss {
        Loss::Account(_) => match gone(removal, policy, answer, now) {
            Ok(Some(leaving)) => Finding::Confirmed(Loss::Account(leaving)),
            Ok(None) => Finding::Refuted,
            Err(Unknown) => Finding::Unproven,
        },
        // The account has been inactive for the whole grace. Not found without a record is what is
        // left of a directory user thirty days after the deletion.
        Loss::Deletion => match (answer, gone(removal, policy, answer, now)) {
            (Answer::Deleted | Answer::Missing { .. }, _) | (_, Ok(Some(_))) => Finding::Confirmed(Loss::Deletion),
            (_, Ok(None)) => Finding::Refuted,
            (_, Err(Unknown)) => Finding::Unproven,
        },
        // A group that is no team any more has no members to lose.
        Loss::Team(team) if !policy.graph.team_groups().contains(team) => Finding::Confirmed(removal.loss.clone()),
        Loss::Team(team) => match answer {
            Answer::Present { member_of, .. } if member_of.contains(team) => Finding::Refuted,
            Answer::Present { .. } => Finding::Confirmed(removal.loss.clone()),
            // Their account is the question then, not the team.
            Answer::Contradictory | Answer::Unanswered | Answer::Deleted | Answer::Missing { .. } => Finding::Unproven,
        },
        // A value is taken as read: the guard stops a blanking of many.
        Loss::Attribute(_) | Loss::Manager | Loss::Email => Finding::Confirmed(removal.loss.clone()),
    }
}

/// People about whom Graph may fail to answer at a time before that is trouble of Graph, and not of these people.
const FAILURES: usize = 20;

/// Whether it is a matter of these people alone that Graph `failed` to answer about so many of those `asked` for.
///
/// A record that Graph can't read must hold up nobody else. When Graph itself is in trouble it fails for most.
#[must_use]
pub const fn is_their_own_trouble(asked: usize, failed: usize) -> bool {
    failed <= FAILURES || failed * 2 <= asked
}

struct Unknown;

/// Why somebody should have no active account, if they should not.
fn gone(removal: &Removal, policy: &Policy<'_>, answer: &Answer, now: Timestamp) -> Result<Option<Leaving>, Unknown> {
    let (enabled, guest, member_of) = match answer {
        Answer::Present { enabled, guest, member_of } => (enabled, guest, member_of),
        Answer::Deleted => return Ok(Some(Leaving::Deleted)),
        Answer::Missing { since: Some(since) } if now.duration_since(*since) >= ABSENCE => {
            return Ok(Some(Leaving::Deleted));
        }
        Answer::Contradictory | Answer::Unanswered | Answer::Missing { .. } => return Err(Unknown),
    };
    if policy.rules.disabled_accounts == DisabledAccounts::Out && !enabled.ok_or(Unknown)? {
        return Ok(Some(Leaving::Disabled));
    }
    if policy.rules.guests == Guests::Out && guest.ok_or(Unknown)? {
        return Ok(Some(Leaving::Guest));
    }
    Ok((!policy.scope.admits(removal.person, member_of)).then_some(Leaving::OutOfScope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::PersonId;
    use crate::rules::Rules;
    use crate::scope::{GroupGraph, Scope};
    use std::collections::BTreeMap;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const ANN: PersonId = PersonId(Uuid::from_u128(1));

    fn group() -> GroupId {
        GroupId(Uuid::from_u128(5))
    }

    fn groups() -> Scope {
        Scope::any_of(BTreeSet::from([group()]))
    }

    fn asked(loss: Loss, scope: &Scope, rules: &Rules, answer: &Answer) -> Finding {
        let graph = GroupGraph::new(scope, scope.groups(), BTreeMap::new());
        examine(&Removal { person: ANN, loss }, &Policy { scope, rules, graph: &graph }, answer, NOW)
    }

    fn account(scope: &Scope, answer: &Answer) -> Finding {
        asked(Loss::Account(Leaving::OutOfScope), scope, &Rules::default(), answer)
    }

    fn present(enabled: Option<bool>, member_of: &[GroupId]) -> Answer {
        Answer::Present { enabled, guest: None, member_of: member_of.iter().copied().collect() }
    }

    fn confirmed(leaving: Leaving) -> Finding {
        Finding::Confirmed(Loss::Account(leaving))
    }

    #[test]
    fn somebody_enabled_and_in_scope_keeps_the_account() {
        assert_eq!(account(&groups(), &present(Some(true), &[group()])), Finding::Refuted);
        assert_eq!(account(&Scope::everyone(), &present(Some(true), &[])), Finding::Refuted);
        let chosen = Scope::People { people: BTreeSet::from([ANN]) };
        assert_eq!(account(&chosen, &present(Some(true), &[])), Finding::Refuted);
    }

    #[test]
    fn who_is_there_with_unknown_groups_or_is_not_told_of_keeps_everything() {
        for answer in [Answer::Contradictory, Answer::Unanswered] {
            assert_eq!(account(&groups(), &answer), Finding::Unproven);
            for loss in [Loss::Team(group()), Loss::Deletion] {
                assert_eq!(asked(loss, &groups(), &Rules::default(), &answer), Finding::Unproven);
            }
        }
    }

    #[test]
    fn few_failures_are_those_peoples_own_trouble_and_many_are_graphs() {
        assert!(is_their_own_trouble(1, 1) && is_their_own_trouble(20, 20));
        assert!(!is_their_own_trouble(21, 21) && !is_their_own_trouble(41, 21));
        assert!(is_their_own_trouble(42, 21) && is_their_own_trouble(1_000, 500));
    }

    #[test]
    fn the_reason_is_what_graph_says_now() {
        assert_eq!(account(&groups(), &present(Some(false), &[group()])), confirmed(Leaving::Disabled));
        assert_eq!(account(&groups(), &present(Some(true), &[])), confirmed(Leaving::OutOfScope));
        assert_eq!(account(&groups(), &Answer::Deleted), confirmed(Leaving::Deleted));
    }

    #[test]
    fn a_guest_goes_only_where_guests_are_out_and_only_if_the_answer_tells() {
        let rules = Rules { guests: Guests::Out, ..Rules::default() };
        let guest = |guest| Answer::Present { enabled: Some(true), guest, member_of: BTreeSet::from([group()]) };
        let ask = |rules: &Rules, answer: &Answer| asked(Loss::Account(Leaving::Guest), &groups(), rules, answer);
        assert_eq!(ask(&rules, &guest(Some(true))), confirmed(Leaving::Guest));
        assert_eq!(ask(&rules, &guest(Some(false))), Finding::Refuted);
        assert_eq!(ask(&rules, &guest(None)), Finding::Unproven);
        assert_eq!(ask(&Rules::default(), &guest(Some(true))), Finding::Refuted);
    }

    #[test]
    fn where_disabled_accounts_are_in_nobody_goes_for_that() {
        let rules = Rules { disabled_accounts: DisabledAccounts::In, ..Rules::default() };
        for enabled in [None, Some(false)] {
            let answer = present(enabled, &[group()]);
            assert_eq!(asked(Loss::Account(Leaving::Disabled), &groups(), &rules, &answer), Finding::Refuted);
        }
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
        assert_eq!(account(&groups(), &Answer::Missing { since: Some(before) }), confirmed(Leaving::Deleted));
    }

    #[test]
    fn an_answer_without_account_enabled_proves_nothing() {
        assert_eq!(account(&Scope::everyone(), &present(None, &[])), Finding::Unproven);
        assert_eq!(asked(Loss::Deletion, &groups(), &Rules::default(), &present(None, &[])), Finding::Unproven);
    }

    #[test]
    fn a_team_is_left_only_if_graph_agrees() {
        let team = |answer: &Answer| asked(Loss::Team(group()), &groups(), &Rules::default(), answer);
        assert_eq!(team(&present(Some(true), &[group()])), Finding::Refuted);
        assert_eq!(team(&present(Some(true), &[])), Finding::Confirmed(Loss::Team(group())));
        assert_eq!(team(&Answer::Deleted), Finding::Unproven);
        assert_eq!(team(&Answer::Missing { since: None }), Finding::Unproven);
    }

    #[test]
    fn a_group_that_is_no_team_any_more_has_no_members() {
        let other = GroupId(Uuid::from_u128(6));
        let answer = present(Some(true), &[group(), other]);
        assert_eq!(
            asked(Loss::Team(other), &groups(), &Rules::default(), &answer),
            Finding::Confirmed(Loss::Team(other))
        );
    }

    #[test]
    fn who_is_back_is_not_deleted() {
        let ask = |answer: &Answer| asked(Loss::Deletion, &groups(), &Rules::default(), answer);
        assert_eq!(ask(&present(Some(true), &[group()])), Finding::Refuted);
        for answer in [present(Some(false), &[group()]), Answer::Deleted, Answer::Missing { since: None }] {
            assert_eq!(ask(&answer), Finding::Confirmed(Loss::Deletion), "{answer:?}");
        }
    }

    #[test]
    fn a_value_is_taken_as_read() {
        for loss in [Loss::Manager, Loss::Email, Loss::Attribute(crate::property::Property::City)] {
            let finding = asked(loss.clone(), &groups(), &Rules::default(), &Answer::Missing { since: None });
            assert_eq!(finding, Finding::Confirmed(loss));
        }
    }
}
