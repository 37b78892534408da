use std::collections::BTreeMap;

use super::*;
use crate::commit::UserWrite;
use crate::group::StoredGroup;
use crate::user::any_user;
use jiff::Timestamp;
use proptest::prelude::*;
use rollcall_directory::identity::{GroupId, PersonId};
use rollcall_directory::user::User;
use uuid::Uuid;

const PLACE: Place = Place {
    connection: ConnectionId(Uuid::from_u128(9)),
    run: Some(RunId(Uuid::from_u128(8))),
    chunks: 5,
    history: HistoryDays::DEFAULT,
};

fn split(mut commit: Commit, closing: Room) -> Vec<Parcel> {
    let mut parcels = Parcels::new(&mut commit, PLACE);
    let mut all = Vec::new();
    loop {
        let parcel = parcels.next(closing).unwrap();
        let last = parcel.last;
        all.push(parcel);
        if last {
            return all;
        }
    }
}

fn creation(after: User) -> UserWrite {
    UserWrite::giving(None, after)
}

fn key(write: &Write) -> (String, String) {
    let text = |item: &crate::keys::Item, name: &str| item[name].as_s().unwrap().clone();
    match write {
        Write::Put { item, .. } => (text(&item.item(), "pk"), text(&item.item(), "sk")),
        Write::Update(change) | Write::DeleteIf(change) | Write::Check(change) => {
            (change.key.pk.clone(), change.key.sk.clone())
        }
        Write::Delete(key) => (key.pk.clone(), key.sk.clone()),
    }
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let users = proptest::collection::btree_map(any::<u128>(), any_user(), 0..150);
    let chunks = proptest::collection::vec(0usize..380_000, 0..12);
    (users, 0u128..150, chunks).prop_map(|(users, groups, chunks)| {
        let person = |id| PersonId(Uuid::from_u128(id));
        Commit {
            users: users.into_iter().map(|(id, user)| creation(User { person: person(id), ..user })).collect(),
            groups: (0..groups).map(|id| (GroupId(Uuid::from_u128(id)), StoredGroup::default())).collect(),
            chunks: chunks.into_iter().map(|length| vec![0; length]).collect(),
            ..Commit::at(Timestamp::UNIX_EPOCH)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked for: every transaction is within the limits, nothing is lost or written
    /// twice, people come before groups, and each transaction has the history of its own people.
    #[test]
    fn a_commit_is_split_within_the_limits_and_completely(commit in any_commit(), closing in 0usize..6) {
        let closing = Room { writes: closing, bytes: closing * 1_000, change_bytes: 0 };
        let asked: Vec<UserWrite> = commit.users.clone();
        let (groups, chunks) = (commit.groups.len(), commit.chunks.len());
        let parcels = split(commit, closing);

        let mut seen = BTreeMap::new();
        let mut order = Vec::new();
        for parcel in &parcels {
            let extra = if parcel.last { closing } else { Room::default() };
            prop_assert!(parcel.unit.writes.len() + extra.writes <= WRITES || parcel.unit.writes.is_empty());
            prop_assert!(parcel.unit.bytes() + extra.bytes <= BYTES);
            prop_assert!(parcel.unit.change_bytes() <= CHANGE_BYTES);
            let accounts = parcel.unit.writes.iter().filter(|write| write.kind() == "user").count();
            prop_assert_eq!(parcel.unit.changes.len(), accounts);
            for write in &parcel.unit.writes {
                prop_assert!(seen.insert(key(write), write.kind()).is_none(), "written twice");
                order.push(write.kind());
            }
        }
        let count = |kind| seen.values().filter(|other| **other == kind).count();
        prop_assert_eq!((count("user"), count("group"), count("snapshot")), (asked.len(), groups, chunks));
        let memberships = asked.iter().map(|write| write.after.as_ref().map_or(0, |user| user.roster().len())).sum::<usize>();
        prop_assert_eq!(count("member"), memberships);
        let last_user = order.iter().rposition(|kind| *kind == "user");
        let first_group = order.iter().position(|kind| *kind == "group");
        if let (Some(user), Some(group)) = (last_user, first_group) {
            prop_assert!(user < group);
        }
        let active: i64 = parcels.iter().map(|parcel| parcel.unit.active).sum();
        prop_assert_eq!(active, asked.iter().filter(|write| write.after.as_ref().is_some_and(|user| user.status.is_active())).count() as i64);
    }
}

#[test]
fn an_empty_commit_is_one_transaction() {
    let parcels = split(Commit::at(Timestamp::UNIX_EPOCH), Room { writes: 3, bytes: 100, change_bytes: 0 });
    assert_eq!(parcels.len(), 1);
    assert!(parcels[0].unit.writes.is_empty() && parcels[0].last);
}

#[test]
fn a_transaction_names_an_item_only_once_however_many_teams_somebody_joins_or_leaves() {
    let teams =
        |count: u128| (0..count).map(|id| GroupId(Uuid::from_u128(id))).collect::<std::collections::BTreeSet<_>>();
    for (old, new) in [(0, 91), (0, 95), (0, 181), (91, 0), (100, 300), (200, 5)] {
        let person = PersonId(Uuid::from_u128(7));
        let member = |count| User {
            groups: teams(count),
            teams: teams(count),
            ..User::new(rollcall_directory::identity::UserId(Uuid::from_u128(7)), person)
        };
        let write = UserWrite::giving(Some(member(old)), member(new));
        let parcels = split(Commit { users: vec![write], ..Commit::at(Timestamp::UNIX_EPOCH) }, Room::default());
        let mut turned = 0;
        for parcel in &parcels {
            let keys: std::collections::BTreeSet<_> = parcel.unit.writes.iter().map(key).collect();
            assert_eq!(keys.len(), parcel.unit.writes.len(), "{old} to {new}");
            assert!(keys.len() <= WRITES);
            turned += keys.len() - 1;
        }
        assert_eq!(turned as u128, u128::abs_diff(old, new));
    }
}

#[test]
fn what_closes_a_commit_goes_alone_where_there_is_no_room() {
    let groups = (0..97).map(|id| (GroupId(Uuid::from_u128(id)), StoredGroup::default())).collect();
    let commit = Commit { groups, ..Commit::at(Timestamp::UNIX_EPOCH) };
    let lengths = |closing| {
        let parcels = split(commit.clone(), Room { writes: closing, bytes: 0, change_bytes: 0 });
        parcels.iter().map(|parcel| parcel.unit.writes.len()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(0), [97]);
    assert_eq!(lengths(1), [97, 0]);
}

#[test]
fn snapshot_chunks_go_on_with_the_number_that_the_run_has_reached() {
    let commit = Commit { chunks: vec![vec![1], vec![2]], ..Commit::at(Timestamp::UNIX_EPOCH) };
    let parcels = split(commit, Room::default());
    let keys: Vec<String> = parcels[0].unit.writes.iter().map(|write| key(write).1).collect();
    assert_eq!(keys, ["SNAPSHOT#0000000005", "SNAPSHOT#0000000006"]);
}

#[test]
fn a_chunk_that_fits_into_no_item_is_an_error() {
    let mut commit = Commit { chunks: vec![vec![0; 500_000]], ..Commit::at(Timestamp::UNIX_EPOCH) };
    let result = Parcels::new(&mut commit, PLACE).next(Room::default()).map(|parcel| parcel.last);
    assert!(matches!(result, Err(Error::TooLarge { item: "snapshot", .. })));
}
