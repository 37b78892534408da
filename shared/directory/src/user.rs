//! Accounts as the platform has them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::{GroupId, PersonId, UserId};
use crate::property::{Attributes, Property};

/// Why an account is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// `accountEnabled` is false.
    Disabled,
    /// Deleted in the directory, recoverably or for good.
    Deleted,
    /// In the directory, but no longer in scope.
    OutOfScope,
}

/// Whether the person may use the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// They may.
    Active,
    /// They may not; the account and all that hangs on it stays.
    Inactive {
        /// Why not.
        reason: Leaving,
        /// Since when.
        since: Timestamp,
    },
}

impl Status {
    /// Whether the person may use the platform.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }
}

/// An account that Rollcall made for a person of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// Whether they may use the platform.
    pub status: Status,
    /// The attributes that have a value.
    pub attributes: Attributes,
    /// The object id of the person's manager, in scope or not.
    pub manager: Option<PersonId>,
    /// The groups in scope of which the person is a *direct* member: from them scope and teams follow
    /// without reading anybody else.
    pub groups: BTreeSet<GroupId>,
    /// The scope groups to which the person belongs, directly or nested. Each is a team.
    pub teams: BTreeSet<GroupId>,
}

impl User {
    /// The address that the platform uses: the user principal name.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.attributes.get(&Property::UserPrincipalName).map(String::as_str)
    }

    /// A short digest of everything that a sync compares.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // Destructured in full, so that a new field can't be forgotten in the comparison.
        let Self { id: _, person: _, status, attributes, manager, groups, teams } = self;
        let mut digest = Digester::default();
        match status {
            Status::Active => digest.part(b"active"),
            Status::Inactive { reason: Leaving::Disabled, since: _ } => digest.part(b"disabled"),
            Status::Inactive { reason: Leaving::Deleted, since: _ } => digest.part(b"deleted"),
            Status::Inactive { reason: Leaving::OutOfScope, since: _ } => digest.part(b"out of scope"),
        }
        for (property, value) in attributes {
            digest.part(property.name().as_bytes());
            digest.part(value.as_bytes());
        }
        digest.part(manager.map(|id| id.0.into_bytes()).as_ref().map_or(&[], |bytes| bytes.as_slice()));
        for ids in [groups, teams] {
            digest.part(&(ids.len() as u64).to_be_bytes());
            for id in ids {
                digest.part(id.0.as_bytes());
            }
        }
        digest.finish()
    }
}

/// 128 bits of SHA-256 over an account. Equal accounts have equal fingerprints, on every
/// machine and in every release that keeps the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

#[derive(Default)]
struct Digester(Sha256);

impl Digester {
    /// Each part carries its length, so that no two sequences of parts run together alike.
    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> Fingerprint {
        let mut out = [0; 16];
        out.iter_mut().zip(self.0.finalize()).for_each(|(to, from)| *to = from);
        Fingerprint(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user() -> User {
        User {
            id: UserId(Uuid::from_u128(1)),
            person: PersonId(Uuid::from_u128(2)),
            status: Status::Active,
            attributes: Attributes::from([(Property::City, "Ulm".to_owned())]),
            manager: None,
            groups: BTreeSet::from([GroupId(Uuid::from_u128(3))]),
            teams: BTreeSet::new(),
        }
    }

    #[test]
    fn a_group_is_not_mistaken_for_a_team() {
        let mut other = user();
        std::mem::swap(&mut other.groups, &mut other.teams);
        assert_ne!(user().fingerprint(), other.fingerprint());
    }

    #[test]
    fn the_fingerprint_is_the_same_on_every_machine() {
        insta::assert_debug_snapshot!(user().fingerprint().0.map(|byte| format!("{byte:02x}")).concat());
    }
}
