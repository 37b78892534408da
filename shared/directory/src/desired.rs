//! What a person's account should be: scope and rules in one place, for everybody who asks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::adoption::{ExistingId, Match};
use crate::identity::{GroupId, PersonId};
use crate::person::{Person, PersonReading, Reading};
use crate::photo::Refusal;
use crate::rules::{Profile, Required, Rules};
use crate::scope::{GroupGraph, Membership, Scope};
use crate::user::{Fingerprint, Leaving, Looks};

/// Everything by which it is decided what a person's account should be.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Who is in.
    pub scope: &'a Scope,
    /// How a person becomes an account.
    pub rules: &'a Rules,
    /// The groups that matter.
    pub graph: &'a GroupGraph,
}

/// What a person's account should be, as directory, scope and rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desired {
    /// An active account.
    Account(Box<Account>),
    /// No active account.
    Nothing(Leaving),
}

/// An account that should be active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What of the person is on it.
    pub profile: Profile,
    /// What the person lacks. Who has no account yet gets none until it is there; who has one keeps what it has.
    pub lacks: BTreeSet<Required>,
    /// The manager, in scope or not.
    pub manager: Option<PersonId>,
    /// The direct groups that matter.
    pub groups: BTreeSet<GroupId>,
    /// The groups to whose teams the person belongs.
    pub teams: BTreeSet<GroupId>,
    /// The manager in whose team the person is.
    pub reports_to: Option<PersonId>,
    /// The account that may already be theirs.
    pub matched: Option<Match>,
}

/// Why somebody in scope has no account, or one that is not as the directory says. A person must act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// Something is missing in the directory that every account must have.
    Lacks {
        /// What.
        what: BTreeSet<Required>,
    },
    /// An account that was there before may be theirs.
    Adoption {
        /// Which.
        found: Match,
    },
    /// They have left, but the account is protected.
    Protected {
        /// Why it would be inactive.
        leaving: Leaving,
    },
    /// Several people have the same e-mail address.
    SharedEmail {
        /// The address in lower case.
        email: String,
        /// All who have it.
        people: BTreeSet<PersonId>,
    },
    /// The directory does not say whether they are enabled. Nobody unknown gets an account without that word.
    EnabledUnknown,
    /// Graph fails whenever it is asked about them. Nothing is taken from them, and they are asked about again.
    Unanswered,
    /// The photo can't be kept.
    Photo {
        /// Why.
        refusal: Refusal,
    },
}

impl Policy<'_> {
    /// What the account of a person should be.
    ///
    /// `matched` says which account that was there before may be theirs; it only matters for
    /// somebody who has none of ours.
    #[must_use]
    pub fn desired<V: AsRef<str>>(
        &self,
        person: &Person<V>,
        membership: &Membership,
        matched: Option<Match>,
    ) -> Desired {
        if let Err(leaving) = self.admits(person, &membership.roots) {
            return Desired::Nothing(leaving);
        }
        let reports_to = person.manager.filter(|_| self.rules.teams.managers.is_some());
        Desired::Account(Box::new(Account {
            profile: self.rules.profile(person),
            lacks: self.rules.lacks(person),
            manager: person.manager,
            groups: membership.groups.clone(),
            teams: membership.teams.clone(),
            reports_to,
            matched,
        }))
    }

    /// What the account of somebody looks like who has one and should have one, told without making it: nobody else's
    /// account needs to be looked at. `None` where there is more to say: they should have none, or lack something.
    #[must_use]
    pub fn fingerprint<V: AsRef<str>>(&self, person: &Person<V>, membership: &Membership) -> Option<Fingerprint> {
        if self.admits(person, &membership.roots).is_err() || !self.rules.lacks(person).is_empty() {
            return None;
        }
        let looks = Looks {
            reason: None,
            attributes: person.attributes.iter().filter(|(property, _)| self.rules.attributes.keeps(property)),
            email: self.rules.email.of(&person.attributes),
            language: self.rules.language_of(person).as_deref(),
            manager: person.manager,
            reports_to: person.manager.filter(|_| self.rules.teams.managers.is_some()),
            groups: &membership.groups,
            teams: &membership.teams,
        }
        .fingerprint();
        Some(looks)
    }

    /// What somebody has to see to where a reading says nothing of whether the person is enabled, and only for that
    /// there is no account, or none that may be used. `known` is the person before.
    #[must_use]
    pub fn silence(&self, reading: &PersonReading, known: Option<&Person>, membership: &Membership) -> Option<Problem> {
        if reading.enabled != Reading::Absent {
            return None;
        }
        let is_in = |person: &Person| self.admits(person, &membership.roots).is_ok();
        let only_for_that =
            !reading.over(known).is_some_and(|person| is_in(&person)) && is_in(&reading.as_if_enabled(known));
        only_for_that.then_some(Problem::EnabledUnknown)
    }

    /// Whether somebody is in who belongs to these roots of the scope.
    ///
    /// # Errors
    /// Why they are not.
    pub fn admits<V: AsRef<str>>(&self, person: &Person<V>, member_of: &BTreeSet<GroupId>) -> Result<(), Leaving> {
        self.rules.admit(person)?;
        if self.scope.admits(person.id, member_of) { Ok(()) } else { Err(Leaving::OutOfScope) }
    }
}

impl Account {
    /// The account to link, once that is decided.
    #[must_use]
    pub fn linked(&self) -> Option<&ExistingId> {
        match &self.matched {
            Some(Match::Linked { account }) => Some(account),
            _ => None,
        }
    }

    /// Why nobody without an account gets this one yet.
    #[must_use]
    pub fn obstacle(&self) -> Option<Problem> {
        match &self.matched {
            Some(found @ (Match::Proposed { .. } | Match::Ambiguous { .. })) => {
                Some(Problem::Adoption { found: found.clone() })
            }
            _ if !self.lacks.is_empty() => Some(Problem::Lacks { what: self.lacks.clone() }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adoption::MatchBy;
    use crate::property::Property;
    use crate::rules::{DisabledAccounts, Guests, ManagerTeams};
    use uuid::Uuid;

    const GROUP: GroupId = GroupId(Uuid::from_u128(5));
    const BOSS: PersonId = PersonId(Uuid::from_u128(9));

    fn person() -> Person {
        let values = [(Property::GivenName, "Ann"), (Property::Surname, "Lee"), (Property::UserPrincipalName, "ann@x")];
        Person {
            id: PersonId(Uuid::from_u128(1)),
            enabled: true,
            attributes: values.map(|(property, value)| (property, value.to_owned())).into_iter().collect(),
            manager: Some(BOSS),
        }
    }

    fn desired(rules: &Rules, person: &Person, direct: &BTreeSet<GroupId>) -> Desired {
        let scope = Scope::any_of(BTreeSet::from([GROUP]));
        let graph = GroupGraph::new(&scope, scope.groups(), std::collections::BTreeMap::new());
        Policy { scope: &scope, rules, graph: &graph }.desired(person, &graph.membership(direct), None)
    }

    fn account(desired: Desired) -> Account {
        match desired {
            Desired::Account(account) => *account,
            Desired::Nothing(leaving) => panic!("{leaving:?}"),
        }
    }

    #[test]
    fn a_member_of_a_scope_group_gets_an_account_in_its_team() {
        let direct = BTreeSet::from([GROUP, GroupId(Uuid::from_u128(6))]);
        let account = account(desired(&Rules::default(), &person(), &direct));
        assert_eq!((account.groups, account.teams), (BTreeSet::from([GROUP]), BTreeSet::from([GROUP])));
        assert_eq!((account.manager, account.reports_to), (Some(BOSS), None));
        assert_eq!(account.lacks, BTreeSet::new());
    }

    #[test]
    fn where_managers_have_teams_a_report_is_in_one() {
        let mut rules = Rules::default();
        rules.teams.managers = Some(ManagerTeams::default());
        assert_eq!(account(desired(&rules, &person(), &BTreeSet::from([GROUP]))).reports_to, Some(BOSS));
    }

    #[test]
    fn disabled_comes_before_guest_and_guest_before_scope() {
        let rules = Rules { guests: Guests::Out, ..Rules::default() };
        let mut ann = person();
        assert_eq!(desired(&rules, &ann, &BTreeSet::new()), Desired::Nothing(Leaving::OutOfScope));
        ann.attributes.insert(Property::UserType, "Guest".to_owned());
        assert_eq!(desired(&rules, &ann, &BTreeSet::new()), Desired::Nothing(Leaving::Guest));
        ann.enabled = false;
        assert_eq!(desired(&rules, &ann, &BTreeSet::new()), Desired::Nothing(Leaving::Disabled));
    }

    #[test]
    fn silence_about_whether_somebody_in_scope_is_enabled_is_to_be_seen_to() {
        let (rules, scope) =
            (Rules { guests: Guests::Out, ..Rules::default() }, Scope::any_of(BTreeSet::from([GROUP])));
        let graph = GroupGraph::new(&scope, scope.groups(), std::collections::BTreeMap::new());
        let policy = Policy { scope: &scope, rules: &rules, graph: &graph };
        let (inside, outside) = (graph.membership(&BTreeSet::from([GROUP])), Membership::default());
        let silent = PersonReading::of(person().id);
        let disabled = Person { enabled: false, ..person() };
        for known in [None, Some(&disabled)] {
            assert_eq!(policy.silence(&silent, known, &inside), Some(Problem::EnabledUnknown));
            assert_eq!(policy.silence(&silent, known, &outside), None, "who is out needs no word");
            for said in [Reading::Is(true), Reading::Is(false), Reading::Cleared] {
                let told = PersonReading { enabled: said, ..silent.clone() };
                assert_eq!(policy.silence(&told, known, &inside), None);
            }
        }
        assert_eq!(policy.silence(&silent, Some(&person()), &inside), None, "who is active stays so");
        let lenient = Rules { disabled_accounts: DisabledAccounts::In, ..rules.clone() };
        let policy_of_all = Policy { rules: &lenient, ..policy };
        assert_eq!(
            policy_of_all.silence(&silent, Some(&disabled), &inside),
            None,
            "who is in either way needs no word"
        );
        let mut guest = silent.clone();
        guest.attributes.insert(Property::UserType, Reading::Is("Guest".to_owned()));
        assert_eq!(policy.silence(&guest, None, &inside), None, "a guest would not be let in anyway");
    }

    #[test]
    fn an_obstacle_is_named() {
        let existing = ExistingId("a".to_owned());
        let mut account = Account::default();
        assert_eq!(account.obstacle(), None);
        account.lacks.insert(Required::Email);
        assert_eq!(account.obstacle(), Some(Problem::Lacks { what: BTreeSet::from([Required::Email]) }));
        let found = Match::Proposed { account: existing.clone(), by: MatchBy::EmployeeId };
        account.matched = Some(found.clone());
        assert_eq!(account.obstacle(), Some(Problem::Adoption { found }));
        assert_eq!(account.linked(), None);
        account.matched = Some(Match::Linked { account: existing.clone() });
        assert_eq!(account.linked(), Some(&existing));
    }
}
