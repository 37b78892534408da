//! What a connection asks for, in the simulation's own words: the reference must not use the product's.

use std::collections::BTreeSet;

use rollcall_directory::identity::GroupId;
use rollcall_directory::scope::Scope;
use uuid::Uuid;

/// Who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {
    /// Everybody who is enabled.
    Everyone,
    /// Members of any of these groups, nested groups followed. Each of them is a team.
    Groups(BTreeSet<Uuid>),
}

impl Settings {
    /// The scope groups.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<Uuid> {
        match self {
            Self::Everyone => BTreeSet::new(),
            Self::Groups(groups) => groups.clone(),
        }
    }

    /// The same in the product's words.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Everyone => Scope::everyone(),
            Self::Groups(groups) => Scope::any_of(groups.iter().map(|group| GroupId(*group)).collect()),
        }
    }

    /// What a stored connection asks for.
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        let groups: BTreeSet<Uuid> = scope.roots().into_iter().map(|group| group.0).collect();
        if groups.is_empty() { Self::Everyone } else { Self::Groups(groups) }
    }
}
