//! Keys of the table, and every access pattern that they serve.
//!
//! Partition key `pk` and sort key `sk` are strings. Keys are built from typed ids only, with `#`
//! between the parts: no id can contain it, so no key can be forged by an odd value.
//! `expires_at` (seconds since 1970) is the time to live where an item has one.
//!
//! | `pk` | `sk` | item | read by |
//! |---|---|---|---|
//! | `CONNECTIONS` | `{connection}` | settings and status | get; list, paged |
//! | `CLIENTS` | `{client}` | an application of the platform | get; list |
//! | `TENANT#{digest}` | `CONNECTION` | the connection of a tenant | get |
//! | `DOMAIN#{domain}` | `CONNECTION` | the connection of an e-mail domain | get |
//! | `KEYS#{digest}` | `KEYS` | the keys of an issuer of tokens | get |
//! | `RATE#{digest}` | `{minute}` | how often in that minute | counted |
//! | `ONCE#{digest}` | `ONCE` | that something was used | put once |
//! | `SETUP#{digest}` | `SETUP` | a link by which a tenant is connected | get |
//! | `DELEGATE#{digest}` | `DELEGATE` | a link that asks somebody for that | get |
//! | `PENDING#{digest}` | `PENDING` | a sign-in under way | get; taken once |
//! | `CODE#{digest}` | `CODE` | an authorization code | used once |
//! | `UPSTREAM#{digest}` | `{session}` | a session, by the one at Entra | list |
//! | `C#{connection}` | `LEASE` | owner, epoch (also the generation of notifications), beat, counters | strong get; in every transaction of a worker |
//! | | `STATE` | cursors, unfinished run, times, people without an answer | strong get, together with the lease |
//! | | `LEDGER` | what was taken, by the hour | strong get, together with the lease |
//! | | `DOUBTS` | people to be asked about again | strong get, together with the lease |
//! | | `SUBSCRIPTION#{nonce}` | a subscription | strong get by nonce; list |
//! | | `NOTICE#{matter}#{way}` | what people were told | list |
//! | | `GROUP#{group}` | a group in scope | list; strong batch get |
//! | | `TEAM#{object}` | a team, by its group or manager | get; list |
//! | | `PROBLEM#{id}` | something that a person has to see to | list |
//! | | `DELEGATION#{person}` | what somebody lets the application do for them | get; list |
//! | | `PROPOSAL#{run}` | settings to be previewed | get |
//! | | `EXISTING#{id}` | an account that was there before | get; list |
//! | | `HOLD#{hold}` | a hold | get; list, newest first, paged |
//! | | `RUN#{run}` | a run | get; list, newest first, paged |
//! | `C#{connection}#H#{hold}` | `{number:06}` | some of the held removals | list |
//! | `C#{connection}#R#{run}` | `CHANGE#{sequence:010}` | some of the run's changes, packed | list, paged |
//! | | `SNAPSHOT#{number:010}` | a piece of the run's checkpoint | list |
//! | `C#{connection}#I` | `{time}#{session}` | a sign-in | list, newest first, paged |
//! | `C#{connection}#S#{person}` | `SESSION#{session}` | a session | get; list |
//! | | `SIGN-IN#{time}#{session}` | a sign-in of that person | list, newest first, paged |
//! | `C#{connection}#U#{shard}` | `{person}` | an account | strong batch get; list, paged; index of fingerprints; of photos |
//! | `C#{connection}#P#{shard}` | `{person}` | a photo | strong get |
//! | `C#{connection}#T#{group}#{shard}` | `{person}` | a member of a group's team | list, paged; count |
//! | `C#{connection}#M#{shard}` | `{manager}#{person}` | a member of a manager's team | list, paged; count |
//!
//! The shard is the first hexadecimal digit of the account's id, which is a version 5 UUID and
//! so spreads evenly: a first sync writes to 16 partitions, not to one. What every transaction
//! of a worker touches (`LEASE`) is small on purpose: `DynamoDB` charges for the whole item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, GroupId, HoldId, PersonId, RunId, TeamSource, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::SecretDigest;
use crate::notices::{Matter, Way};

/// An item as `DynamoDB` has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The partition of all connections.
pub(crate) const CONNECTIONS: &str = "CONNECTIONS";
/// Prefix of group items.
pub(crate) const GROUP: &str = "GROUP#";
/// Prefix of team items.
pub(crate) const TEAM: &str = "TEAM#";
/// Prefix of items that a person has to see to.
pub(crate) const PROBLEM: &str = "PROBLEM#";
/// Prefix of accounts that were there before.
pub(crate) const EXISTING: &str = "EXISTING#";
/// Prefix of what people let the application do for them.
pub(crate) const DELEGATION: &str = "DELEGATION#";
/// Prefix of hold items.
pub(crate) const HOLD: &str = "HOLD#";
/// Prefix of run items.
pub(crate) const RUN: &str = "RUN#";
/// Prefix of subscription items.
pub(crate) const SUBSCRIPTION: &str = "SUBSCRIPTION#";
/// Prefix of items about what people were told.
pub(crate) const NOTICE: &str = "NOTICE#";
/// Prefix of chunks of changes.
pub(crate) const CHANGE: &str = "CHANGE#";
/// The partition of all clients.
pub(crate) const CLIENTS: &str = "CLIENTS";
/// Prefix of partitions with the keys of an issuer.
pub(crate) const KEYS: &str = "KEYS#";
/// Prefix of sessions.
pub(crate) const SESSION: &str = "SESSION#";
/// Prefix of sign-ins of a person.
pub(crate) const SIGN_IN: &str = "SIGN-IN#";
/// Prefix of pieces of a checkpoint.
pub(crate) const SNAPSHOT: &str = "SNAPSHOT#";

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

identifier! {
    /// An application of the platform that people sign in to (`client_id`).
    ClientId
}
identifier! {
    /// Somebody's being signed in to a client in one browser (`sid`).
    SessionId
}

/// One of the 16 partitions over which people are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shard(u8);

impl Shard {
    /// The shard of an account.
    pub(crate) const fn of(user: UserId) -> Self {
        Self((user.0.as_u128() >> 124) as u8)
    }

    /// All of them, in order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(Self)
    }

    /// The first one.
    pub(crate) const FIRST: Self = Self(0);

    /// The one after this.
    pub(crate) const fn next(self) -> Option<Self> {
        if self.0 < 15 { Some(Self(self.0 + 1)) } else { None }
    }

    /// The shard of that digit.
    pub(crate) fn from_digit(digit: &str) -> Option<Self> {
        u8::from_str_radix(digit, 16).ok().filter(|shard| *shard < 16 && digit.len() == 1).map(Self)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A key's text, part by part. Without the machinery of formatting: a first sync makes several of these for each account.
struct Text(String);

impl Text {
    /// As long as the longest of them.
    const LENGTH: usize = 80;

    /// The partition of a connection, or how its name begins.
    fn of(connection: ConnectionId) -> Self {
        Self(String::with_capacity(Self::LENGTH)).text("C#").id(connection.0)
    }

    fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    fn id(mut self, id: Uuid) -> Self {
        self.0.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        self
    }

    fn shard(mut self, shard: Shard) -> Self {
        self.0.extend(char::from_digit(shard.0.into(), 16));
        self
    }
}

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Partition key.
    pub(crate) pk: String,
    /// Sort key.
    pub(crate) sk: String,
}

impl Key {
    /// A key from its parts, which come from functions of this module.
    pub(crate) const fn new(pk: String, sk: String) -> Self {
        Self { pk, sk }
    }

    pub(crate) fn connection(connection: ConnectionId) -> Self {
        Self::new(CONNECTIONS.to_owned(), connection.to_string())
    }

    pub(crate) fn lease(connection: ConnectionId) -> Self {
        Self::new(partition(connection), "LEASE".to_owned())
    }

    pub(crate) fn state(connection: ConnectionId) -> Self {
        Self::new(partition(connection), "STATE".to_owned())
    }

    pub(crate) fn ledger(connection: ConnectionId) -> Self {
        Self::new(partition(connection), "LEDGER".to_owned())
    }

    pub(crate) fn doubts(connection: ConnectionId) -> Self {
        Self::new(partition(connection), "DOUBTS".to_owned())
    }

    pub(crate) fn subscription(connection: ConnectionId, nonce: Uuid) -> Self {
        Self::new(partition(connection), format!("{SUBSCRIPTION}{nonce}"))
    }

    pub(crate) fn notice(connection: ConnectionId, matter: Matter, way: Way) -> Self {
        Self::new(partition(connection), format!("{NOTICE}{}#{}", matter.word(), way.word()))
    }

    pub(crate) fn group(connection: ConnectionId, group: GroupId) -> Self {
        Self::new(partition(connection), format!("{GROUP}{group}"))
    }

    pub(crate) fn team(connection: ConnectionId, source: Uuid) -> Self {
        Self::new(partition(connection), format!("{TEAM}{source}"))
    }

    pub(crate) fn problem(connection: ConnectionId, id: Uuid) -> Self {
        Self::new(partition(connection), format!("{PROBLEM}{id}"))
    }

    pub(crate) fn proposal(connection: ConnectionId, id: RunId) -> Self {
        Self::new(partition(connection), format!("PROPOSAL#{id}"))
    }

    pub(crate) fn existing(connection: ConnectionId, id: Uuid) -> Self {
        Self::new(partition(connection), format!("{EXISTING}{id}"))
    }

    pub(crate) fn hold(connection: ConnectionId, hold: HoldId) -> Self {
        Self::new(partition(connection), format!("{HOLD}{hold}"))
    }

    pub(crate) fn run(connection: ConnectionId, run: RunId) -> Self {
        Self::new(partition(connection), format!("{RUN}{run}"))
    }

    pub(crate) fn removals(connection: ConnectionId, hold: HoldId, number: usize) -> Self {
        Self::new(hold_partition(connection, hold), format!("{number:06}"))
    }

    pub(crate) fn change(connection: ConnectionId, run: RunId, sequence: u64) -> Self {
        Self::new(run_partition(connection, run), format!("{CHANGE}{sequence:010}"))
    }

    pub(crate) fn snapshot(connection: ConnectionId, run: RunId, number: u64) -> Self {
        Self::new(run_partition(connection, run), format!("{SNAPSHOT}{number:010}"))
    }

    pub(crate) fn user(connection: ConnectionId, shard: Shard, person: PersonId) -> Self {
        Self::new(user_partition(connection, shard), person.to_string())
    }

    pub(crate) fn photo(connection: ConnectionId, shard: Shard, person: PersonId) -> Self {
        Self::new(photo_partition(connection, shard), person.to_string())
    }

    pub(crate) fn member(connection: ConnectionId, team: TeamSource, shard: Shard, person: PersonId) -> Self {
        let (pk, prefix) = roster(connection, team, shard);
        Self::new(pk, Text(prefix).id(person.0).0)
    }

    pub(crate) fn client(client: ClientId) -> Self {
        Self::new(CLIENTS.to_owned(), client.to_string())
    }

    pub(crate) fn tenant(tenant: &SecretDigest) -> Self {
        Self::new(format!("TENANT#{tenant}"), "CONNECTION".to_owned())
    }

    /// A domain has no `#`: whoever passes one has checked that it is one.
    pub(crate) fn domain(domain: &str) -> Self {
        Self::new(format!("DOMAIN#{domain}"), "CONNECTION".to_owned())
    }

    pub(crate) fn verification_keys(issuer: &SecretDigest) -> Self {
        Self::new(format!("{KEYS}{issuer}"), "KEYS".to_owned())
    }

    pub(crate) fn rate(what: &SecretDigest, minute: i64) -> Self {
        Self::new(format!("RATE#{what}"), minute.to_string())
    }

    pub(crate) fn once(what: &SecretDigest) -> Self {
        Self::new(format!("ONCE#{what}"), "ONCE".to_owned())
    }

    pub(crate) fn delegation(connection: ConnectionId, person: PersonId) -> Self {
        Self::new(partition(connection), format!("{DELEGATION}{person}"))
    }

    pub(crate) fn delegation_link(token: &SecretDigest) -> Self {
        Self::new(format!("DELEGATE#{token}"), "DELEGATE".to_owned())
    }

    pub(crate) fn pending(state: &SecretDigest) -> Self {
        Self::new(format!("PENDING#{state}"), "PENDING".to_owned())
    }

    pub(crate) fn setup(token: &SecretDigest) -> Self {
        Self::new(format!("SETUP#{token}"), "SETUP".to_owned())
    }

    pub(crate) fn code(code: &SecretDigest) -> Self {
        Self::new(format!("CODE#{code}"), "CODE".to_owned())
    }

    pub(crate) fn upstream(upstream: &SecretDigest, session: SessionId) -> Self {
        Self::new(format!("UPSTREAM#{upstream}"), session.to_string())
    }

    pub(crate) fn session(connection: ConnectionId, person: PersonId, session: SessionId) -> Self {
        Self::new(session_partition(connection, person), format!("{SESSION}{session}"))
    }

    pub(crate) fn sign_in(connection: ConnectionId, at: Timestamp, session: SessionId) -> Self {
        Self::new(sign_in_partition(connection), format!("{}#{session}", milliseconds(at)))
    }

    pub(crate) fn sign_in_of(connection: ConnectionId, person: PersonId, at: Timestamp, session: SessionId) -> Self {
        let sk = format!("{SIGN_IN}{}#{session}", milliseconds(at));
        Self::new(session_partition(connection, person), sk)
    }

    /// The key as an item's attributes.
    pub(crate) fn item(&self) -> Item {
        Item::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// The partition of a connection's state, groups, teams, holds, runs and subscriptions.
pub(crate) fn partition(connection: ConnectionId) -> String {
    Text::of(connection).0
}

/// The partition of a person's sessions and sign-ins.
pub(crate) fn session_partition(connection: ConnectionId, person: PersonId) -> String {
    Text::of(connection).text("#S#").id(person.0).0
}

/// The partition of a connection's sign-ins.
pub(crate) fn sign_in_partition(connection: ConnectionId) -> String {
    Text::of(connection).text("#I").0
}

/// A time as digits that sort as times do.
fn milliseconds(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

/// The partition of a hold's removals.
pub(crate) fn hold_partition(connection: ConnectionId, hold: HoldId) -> String {
    Text::of(connection).text("#H#").id(hold.0).0
}

/// The partition of a run's changes and checkpoint.
pub(crate) fn run_partition(connection: ConnectionId, run: RunId) -> String {
    Text::of(connection).text("#R#").id(run.0).0
}

/// One partition of a connection's accounts.
pub(crate) fn user_partition(connection: ConnectionId, shard: Shard) -> String {
    Text::of(connection).text("#U#").shard(shard).0
}

/// One partition of a connection's photos: not that of the accounts, so that reading those costs no more.
pub(crate) fn photo_partition(connection: ConnectionId, shard: Shard) -> String {
    Text::of(connection).text("#P#").shard(shard).0
}

/// One partition of a group's team.
pub(crate) fn group_roster_partition(connection: ConnectionId, group: GroupId, shard: Shard) -> String {
    Text::of(connection).text("#T#").id(group.0).text("#").shard(shard).0
}

/// One partition of the teams of all managers: there are many, and most are small.
pub(crate) fn manager_rosters_partition(connection: ConnectionId, shard: Shard) -> String {
    Text::of(connection).text("#M#").shard(shard).0
}

/// Where one shard of a team's members is: the partition, and how their sort keys begin.
pub(crate) fn roster(connection: ConnectionId, team: TeamSource, shard: Shard) -> (String, String) {
    match team {
        TeamSource::Group(group) => (group_roster_partition(connection, group, shard), String::new()),
        TeamSource::Manager(manager) => {
            let prefix = Text(String::with_capacity(Text::LENGTH)).id(manager.0).text("#").0;
            (manager_rosters_partition(connection, shard), prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(1));

    #[test]
    fn every_key_has_a_place_of_its_own() {
        let id = Uuid::from_u128(2);
        let shard = Shard::of(UserId(id));
        let keys = [
            Key::connection(CONNECTION),
            Key::lease(CONNECTION),
            Key::state(CONNECTION),
            Key::ledger(CONNECTION),
            Key::doubts(CONNECTION),
            Key::subscription(CONNECTION, id),
            Key::notice(CONNECTION, Matter::Paused, Way::Mail),
            Key::notice(CONNECTION, Matter::Paused, Way::Channel),
            Key::group(CONNECTION, GroupId(id)),
            Key::team(CONNECTION, id),
            Key::problem(CONNECTION, id),
            Key::existing(CONNECTION, id),
            Key::proposal(CONNECTION, RunId(id)),
            Key::hold(CONNECTION, HoldId(id)),
            Key::run(CONNECTION, RunId(id)),
            Key::removals(CONNECTION, HoldId(id), 0),
            Key::change(CONNECTION, RunId(id), 0),
            Key::snapshot(CONNECTION, RunId(id), 0),
            Key::user(CONNECTION, shard, PersonId(id)),
            Key::photo(CONNECTION, shard, PersonId(id)),
            Key::member(CONNECTION, TeamSource::Group(GroupId(id)), shard, PersonId(id)),
            Key::member(CONNECTION, TeamSource::Manager(PersonId(id)), shard, PersonId(id)),
        ];
        let places: BTreeSet<(String, String)> = keys.iter().map(|key| (key.pk.clone(), key.sk.clone())).collect();
        assert_eq!(places.len(), keys.len());
        for key in keys.iter().skip(1) {
            assert!(key.pk.starts_with(&partition(CONNECTION)), "{key:?} is outside of the connection");
        }
    }

    #[test]
    fn what_belongs_to_no_connection_has_a_place_of_its_own_too() {
        let (digest, id) = (SecretDigest::of(b"x"), Uuid::from_u128(2));
        let keys = [
            Key::connection(CONNECTION),
            Key::client(ClientId(CONNECTION.0)),
            Key::tenant(&digest),
            Key::domain(&digest.to_string()),
            Key::verification_keys(&digest),
            Key::rate(&digest, 0),
            Key::once(&digest),
            Key::pending(&digest),
            Key::setup(&digest),
            Key::delegation_link(&digest),
            Key::code(&digest),
            Key::upstream(&digest, SessionId(id)),
        ];
        let places: BTreeSet<&str> = keys.iter().map(|key| key.pk.as_str()).collect();
        assert_eq!(places.len(), keys.len());
        assert!(places.iter().all(|pk| !pk.starts_with("C#")));
        assert_eq!(Key::setup(&digest).pk, format!("SETUP#{digest}"));
    }

    #[test]
    fn the_shard_is_the_first_digit_of_the_account() {
        for number in 0..16u128 {
            let user = UserId(Uuid::from_u128(number << 124 | 5));
            assert_eq!(Shard::of(user).to_string(), user.to_string()[..1]);
            assert_eq!(Shard::from_digit(&user.to_string()[..1]), Some(Shard::of(user)));
        }
        assert_eq!(Shard::from_digit("10"), None);
        assert_eq!(Shard::from_digit("+"), None);
        assert_eq!(Shard::all().count(), 16);
    }

    #[test]
    fn ids_stand_in_keys_as_people_write_them() {
        let (id, shard) = (Uuid::from_u128(0xab << 120 | 2), Shard::of(UserId(Uuid::from_u128(0xa << 124))));
        let key = |team| Key::member(CONNECTION, team, shard, PersonId(id));
        let (group, manager) = (key(TeamSource::Group(GroupId(id))), key(TeamSource::Manager(PersonId(id))));
        assert_eq!((group.pk, group.sk), (format!("C#{CONNECTION}#T#{id}#a"), id.to_string()));
        assert_eq!((manager.pk, manager.sk), (format!("C#{CONNECTION}#M#a"), format!("{id}#{id}")));
        assert_eq!(Key::user(CONNECTION, shard, PersonId(id)).pk, format!("C#{CONNECTION}#U#a"));
    }

    #[test]
    fn chunks_sort_by_number() {
        let run = RunId(Uuid::from_u128(3));
        assert!(Key::change(CONNECTION, run, 9).sk < Key::change(CONNECTION, run, 10).sk);
        assert!(Key::snapshot(CONNECTION, run, 99).sk < Key::snapshot(CONNECTION, run, 100).sk);
    }

    #[test]
    fn the_keys_are_those_of_the_documentation() {
        let [group, person] = [Uuid::from_u128(0xa), Uuid::from_u128(0xb)];
        let key = Key::member(CONNECTION, TeamSource::Group(GroupId(group)), Shard(12), PersonId(person));
        assert_eq!(key.pk, "C#00000000-0000-0000-0000-000000000001#T#00000000-0000-0000-0000-00000000000a#c");
        assert_eq!(key.sk, "00000000-0000-0000-0000-00000000000b");
    }
}
