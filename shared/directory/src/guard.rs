//! The limits on removals, and the hash by which a held plan is approved.
//!
//! Above the limits nothing is taken from anybody until a person has approved exactly that
//! set of removals. What gives is not held up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::{GroupId, PersonId};
use crate::plan::{Loss, Removal};
use crate::property::Property;
use crate::user::Leaving;

/// How much may be taken without asking, per run and over a rolling 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Up to this many people are never held up, however small the platform.
    pub people: u64,
    /// Share of the active accounts, in percent; the larger of the two limits holds.
    pub percent: u64,
    /// A group that had at least this many members and now has none is held up.
    pub emptied_group: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { people: 5, percent: 10, emptied_group: 10 }
    }
}

impl Limits {
    fn allowed(self, active: u64) -> u64 {
        self.people.max(active.saturating_mul(self.percent) / 100)
    }
}

/// People from whom something is taken, by kind. One person counts once for each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takings {
    /// People who lose their account.
    pub accounts: u64,
    /// People who lose a team and keep their account.
    pub memberships: u64,
    /// People who lose the value of an attribute, for each attribute.
    pub attributes: BTreeMap<Property, u64>,
    /// People who lose their manager.
    pub managers: u64,
    /// People who lose their e-mail address.
    pub emails: u64,
    /// People whose account is deleted.
    pub deletions: u64,
}

impl Takings {
    /// Counts removals.
    #[must_use]
    pub fn of<'a>(removals: impl IntoIterator<Item = &'a Removal>) -> Self {
        let mut takings = Self::default();
        let mut leaving_teams = BTreeSet::new();
        for removal in removals {
            match &removal.loss {
                Loss::Account(_) => takings.accounts += 1,
                Loss::Deletion => takings.deletions += 1,
                Loss::Team(_) => {
                    leaving_teams.insert(removal.person);
                }
                Loss::Attribute(property) => *takings.attributes.entry(property.clone()).or_default() += 1,
                Loss::Manager => takings.managers += 1,
                Loss::Email => takings.emails += 1,
            }
        }
        takings.memberships = leaving_teams.len() as u64;
        takings
    }

    /// Adds what another run took.
    pub fn add(&mut self, other: &Self) {
        let Self { accounts, memberships, attributes, managers, emails, deletions } = other;
        self.accounts += accounts;
        self.memberships += memberships;
        self.managers += managers;
        self.emails += emails;
        self.deletions += deletions;
        for (property, count) in attributes {
            *self.attributes.entry(property.clone()).or_default() += count;
        }
    }
}

/// What the guard needs to know beside the removals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// Active accounts before the run.
    pub active: u64,
    /// What was taken in the last 24 hours.
    pub taken_lately: Takings,
    /// Groups that lose their last member, with the number that they had.
    pub emptied: BTreeMap<GroupId, u64>,
}

/// Why removals are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Too many people would lose their account.
    Accounts {
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose a team.
    Memberships {
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose the value of an attribute.
    Attribute {
        /// Which.
        property: Property,
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose their manager.
    Managers {
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many people would lose their e-mail address.
    Emails {
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// Too many accounts would be deleted.
    Deletions {
        /// People in this run and in the last 24 hours.
        people: u64,
        /// The limit.
        allowed: u64,
    },
    /// A group of some size would have no member left.
    EmptiedGroup {
        /// Which.
        group: GroupId,
        /// How many it had.
        members: u64,
    },
}

/// May these removals be applied? An empty answer means yes.
///
/// A kind of which this run takes nothing is not held for what earlier runs took.
#[must_use]
pub fn judge(removals: &BTreeSet<Removal>, situation: &Situation, limits: Limits) -> Vec<Reason> {
    let now = Takings::of(removals);
    let lately = &situation.taken_lately;
    let allowed = limits.allowed(situation.active);
    let over = |now: u64, lately: u64| (now > 0 && now + lately > allowed).then_some(now + lately);
    let mut reasons = Vec::new();
    reasons.extend(over(now.accounts, lately.accounts).map(|people| Reason::Accounts { people, allowed }));
    reasons.extend(over(now.memberships, lately.memberships).map(|people| Reason::Memberships { people, allowed }));
    reasons.extend(over(now.managers, lately.managers).map(|people| Reason::Managers { people, allowed }));
    reasons.extend(over(now.emails, lately.emails).map(|people| Reason::Emails { people, allowed }));
    reasons.extend(over(now.deletions, lately.deletions).map(|people| Reason::Deletions { people, allowed }));
    for (property, count) in &now.attributes {
        let before = lately.attributes.get(property).copied().unwrap_or_default();
        reasons.extend(over(*count, before).map(|people| Reason::Attribute {
            property: property.clone(),
            people,
            allowed,
        }));
    }
    if !removals.is_empty() {
        let emptied = situation.emptied.iter().filter(|(_, members)| **members >= limits.emptied_group);
        reasons.extend(emptied.map(|(group, members)| Reason::EmptiedGroup { group: *group, members: *members }));
    }
    reasons
}

/// What a round of changes found, beside removals that wait for a decision already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// What nobody was asked about yet: to be judged by itself.
    pub fresh: BTreeSet<Removal>,
    /// What goes on waiting.
    pub waiting: BTreeSet<Removal>,
}

/// Puts what a round found beside what waits.
///
/// A round looks at few people, and so only of those whom it `examined` in full can it say that the directory has undone
/// what waits. What waits and is found again is not fresh: nobody loses one by one what waits for a decision.
#[must_use]
pub fn beside(waiting: &BTreeSet<Removal>, examined: &BTreeSet<PersonId>, found: BTreeSet<Removal>) -> Beside {
    let (again, fresh) = found.into_iter().partition(|removal| waiting.contains(removal));
    let mut kept: BTreeSet<Removal> = again;
    kept.extend(waiting.iter().filter(|removal| !examined.contains(&removal.person)).cloned());
    Beside { fresh, waiting: kept }
}

/// SHA-256 over a set of removals. Whoever approves, approves exactly this.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PlanHash([u8; 32]);

impl PlanHash {
    /// The hash of these removals; the order in which they were found does not matter.
    #[must_use]
    pub fn of(removals: &BTreeSet<Removal>) -> Self {
        let mut digest = Sha256::new();
        for Removal { person, loss } in removals {
            digest.update(person.0.as_bytes());
            match loss {
                Loss::Account(Leaving::OutOfScope) => digest.update(*b"account out of scope\0"),
                Loss::Account(reason) => {
                    digest.update(*b"account ");
                    digest.update(reason.word());
                    digest.update(*b"\0");
                }
                Loss::Deletion => digest.update(*b"deletion\0"),
                Loss::Team(group) => {
                    digest.update(*b"team\0");
                    digest.update(group.0.as_bytes());
                }
                Loss::Attribute(property) => {
                    digest.update(*b"attribute\0");
                    digest.update(property.name());
                    digest.update(*b"\0");
                }
                Loss::Manager => digest.update(*b"manager\0"),
                Loss::Email => digest.update(*b"email\0"),
            }
        }
        Self(digest.finalize().into())
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanHash({self})")
    }
}

/// Text that is no plan hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a plan hash is 64 hexadecimal digits")]
pub struct NotAPlanHash;

impl FromStr for PlanHash {
    type Err = NotAPlanHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAPlanHash);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2).ok_or(NotAPlanHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAPlanHash)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests;
