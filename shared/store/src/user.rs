//! Accounts and team members as the table has them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rollcall_directory::adoption::ExistingId;
use rollcall_directory::identity::{ConnectionId, GroupId, PersonId, TeamSource, UserId};
use rollcall_directory::photo::Photo;
use rollcall_directory::property::Property;
use rollcall_directory::user::{AddressDigest, Fingerprint, Leaving, Status, User};
use serde::Deserialize;

use crate::commit::UserWrite;
use crate::error::Error;
use crate::item::{VERSION, binary, from_item, number, read_binary, read_id, text, within_limit};
use crate::keys::{Item, Key, Shard};
use crate::table::Condition;
use crate::wire::{Attribute, ItemText};
use crate::write::{Change, Write};

const KIND: &str = "user";
/// Attributes that an account may have or not.
const OPTIONAL: &[&str] = &["reason", "since", "manager", "email", "language", "reports_to", "linked"];

/// An account with the times of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// The account.
    pub user: User,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What is known of the photo.
    pub photo: Option<Photo>,
    /// How often the person was signed out everywhere. A session of before is dead.
    pub sign_outs: u64,
}

/// What a full run compares with, for each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Whose account.
    pub person: PersonId,
    /// Digest of the account as it was written.
    pub fingerprint: Fingerprint,
    /// Since when they may not use the platform, if they may not.
    pub inactive_since: Option<Timestamp>,
    /// Whether the account is never deactivated.
    pub protected: bool,
    /// The manager in whose team the person is.
    pub reports_to: Option<PersonId>,
    /// A digest of the address of an active account.
    pub address: Option<AddressDigest>,
}

impl IndexEntry {
    /// Whether they may use the platform.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.inactive_since.is_none()
    }
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "sk")]
    person: PersonId,
    id: UserId,
    state: State,
    #[serde(default)]
    reason: Option<Leaving>,
    #[serde(default)]
    since: Option<Timestamp>,
    /// By name, so that a property of a newer version is no error.
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    manager: Option<PersonId>,
    groups: BTreeSet<GroupId>,
    teams: BTreeSet<GroupId>,
    #[serde(default)]
    reports_to: Option<PersonId>,
    #[serde(default)]
    linked: Option<ExistingId>,
    #[serde(default)]
    protected: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Written with the photo, and by nothing else.
    #[serde(default)]
    photo: Option<Photo>,
    /// Raised when the account is closed, and by whoever signs the person out.
    #[serde(default)]
    sign_outs: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    Inactive,
}

impl Row {
    fn user(self) -> Result<StoredUser, Error> {
        let status = match (self.state, self.reason, self.since) {
            (State::Active, _, _) => Status::Active,
            (State::Inactive, Some(reason), Some(since)) => Status::Inactive { reason, since },
            (State::Inactive, _, _) => {
                return Err(Error::Corrupt { item: KIND, what: "inactive without a reason".to_owned() });
            }
        };
        let attributes = self.attributes.into_iter();
        let user = User {
            id: self.id,
            person: self.person,
            status,
            attributes: attributes
                .filter_map(|(name, value)| Property::from_name(&name).map(|property| (property, value)))
                .collect(),
            email: self.email,
            language: self.language,
            manager: self.manager,
            groups: self.groups,
            teams: self.teams,
            reports_to: self.reports_to,
            linked: self.linked,
            protected: self.protected,
        };
        let Self { created_at, updated_at, photo, sign_outs, .. } = self;
        Ok(StoredUser { user, created_at, updated_at, photo, sign_outs })
    }
}

/// The writes that make or change an account, with its team members.
///
/// An account is written only where it still is as it was read: the fence keeps other workers
/// out, this keeps out a plan made from an old reading.
pub(crate) fn writes(connection: ConnectionId, write: &UserWrite, now: Timestamp) -> Result<Vec<Write>, Error> {
    let UserWrite { before, after, taken: _ } = write;
    let Some(any) = after.as_ref().or(before.as_ref()) else { return Ok(Vec::new()) };
    let (shard, person) = (Shard::of(any.id), any.person);
    let key = Key::user(connection, shard, person);
    let account = match (before, after) {
        (None, None) => return Ok(Vec::new()),
        (None, Some(after)) => {
            let condition = Condition { expression: "attribute_not_exists(pk)", values: None };
            let item = ItemText::with(KIND, &key, &attributes(after, now), 2_000)?;
            Write::Put { kind: KIND, item, condition: Some(condition) }
        }
        (Some(before), Some(after)) => {
            // `protected` is set by people, perhaps since the account was read.
            let attributes =
                attributes(after, now).into_iter().filter(|(name, _)| !["created_at", "protected"].contains(name));
            let mut item: Item = attributes.map(|(name, attribute)| (name.to_owned(), attribute.value())).collect();
            item.insert("v".to_owned(), number(VERSION));
            let item = within_limit(KIND, item)?;
            let change = as_read(Change::set(KIND, key, item, OPTIONAL), before);
            let closes = before.status.is_active() && !after.status.is_active();
            Write::Update(if closes { change.forbid("protected").raise("sign_outs") } else { change })
        }
        (Some(before), None) => Write::DeleteIf(as_read(Change::none(KIND, key), before).forbid("protected")),
    };
    let roster = |user: &Option<User>| user.as_ref().map(User::roster).unwrap_or_default();
    let (old, new) = (roster(before), roster(after));
    let joined = new.difference(&old).map(|team| join(connection, *team, shard, person));
    let left = old.difference(&new).map(|team| Write::Delete(Key::member(connection, *team, shard, person)));
    let photo = after.is_none().then(|| Write::Delete(Key::photo(connection, shard, person)));
    std::iter::once(Ok(account)).chain(joined).chain(left.chain(photo).map(Ok)).collect()
}

/// An account without its key. By hand, as there are very many of them; [`Row`] is its form.
fn attributes(user: &User, now: Timestamp) -> Vec<(&'static str, Attribute<'_>)> {
    // Destructured in full, so that a new field can't be forgotten.
    let User {
        id,
        person: _,
        status,
        attributes,
        email,
        language,
        manager,
        groups,
        teams,
        reports_to,
        linked,
        protected,
    } = user;
    let values = attributes.iter().map(|(property, value)| (property.name(), value.as_str())).collect();
    let ids = |groups: &BTreeSet<GroupId>| Attribute::List(groups.iter().map(|group| Attribute::Id(group.0)).collect());
    let mut item = Vec::with_capacity(17);
    item.extend([
        ("id", Attribute::Id(id.0)),
        ("state", Attribute::Text(state_word(status.is_active()))),
        ("attributes", Attribute::Texts(values)),
        ("groups", ids(groups)),
        ("teams", ids(teams)),
        ("created_at", Attribute::Time(now)),
        ("updated_at", Attribute::Time(now)),
        ("fp", Attribute::Binary(digests(user))),
        ("teams_digest", Attribute::Binary(digest(teams))),
    ]);
    if let Status::Inactive { reason, since } = status {
        item.extend([("reason", Attribute::Text(reason.word())), ("since", Attribute::Time(*since))]);
    }
    item.extend(protected.then_some(("protected", Attribute::Bool(true))));
    item.extend(manager.map(|person| ("manager", Attribute::Id(person.0))));
    item.extend(reports_to.map(|person| ("reports_to", Attribute::Id(person.0))));
    item.extend(email.as_ref().map(|email| ("email", Attribute::Text(email))));
    item.extend(language.as_ref().map(|language| ("language", Attribute::Text(language))));
    item.extend(linked.as_ref().map(|account| ("linked", Attribute::Text(&account.0))));
    item
}

/// Only where the account still is as it was read.
fn as_read(change: Change, before: &User) -> Change {
    change
        .require("state", text(state_word(before.status.is_active())))
        .require("teams_digest", binary(digest(&before.teams)))
}

/// A digest of teams, for comparison in a condition. Not the fingerprint: that one is of a
/// release, and an account that an older release wrote must still be found as it was read.
fn digest(teams: &BTreeSet<GroupId>) -> Vec<u8> {
    let ids: Vec<u8> = teams.iter().flat_map(|team| *team.0.as_bytes()).collect();
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &ids).as_ref().to_vec()
}

fn join(connection: ConnectionId, team: TeamSource, shard: Shard, person: PersonId) -> Result<Write, Error> {
    let item = ItemText::with("member", &Key::member(connection, team, shard, person), &[], 300)?;
    Ok(Write::Put { kind: "member", item, condition: None })
}

/// An account of an item.
pub(crate) fn read(item: Item) -> Result<StoredUser, Error> {
    from_item::<Row>(KIND, item)?.user()
}

/// The attributes that [`index_entry`] needs.
pub(crate) const INDEX: &str = "sk, fp, v, since, protected, reports_to";

/// What the index compares: the fingerprint, and the digest of the address of an active account that has one. Together, as
/// a full run reads this of everybody.
fn digests(user: &User) -> Vec<u8> {
    let address = user.address_digest().map(|digest| digest.0);
    user.fingerprint().0.into_iter().chain(address.into_iter().flatten()).collect()
}

/// An entry of the index from a projected item. By hand, because there are very many of them.
pub(crate) fn index_entry(item: &Item) -> Result<IndexEntry, Error> {
    crate::item::check_version(KIND, item)?;
    let (fingerprint, address) = read_binary(KIND, item, "fp")?
        .split_first_chunk()
        .ok_or_else(|| Error::Corrupt { item: KIND, what: "fp has less than 16 bytes".to_owned() })?;
    Ok(IndexEntry {
        person: read_id(KIND, item, "sk", "")?,
        fingerprint: Fingerprint(*fingerprint),
        // Exactly who is inactive is so since some time.
        inactive_since: item.get("since").map(|_| read_id(KIND, item, "since", "")).transpose()?,
        protected: matches!(item.get("protected"), Some(AttributeValue::Bool(true))),
        reports_to: item.get("reports_to").map(|_| read_id(KIND, item, "reports_to", "")).transpose()?,
        address: address.try_into().ok().map(AddressDigest),
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
        let attributes = proptest::collection::btree_map(proptest::sample::select(Property::FIXED), ".{0,12}", 0..6);
        let texts = || proptest::option::of(".{0,12}");
        let ids = (
            any_id(),
            any_id(),
            proptest::option::of(any_id()),
            proptest::option::of((0u128..3).prop_map(Uuid::from_u128)),
        );
        let more = (texts(), texts(), texts(), any::<bool>());
        (ids, any_status(), attributes, any_groups(), any_groups(), more).prop_map(
            |(
                (id, person, manager, reports_to),
                status,
                attributes,
                groups,
                teams,
                (email, language, linked, protected),
            )| User {
                id: UserId(id),
                person: PersonId(person),
                status,
                attributes: attributes.into_iter().collect(),
                email,
                language,
                manager: manager.map(PersonId),
                groups,
                teams,
                reports_to: reports_to.map(PersonId),
                linked: linked.map(ExistingId),
                protected,
            },
        )
    }

    fn item(user: &User) -> Item {
        let write = UserWrite::giving(None, user.clone());
        match writes(CONNECTION, &write, NOW).unwrap().swap_remove(0) {
            Write::Put { item, .. } => item.item(),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn an_account_comes_back_as_it_was_written(user in any_user()) {
            let stored = read(item(&user)).unwrap();
            prop_assert_eq!(&stored.user, &user);
            let entry = index_entry(&item(&user)).unwrap();
            prop_assert_eq!((entry.fingerprint, entry.address), (user.fingerprint(), user.address_digest()));
            prop_assert_eq!((entry.person, entry.is_active()), (user.person, user.status.is_active()));
            prop_assert_eq!((entry.protected, entry.reports_to), (user.protected, user.reports_to));
            if let Status::Inactive { since, .. } = user.status {
                prop_assert_eq!(entry.inactive_since, Some(since));
            }
        }

        #[test]
        fn a_team_has_a_member_row_for_each_active_account_in_it(before in any_user(), after in any_user()) {
            let before = User { id: after.id, person: after.person, ..before };
            let writes = writes(CONNECTION, &UserWrite::giving(Some(before.clone()), after.clone()), NOW).unwrap();
            let mut rows = before.roster();
            let shard = Shard::of(after.id);
            let teams = (0u128..6).map(|number| TeamSource::Group(GroupId(Uuid::from_u128(number))));
            let managers = (0u128..3).map(|number| TeamSource::Manager(PersonId(Uuid::from_u128(number))));
            for team in teams.chain(managers) {
                let key = Key::member(CONNECTION, team, shard, after.person);
                for write in &writes {
                    match write {
                        Write::Put { item, .. } if item.is_of(&key) => prop_assert!(rows.insert(team)),
                        Write::Delete(deleted) if *deleted == key => prop_assert!(rows.remove(&team)),
                        _ => {}
                    }
                }
            }
            prop_assert_eq!(rows, after.roster());
        }
    }

    #[test]
    fn a_property_of_a_newer_version_is_left_alone() {
        let user = User::new(UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let mut item = item(&user);
        let novel = std::collections::HashMap::from([("favouriteColour".to_owned(), text("green"))]);
        item.insert("attributes".to_owned(), AttributeValue::M(novel));
        assert_eq!(read(item).unwrap().user, user);
    }
}
