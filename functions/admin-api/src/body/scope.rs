//! Who is in.

use std::collections::BTreeSet;

use rollcall_directory::identity::GroupId;
use rollcall_directory::scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most groups of a scope.
const MOST_GROUPS: usize = 200;

/// Who is to have an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Scope {
    /// Every enabled person of the tenant.
    #[schema(title = "Everyone")]
    Everyone {},
    /// Members of any of these groups, nested groups followed.
    #[schema(title = "Groups")]
    Groups {
        /// Object ids of the groups.
        #[schema(value_type = Vec<Uuid>, min_items = 1, max_items = 200)]
        groups: Groups,
    },
}

/// Object ids of 1 to 200 groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Uuid>")]
pub(crate) struct Groups(BTreeSet<Uuid>);

impl TryFrom<Vec<Uuid>> for Groups {
    type Error = &'static str;

    fn try_from(groups: Vec<Uuid>) -> Result<Self, Self::Error> {
        let fits = (1..=MOST_GROUPS).contains(&groups.len());
        if fits { Ok(Self(groups.into_iter().collect())) } else { Err("must be 1 to 200 groups") }
    }
}

impl From<Scope> for scope::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Everyone {} => Self::Everyone,
            Scope::Groups { groups: Groups(groups) } => {
                Self::Groups { groups: groups.into_iter().map(GroupId).collect() }
            }
        }
    }
}

impl From<scope::Scope> for Scope {
    fn from(scope: scope::Scope) -> Self {
        match scope {
            scope::Scope::Everyone => Self::Everyone {},
            scope::Scope::Groups { groups } => {
                Self::Groups { groups: Groups(groups.into_iter().map(|group| group.0).collect()) }
            }
        }
    }
}
