//! Accounts and team members as the table has them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, UserId};
use rollcall_directory::property::{Attributes, Property};
use rollcall_directory::user::{Fingerprint, Leaving, Status, User};
use serde::{Deserialize, Serialize};

use crate::commit::UserWrite;
use crate::error::Error;
use crate::item::{VERSION, binary, from_item, number, read_binary, read_id, read_text, text, to_item};
use crate::keys::{Item, Key, Shard};
use crate::table::Condition;
use crate::write::{Change, Write};

const KIND: &str = "user";
/// Attributes that an account may have or not.
const OPTIONAL: &[&str] = &["reason", "since", "manager"];

/// An account with the times of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// The account.
    pub user: User,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a full run compares with, for each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Whose account.
    pub person: PersonId,
    /// Digest of the account as it was written.
    pub fingerprint: Fingerprint,
    /// Whether they may use the platform.
    pub active: bool,
}

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(rename = "sk")]
    person: PersonId,
    id: UserId,
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Leaving>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// By name, so that a property of a newer version is no error.
    attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manager: Option<PersonId>,
    groups: BTreeSet<GroupId>,
    teams: BTreeSet<GroupId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    Inactive,
}

impl Row {
    fn of(user: &User, now: Timestamp) -> Self {
        let User { id, person, status, attributes, manager, groups, teams } = user.clone();
        let (state, reason, since) = match status {
            Status::Active => (State::Active, None, None),
            Status::Inactive { reason, since } => (State::Inactive, Some(reason), Some(since)),
        };
        let attributes = attributes.into_iter().map(|(property, value)| (property.name().to_owned(), value)).collect();
        Self { person, id, state, reason, since, attributes, manager, groups, teams, created_at: now, updated_at: now }
    }

    fn user(self) -> Result<StoredUser, Error> {
        let Self { person, id, state, reason, since, attributes, manager, groups, teams, created_at, updated_at } =
            self;
        let status = match (state, reason, since) {
            (State::Active, _, _) => Status::Active,
            (State::Inactive, Some(reason), Some(since)) => Status::Inactive { reason, since },
            (State::Inactive, _, _) => {
                return Err(Error::Corrupt { item: KIND, what: "inactive without a reason".to_owned() });
            }
        };
        let attributes: Attributes = attributes
            .into_iter()
            .filter_map(|(name, value)| Property::from_name(&name).map(|property| (property, value)))
            .collect();
        let user = User { id, person, status, attributes, manager, groups, teams };
        Ok(StoredUser { user, created_at, updated_at })
    }
}

/// The writes that make or change an account, with its team members.
///
/// An account is written only where it still is as it was read: the fence keeps other workers
/// out, this keeps out a plan made from an old reading.
pub(crate) fn writes(connection: ConnectionId, write: &UserWrite, now: Timestamp) -> Result<Vec<Write>, Error> {
    let UserWrite { before, after, taken: _ } = write;
    let shard = Shard::of(after.id);
    let key = Key::user(connection, shard, after.person);
    let mut item = to_item(KIND, &key, &Row::of(after, now))?;
    item.insert("fp".to_owned(), binary(after.fingerprint().0));
    item.insert("teams_digest".to_owned(), digest(&after.teams));
    let account = match before {
        None => {
            let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
            Write::Put { kind: KIND, item, condition: Some(condition) }
        }
        Some(before) => {
            item.remove("created_at");
            let change = Change::set(KIND, key, item, OPTIONAL)
                .require("state", text(state_word(before.status.is_active())))
                .require("teams_digest", digest(&before.teams));
            Write::Update(change)
        }
    };
    let (old, new) = (before.as_ref().map(roster).unwrap_or_default(), roster(after));
    let joined = new.difference(&old).map(|team| join(connection, *team, shard, after.person));
    let left = old.difference(&new).map(|team| Write::Delete(Key::member(connection, *team, shard, after.person)));
    Ok(std::iter::once(account).chain(joined).chain(left).collect())
}

/// A digest of teams, for comparison in a condition. Not the fingerprint: that one is of a
/// release, and an account that an older release wrote must still be found as it was read.
fn digest(teams: &BTreeSet<GroupId>) -> AttributeValue {
    let ids: Vec<u8> = teams.iter().flat_map(|team| *team.0.as_bytes()).collect();
    binary(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &ids).as_ref())
}

/// The teams in which an account shows: none while it is inactive.
pub(crate) fn roster(user: &User) -> BTreeSet<GroupId> {
    if user.status.is_active() { user.teams.clone() } else { BTreeSet::new() }
}

fn join(connection: ConnectionId, team: GroupId, shard: Shard, person: PersonId) -> Write {
    let mut item = Key::member(connection, team, shard, person).item();
    item.insert("v".to_owned(), number(VERSION));
    Write::Put { kind: "member", item, condition: None }
}

/// An account of an item.
pub(crate) fn read(item: Item) -> Result<StoredUser, Error> {
    from_item::<Row>(KIND, item)?.user()
}

/// The attributes that [`index_entry`] needs.
pub(crate) const INDEX: &str = "sk, fp, #state, v";

/// An entry of the index from a projected item. By hand, because there are very many of them.
pub(crate) fn index_entry(item: &Item) -> Result<IndexEntry, Error> {
    crate::item::check_version(KIND, item)?;
    let digest = read_binary(KIND, item, "fp")?;
    let digest =
        digest.try_into().map_err(|_| Error::Corrupt { item: KIND, what: "fp has not 16 bytes".to_owned() })?;
    Ok(IndexEntry {
        person: read_id(KIND, item, "sk", "")?,
        fingerprint: Fingerprint(digest),
        active: read_text(KIND, item, "state")? == "active",
    })
}

/// The stored word for active or not.
pub(crate) const fn state_word(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}

#[cfg(test)]
pub(crate) use tests::any_user;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(9));
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn any_id() -> impl Strategy<Value = Uuid> {
        any::<u128>().prop_map(Uuid::from_u128)
    }

    fn any_groups() -> impl Strategy<Value = BTreeSet<GroupId>> {
        proptest::collection::btree_set((0u128..6).prop_map(|number| GroupId(Uuid::from_u128(number))), 0..5)
    }

    fn any_status() -> impl Strategy<Value = Status> {
        let reasons = proptest::sample::select(&[Leaving::Disabled, Leaving::Deleted, Leaving::OutOfScope][..]);
        prop_oneof![
            Just(Status::Active),
            (reasons, 0i64..4_000_000_000).prop_map(|(reason, second)| Status::Inactive {
                reason,
                since: Timestamp::from_second(second).unwrap()
            }),
        ]
    }

    pub(crate) fn any_user() -> impl Strategy<Value = User> {
        let attributes = proptest::collection::btree_map(proptest::sample::select(Property::ALL), ".{0,12}", 0..6);
        let ids = (any_id(), any_id(), proptest::option::of(any_id()));
        (ids, any_status(), attributes, any_groups(), any_groups()).prop_map(
            |((id, person, manager), status, attributes, groups, teams)| User {
                id: UserId(id),
                person: PersonId(person),
                status,
                attributes,
                manager: manager.map(PersonId),
                groups,
                teams,
            },
        )
    }

    fn item(user: &User) -> Item {
        let write = UserWrite { before: None, after: user.clone(), taken: Vec::new() };
        match writes(CONNECTION, &write, NOW).unwrap().swap_remove(0) {
            Write::Put { item, .. } => item,
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn an_account_comes_back_as_it_was_written(user in any_user()) {
            let stored = read(item(&user)).unwrap();
            prop_assert_eq!(&stored.user, &user);
            let entry = index_entry(&item(&user)).unwrap();
            prop_assert_eq!(entry.fingerprint, user.fingerprint());
            prop_assert_eq!((entry.person, entry.active), (user.person, user.status.is_active()));
        }

        #[test]
        fn a_team_has_a_member_row_for_each_active_account_in_it(before in any_user(), after in any_user()) {
            let before = User { id: after.id, person: after.person, ..before };
            let writes = writes(CONNECTION, &UserWrite { before: Some(before.clone()), after: after.clone(), taken: vec![] }, NOW).unwrap();
            let mut rows = roster(&before);
            let shard = Shard::of(after.id);
            for team in (0u128..6).map(|number| GroupId(Uuid::from_u128(number))) {
                let key = Key::member(CONNECTION, team, shard, after.person);
                for write in &writes {
                    match write {
                        Write::Put { item, .. } if item["pk"] == text(&key.pk) => prop_assert!(rows.insert(team)),
                        Write::Delete(deleted) if *deleted == key => prop_assert!(rows.remove(&team)),
                        _ => {}
                    }
                }
            }
            prop_assert_eq!(rows, roster(&after));
        }
    }

    #[test]
    fn a_property_of_a_newer_version_is_left_alone() {
        let user = User {
            id: UserId(Uuid::from_u128(1)),
            person: PersonId(Uuid::from_u128(2)),
            status: Status::Active,
            attributes: Attributes::new(),
            manager: None,
            groups: BTreeSet::new(),
            teams: BTreeSet::new(),
        };
        let mut item = item(&user);
        let novel = std::collections::HashMap::from([("favouriteColour".to_owned(), text("green"))]);
        item.insert("attributes".to_owned(), AttributeValue::M(novel));
        assert_eq!(read(item).unwrap().user, user);
    }
}
