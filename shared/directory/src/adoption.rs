//! Accounts that were on the platform before: whose are they?
//!
//! **Nothing is ever linked by itself.** A match is a proposal that a person decides. Until then
//! no second account is made for the person, and the account that is there is not touched.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::identity::PersonId;
use crate::person::Person;
use crate::property::Property;

/// By what an account that is already there is found to be somebody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adoption {
    /// In this order; the first that finds something holds. Empty: nothing is looked for.
    pub by: Vec<MatchBy>,
}

/// A property that both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchBy {
    /// `employeeId`
    EmployeeId,
    /// `userPrincipalName`, in a verified domain of the tenant.
    UserPrincipalName,
    /// `mail`, in a verified domain of the tenant: whoever can set it can't claim a stranger's account.
    Mail,
}

impl MatchBy {
    const fn property(self) -> Property {
        match self {
            Self::EmployeeId => Property::EmployeeId,
            Self::UserPrincipalName => Property::UserPrincipalName,
            Self::Mail => Property::Mail,
        }
    }
}

impl Adoption {
    /// What must be known of a person.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Property> + '_ {
        self.by.iter().map(|by| by.property())
    }
}

/// The platform's own name for an account that was there before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExistingId(pub String);

/// An account that was on the platform before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Existing {
    /// The platform's name for it.
    pub id: ExistingId,
    /// The employee id, if the platform knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<String>,
    /// The e-mail address or user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Never deactivated, whatever the directory says.
    #[serde(default)]
    pub protected: bool,
    /// What was decided.
    #[serde(default)]
    pub decision: Decision,
}

/// What a person decided about an account that was there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Decision {
    /// Nothing yet.
    #[default]
    Open,
    /// It belongs to this person of the directory.
    Linked {
        /// Whose it is.
        person: PersonId,
    },
    /// It belongs to nobody of the directory. It is never proposed again.
    Apart,
}

/// What is known about whose account is whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum Match {
    /// This account, as a person has decided.
    Linked {
        /// Which.
        account: ExistingId,
    },
    /// It looks like this one. A person must decide.
    Proposed {
        /// Which.
        account: ExistingId,
        /// By what it was found.
        by: MatchBy,
    },
    /// Several look alike. A person must decide.
    Ambiguous {
        /// Which.
        accounts: BTreeSet<ExistingId>,
        /// By what they were found.
        by: MatchBy,
    },
}

/// Accounts that were there before, to be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExistingAccounts {
    linked: BTreeMap<PersonId, (ExistingId, bool)>,
    open: BTreeMap<(MatchBy, String), BTreeSet<ExistingId>>,
    order: Vec<MatchBy>,
    domains: BTreeSet<String>,
}

impl ExistingAccounts {
    /// Accounts, the rule by which they are searched, and the verified domains of the tenant.
    #[must_use]
    pub fn new(
        accounts: impl IntoIterator<Item = Existing>,
        rule: &Adoption,
        domains: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut all = Self {
            order: rule.by.clone(),
            domains: domains.into_iter().map(|domain| domain.to_lowercase()).collect(),
            ..Self::default()
        };
        for account in accounts {
            match account.decision {
                Decision::Linked { person } => drop(all.linked.insert(person, (account.id, account.protected))),
                Decision::Open => all.add_open(&account),
                Decision::Apart => {}
            }
        }
        all
    }

    fn add_open(&mut self, account: &Existing) {
        for by in self.order.clone() {
            let value = match by {
                MatchBy::EmployeeId => account.employee_id.as_deref(),
                MatchBy::UserPrincipalName | MatchBy::Mail => account.email.as_deref(),
            };
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                self.open.entry((by, value.to_lowercase())).or_default().insert(account.id.clone());
            }
        }
    }

    /// Whether nothing needs to be searched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.linked.is_empty() && self.open.is_empty()
    }

    /// Whether the account that is linked to a person is protected.
    #[must_use]
    pub fn protects(&self, person: PersonId) -> bool {
        self.linked.get(&person).is_some_and(|(_, protected)| *protected)
    }

    /// Which account is this person's.
    #[must_use]
    pub fn find<V: AsRef<str>>(&self, person: &Person<V>) -> Option<Match> {
        if let Some((account, _)) = self.linked.get(&person.id) {
            return Some(Match::Linked { account: account.clone() });
        }
        self.order.iter().find_map(|by| {
            let value = person.attributes.get(&by.property())?.as_ref().to_lowercase();
            if *by != MatchBy::EmployeeId && !self.is_verified(&value) {
                return None;
            }
            let found = self.open.get(&(*by, value))?;
            match found.first() {
                Some(account) if found.len() == 1 => Some(Match::Proposed { account: account.clone(), by: *by }),
                _ => Some(Match::Ambiguous { accounts: found.clone(), by: *by }),
            }
        })
    }

    fn is_verified(&self, address: &str) -> bool {
        address.rsplit_once('@').is_some_and(|(_, domain)| self.domains.contains(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANN: PersonId = PersonId(Uuid::from_u128(1));

    fn ann() -> Person {
        Person {
            id: ANN,
            enabled: true,
            attributes: [
                (Property::EmployeeId, "E7"),
                (Property::UserPrincipalName, "Ann@acme.example"),
                (Property::Mail, "ann@elsewhere.example"),
            ]
            .map(|(property, value)| (property, value.to_owned()))
            .into_iter()
            .collect(),
            manager: None,
        }
    }

    fn account(id: &str, employee: Option<&str>, email: Option<&str>) -> Existing {
        Existing {
            id: ExistingId(id.to_owned()),
            employee_id: employee.map(str::to_owned),
            email: email.map(str::to_owned),
            protected: false,
            decision: Decision::Open,
        }
    }

    fn find(accounts: Vec<Existing>, by: &[MatchBy]) -> Option<Match> {
        ExistingAccounts::new(accounts, &Adoption { by: by.to_vec() }, ["ACME.example".to_owned()]).find(&ann())
    }

    #[test]
    fn without_a_rule_nobody_is_matched() {
        assert_eq!(find(vec![account("a", Some("E7"), None)], &[]), None);
    }

    #[test]
    fn one_account_is_proposed_and_never_linked_by_itself() {
        let account_a = ExistingId("a".to_owned());
        assert_eq!(
            find(vec![account("a", Some("e7"), None)], &[MatchBy::EmployeeId]),
            Some(Match::Proposed { account: account_a.clone(), by: MatchBy::EmployeeId })
        );
        assert_eq!(
            find(
                vec![account("a", None, Some("ANN@acme.example"))],
                &[MatchBy::EmployeeId, MatchBy::UserPrincipalName]
            ),
            Some(Match::Proposed { account: account_a, by: MatchBy::UserPrincipalName })
        );
    }

    #[test]
    fn an_address_outside_of_the_verified_domains_matches_nobody() {
        assert_eq!(find(vec![account("a", None, Some("ann@elsewhere.example"))], &[MatchBy::Mail]), None);
    }

    #[test]
    fn two_that_look_alike_are_ambiguous() {
        let accounts = vec![account("a", Some("E7"), None), account("b", Some("E7"), None)];
        let both = BTreeSet::from([ExistingId("a".to_owned()), ExistingId("b".to_owned())]);
        assert_eq!(
            find(accounts, &[MatchBy::EmployeeId]),
            Some(Match::Ambiguous { accounts: both, by: MatchBy::EmployeeId })
        );
    }

    #[test]
    fn a_decision_is_remembered() {
        let apart = Existing { decision: Decision::Apart, ..account("a", Some("E7"), None) };
        assert_eq!(find(vec![apart], &[MatchBy::EmployeeId]), None);
        let linked =
            Existing { decision: Decision::Linked { person: ANN }, protected: true, ..account("b", None, None) };
        let accounts = ExistingAccounts::new([linked], &Adoption::default(), []);
        assert!(!accounts.is_empty() && accounts.protects(ANN));
        assert!(!accounts.protects(PersonId(Uuid::from_u128(2))));
        assert_eq!(accounts.find(&ann()), Some(Match::Linked { account: ExistingId("b".to_owned()) }));
        assert!(ExistingAccounts::default().is_empty());
    }
}
