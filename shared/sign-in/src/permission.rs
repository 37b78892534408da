//! Which application permissions of Graph a connection needs, by what is switched on for it. Signing in alone needs none.

use rollcall_store::Connection;

/// An application permission, by its name at Microsoft Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `User.Read.All`: people, their managers, notifications about them.
    Users,
    /// `GroupMember.Read.All`: scope groups and their members.
    Members,
    /// `Group.Read.All`: notifications about groups, for which Graph takes nothing less.
    Groups,
    /// `Organization.Read.All`: the verified domains.
    Organization,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Users, Self::Members, Self::Groups, Self::Organization];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "User.Read.All",
            Self::Members => "GroupMember.Read.All",
            Self::Groups => "Group.Read.All",
            Self::Organization => "Organization.Read.All",
        }
    }

    /// The permission of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// What a connection needs.
#[must_use]
pub fn needed(connection: &Connection) -> Vec<Permission> {
    let groups = connection.rules.looks_at_groups(&connection.scope);
    let domains = connection.sign_in.as_ref().is_some_and(|sign_in| !sign_in.domains.is_empty());
    Permission::ALL
        .into_iter()
        .filter(|permission| match permission {
            Permission::Users => true,
            Permission::Members | Permission::Groups => groups,
            Permission::Organization => domains,
        })
        .collect()
}
