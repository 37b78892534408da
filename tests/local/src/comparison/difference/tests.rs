use super::super::{Group, Person};
use super::*;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Two people below a scope group, one directly and one through a cycle; one person outside; one disabled inside.
fn directory() -> Directory {
    let person = |number, enabled| Person {
        id: id(number),
        enabled,
        properties: [("city", "Ulm"), ("givenName", "Ann"), ("surname", "Lee"), ("userPrincipalName", "ann@x")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        manager: Some(id(1)),
    };
    let group = |name: &str, members: &[u128]| Group {
        name: name.to_owned(),
        members: members.iter().map(|number| id(*number)).collect(),
    };
    Directory {
        people: vec![person(1, true), person(2, true), person(3, true), person(4, false)],
        groups: BTreeMap::from([(id(11), group("top", &[1, 4, 12])), (id(12), group("below", &[2, 11]))]),
    }
}

fn scope() -> Scope {
    Scope::Groups(BTreeSet::from([id(11)]))
}

fn platform() -> Platform {
    let accounts = desired(&directory(), &scope()).into_iter();
    let mut accounts: Vec<(Uuid, bool, Account)> = accounts.map(|(person, account)| (person, true, account)).collect();
    accounts.push((id(4), false, Account::default()));
    Platform { accounts, teams: vec![(id(11), "top".to_owned(), BTreeSet::from([id(1), id(2)]))] }
}

fn found(change: impl FnOnce(&mut Platform)) -> Vec<String> {
    let mut platform = platform();
    change(&mut platform);
    differences(&directory(), &scope(), &platform).0
}

#[test]
fn a_platform_that_is_right_has_no_differences() {
    assert_eq!(found(|_| {}), Vec::<String>::new());
    assert_eq!(desired(&directory(), &scope()).keys().copied().collect::<Vec<_>>(), [id(1), id(2)]);
}

#[test]
fn who_lacks_a_name_or_an_address_gets_no_account() {
    for name in ["givenName", "surname", "userPrincipalName"] {
        let mut directory = directory();
        directory.people[0].properties.remove(name);
        assert_eq!(desired(&directory, &scope()).keys().copied().collect::<Vec<_>>(), [id(2)], "{name}");
    }
}

#[test]
fn when_everyone_is_in_nobody_is_left_out_and_there_are_no_teams() {
    let wanted = desired(&directory(), &Scope::Everyone);
    assert_eq!(wanted.keys().copied().collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    assert!(wanted.values().all(|account| account.teams.is_empty()));
}

#[test]
fn whoever_is_missing_is_found() {
    assert_eq!(found(|platform| drop(platform.accounts.remove(0))), [format!("{} has no account", id(1))]);
    assert_eq!(found(|platform| platform.accounts[0].1 = false), [format!("{} should be active", id(1))]);
}

#[test]
fn whoever_should_not_be_there_is_found() {
    assert_eq!(found(|platform| platform.accounts[2].1 = true), [format!("{} should not be active", id(4))]);
    let stranger = (id(3), true, Account::default());
    assert_eq!(found(|platform| platform.accounts.push(stranger)), [format!("{} should not be active", id(3))]);
}

#[test]
fn two_accounts_of_one_person_are_found() {
    let second = platform().accounts[0].clone();
    assert_eq!(found(|platform| platform.accounts.push(second)), [format!("{} has 2 accounts", id(1))]);
}

#[test]
fn a_property_a_manager_and_a_team_that_differ_are_found() {
    assert_eq!(found(|platform| drop(platform.accounts[0].2.properties.remove("city"))).len(), 1);
    let more = ("mail".to_owned(), "a@b".to_owned());
    assert_eq!(found(|platform| platform.accounts[0].2.properties.extend([more])).len(), 1);
    assert_eq!(found(|platform| platform.accounts[0].2.manager = None).len(), 1);
    assert_eq!(found(|platform| platform.accounts[0].2.teams.clear()).len(), 1);
    assert_eq!(found(|platform| platform.accounts[2].2.teams = BTreeSet::from([id(11)])).len(), 1);
}

#[test]
fn a_team_that_differs_is_found() {
    assert_eq!(found(|platform| platform.teams.clear()).len(), 1);
    assert_eq!(found(|platform| platform.teams[0].1 = "Top".to_owned()).len(), 1);
    assert_eq!(found(|platform| platform.teams[0].2.retain(|person| *person != id(1))).len(), 1);
    assert_eq!(found(|platform| platform.teams[0].2.extend([id(3)])).len(), 1);
    let second = platform().teams.into_iter().map(|(_, name, _)| (id(12), name, BTreeSet::new())).next().unwrap();
    assert!(!found(|platform| platform.teams.push(second)).is_empty());
}
