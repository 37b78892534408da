//! Who is in.

use std::collections::BTreeSet;

use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most groups of a list in a scope.
const MOST_GROUPS: usize = 200;
/// The most people of a scope.
const MOST_PEOPLE: usize = 5_000;

/// Who is to have an account. **What a change of it destroys**: everyone who is not in the new scope loses access at the
/// next run, after the guard. Preview it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Scope {
    /// Every person of the tenant whom the rules let in.
    #[schema(title = "Everyone")]
    Everyone {
        /// Object ids of groups whose members are out. None unless given. Members of a group that is added here lose access at
        /// the next run, after the guard.
        #[serde(default)]
        #[schema(value_type = Vec<Uuid>, max_items = 200, default = json!([]))]
        excluded: SomeGroups,
        /// Whether members of nested groups are members of an excluded group.
        #[serde(default)]
        #[schema(default = "followed")]
        nesting: Nesting,
    },
    /// Members of groups.
    #[schema(title = "Groups")]
    Groups {
        /// Object ids of the groups. Whoever is in none of them, or not in all where that is asked for, loses access at the next
        /// run, after the guard.
        #[schema(value_type = Vec<Uuid>, min_items = 1, max_items = 200)]
        groups: Groups,
        /// Whether members of any of them are in, or only members of all.
        #[serde(default)]
        #[schema(default = "any")]
        combine: Combine,
        /// Object ids of groups whose members are out all the same. None unless given. Members of a group that is added here
        /// lose access at the next run, after the guard.
        #[serde(default)]
        #[schema(value_type = Vec<Uuid>, max_items = 200, default = json!([]))]
        excluded: SomeGroups,
        /// Whether members of nested groups are members.
        #[serde(default)]
        #[schema(default = "followed")]
        nesting: Nesting,
    },
    /// These people and nobody else. They are kept in step; with `auto_sync` off they are imported when somebody asks.
    #[schema(title = "People")]
    People {
        /// Object ids of the people. Whoever is not among them loses access at the next run, after the guard.
        #[schema(value_type = Vec<Uuid>, min_items = 1, max_items = 5000)]
        people: People,
    },
}

/// How several scope groups are combined.
///
/// * `any`, the default: members of at least one of them are in.
/// * `all`: only members of every one of them are in. Whoever is in some only loses access at the next run, after the guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScopeCombine)]
pub(crate) enum Combine {
    /// Members of at least one of them are in.
    #[default]
    Any,
    /// Only members of every one of them are in.
    All,
}

/// Whether members of nested groups are members.
///
/// * `followed`, the default: nested groups are followed, however deep.
/// * `direct_only`: only direct members count. Whoever is in by a nested group only loses access at the next run, after the guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScopeNesting)]
pub(crate) enum Nesting {
    /// Nested groups are followed, however deep.
    #[default]
    Followed,
    /// Only direct members count.
    DirectOnly,
}

/// Object ids of 1 to 200 groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Uuid>")]
pub(crate) struct Groups(BTreeSet<Uuid>);

/// Object ids of up to 200 groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Uuid>")]
pub(crate) struct SomeGroups(BTreeSet<Uuid>);

/// Object ids of 1 to 5,000 people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Uuid>")]
pub(crate) struct People(BTreeSet<Uuid>);

impl TryFrom<Vec<Uuid>> for Groups {
    type Error = &'static str;

    fn try_from(groups: Vec<Uuid>) -> Result<Self, Self::Error> {
        let fits = (1..=MOST_GROUPS).contains(&groups.len());
        if fits { Ok(Self(groups.into_iter().collect())) } else { Err("must be 1 to 200 groups") }
    }
}

impl TryFrom<Vec<Uuid>> for SomeGroups {
    type Error = &'static str;

    fn try_from(groups: Vec<Uuid>) -> Result<Self, Self::Error> {
        let fits = groups.len() <= MOST_GROUPS;
        if fits { Ok(Self(groups.into_iter().collect())) } else { Err("must be at most 200 groups") }
    }
}

impl TryFrom<Vec<Uuid>> for People {
    type Error = &'static str;

    fn try_from(people: Vec<Uuid>) -> Result<Self, Self::Error> {
        let fits = (1..=MOST_PEOPLE).contains(&people.len());
        if fits { Ok(Self(people.into_iter().collect())) } else { Err("must be 1 to 5000 people") }
    }
}

fn groups(ids: BTreeSet<Uuid>) -> BTreeSet<GroupId> {
    ids.into_iter().map(GroupId).collect()
}

fn ids(groups: BTreeSet<GroupId>) -> BTreeSet<Uuid> {
    groups.into_iter().map(|group| group.0).collect()
}

impl From<Scope> for scope::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Everyone { excluded, nesting } => {
                Self::Everyone { excluded: groups(excluded.0), nesting: nesting.into() }
            }
            Scope::Groups { groups: named, combine, excluded, nesting } => Self::Groups {
                groups: groups(named.0),
                combine: combine.into(),
                excluded: groups(excluded.0),
                nesting: nesting.into(),
            },
            Scope::People { people } => Self::People { people: people.0.into_iter().map(PersonId).collect() },
        }
    }
}

impl From<scope::Scope> for Scope {
    fn from(scope: scope::Scope) -> Self {
        match scope {
            scope::Scope::Everyone { excluded, nesting } => {
                Self::Everyone { excluded: SomeGroups(ids(excluded)), nesting: nesting.into() }
            }
            scope::Scope::Groups { groups, combine, excluded, nesting } => Self::Groups {
                groups: Groups(ids(groups)),
                combine: combine.into(),
                excluded: SomeGroups(ids(excluded)),
                nesting: nesting.into(),
            },
            scope::Scope::People { people } => {
                Self::People { people: People(people.into_iter().map(|person| person.0).collect()) }
            }
        }
    }
}

impl From<Combine> for scope::Combine {
    fn from(combine: Combine) -> Self {
        match combine {
            Combine::Any => Self::Any,
            Combine::All => Self::All,
        }
    }
}

impl From<scope::Combine> for Combine {
    fn from(combine: scope::Combine) -> Self {
        match combine {
            scope::Combine::Any => Self::Any,
            scope::Combine::All => Self::All,
        }
    }
}

impl From<Nesting> for scope::Nesting {
    fn from(nesting: Nesting) -> Self {
        match nesting {
            Nesting::Followed => Self::Followed,
            Nesting::DirectOnly => Self::DirectOnly,
        }
    }
}

impl From<scope::Nesting> for Nesting {
    fn from(nesting: scope::Nesting) -> Self {
        match nesting {
            scope::Nesting::Followed => Self::Followed,
            scope::Nesting::DirectOnly => Self::DirectOnly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: Uuid = Uuid::from_u128(1);

    fn read(value: Value) -> Result<Scope, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn what_is_left_out_has_its_default_and_every_option_comes_back() {
        assert_eq!(scope::Scope::from(read(json!({"type": "everyone"})).unwrap()), scope::Scope::everyone());
        let some = read(json!({"type": "groups", "groups": [ID]})).unwrap();
        assert_eq!(scope::Scope::from(some), scope::Scope::any_of(BTreeSet::from([GroupId(ID)])));
        for whole in [
            json!({"type": "everyone", "excluded": [ID], "nesting": "direct_only"}),
            json!({"type": "groups", "groups": [ID], "combine": "all", "excluded": [Uuid::nil()], "nesting": "direct_only"}),
            json!({"type": "people", "people": [ID]}),
        ] {
            let core = scope::Scope::from(read(whole.clone()).unwrap());
            assert_eq!(serde_json::to_value(Scope::from(core)).unwrap(), whole);
        }
    }

    #[test]
    fn too_many_too_few_and_unknown_are_refused() {
        let many = |count: usize| vec![ID; count];
        assert!(read(json!({"type": "people", "people": many(5_000)})).is_ok());
        for bad in [
            json!({"type": "people", "people": []}),
            json!({"type": "people", "people": many(5_001)}),
            json!({"type": "people", "people": [ID], "excluded": []}),
            json!({"type": "groups", "groups": [ID], "excluded": many(201)}),
            json!({"type": "groups", "groups": [ID], "combine": "some"}),
            json!({"type": "everyone", "groups": [ID]}),
            json!({"type": "everyone", "nesting": null}),
        ] {
            assert!(read(bad.clone()).is_err(), "{}", bad["type"]);
        }
    }
}
