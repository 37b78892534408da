//! Identifiers. Each kind has a type of its own, so that one can't be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

identifier! {
    /// An Entra tenant (`tid`).
    TenantId
}
identifier! {
    /// One customer organisation's link to one tenant.
    ConnectionId
}
identifier! {
    /// A person in the directory: the object id (`oid`) of an Entra user.
    PersonId
}
identifier! {
    /// A group in the directory.
    GroupId
}
identifier! {
    /// An account on the platform.
    UserId
}
identifier! {
    /// A team on the platform.
    TeamId
}
identifier! {
    /// One execution of a sync. Version 7, so that runs sort by time.
    RunId
}
identifier! {
    /// Removals that wait for a person's decision.
    HoldId
}

/// For what a team stands. Object ids are unique in a tenant across all kinds of objects
/// (Graph, `directoryObject`), so the id alone tells teams apart too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamSource {
    /// The people in a group.
    Group(GroupId),
    /// The people who report to this one.
    Manager(PersonId),
}

impl TeamSource {
    /// The object id of the group or of the manager.
    #[must_use]
    pub const fn id(self) -> Uuid {
        match self {
            Self::Group(group) => group.0,
            Self::Manager(person) => person.0,
        }
    }
}

impl UserId {
    /// The account of a person: derived from tenant and object id, so that no retry and no
    /// second worker can make a second account for the same person.
    #[must_use]
    pub fn derive(tenant: TenantId, person: PersonId) -> Self {
        Self(Uuid::new_v5(&tenant.0, person.0.as_bytes()))
    }
}

impl TeamId {
    /// The team that stands for an object of the directory, derived as [`UserId::derive`] is.
    #[must_use]
    pub fn derive(tenant: TenantId, source: TeamSource) -> Self {
        Self(Uuid::new_v5(&tenant.0, source.id().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_always_gets_the_same_account_and_another_tenant_another() {
        let (tenant, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let person = PersonId(Uuid::from_u128(3));
        assert_eq!(UserId::derive(tenant, person), UserId::derive(tenant, person));
        assert_ne!(UserId::derive(tenant, person), UserId::derive(other, person));
    }

    #[test]
    fn the_team_of_an_object_is_always_the_same_and_another_objects_is_another() {
        let tenant = TenantId(Uuid::from_u128(1));
        let team = |source| TeamId::derive(tenant, source);
        let (sales, hr) =
            (TeamSource::Group(GroupId(Uuid::from_u128(3))), TeamSource::Group(GroupId(Uuid::from_u128(4))));
        assert_eq!((team(sales), sales.id()), (team(sales), Uuid::from_u128(3)));
        assert_ne!(team(sales), team(hr));
        let manager = TeamSource::Manager(PersonId(Uuid::from_u128(5)));
        assert_eq!(manager.id(), Uuid::from_u128(5));
        assert_ne!(team(manager), team(sales));
        assert_ne!(TeamId::derive(TenantId(Uuid::from_u128(2)), sales), team(sales));
    }

    #[test]
    fn an_identifier_is_shown_as_it_is_read() {
        let text = "0123abcd-0000-0000-0000-000000000001";
        let person: PersonId = text.parse().unwrap();
        assert_eq!((person.to_string().as_str(), format!("{person:?}").contains(text)), (text, true));
        assert!("x".parse::<PersonId>().is_err());
    }
}
