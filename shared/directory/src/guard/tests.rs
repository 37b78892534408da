use super::*;
use crate::identity::PersonId;
use uuid::Uuid;

fn deactivations(count: u128) -> BTreeSet<Removal> {
    (0..count)
        .map(|number| Removal { person: PersonId(Uuid::from_u128(number)), loss: Loss::Account(Leaving::OutOfScope) })
        .collect()
}

fn situation(active: u64) -> Situation {
    Situation { active, ..Situation::default() }
}

#[test]
fn no_removal_is_never_held_even_after_a_bad_day() {
    let mut situation = situation(10);
    situation.taken_lately.accounts = 100;
    situation.emptied.insert(GroupId(Uuid::from_u128(1)), 50);
    assert_eq!(judge(&BTreeSet::new(), &situation, Limits::default()), []);
}

#[test]
fn five_leavers_pass_on_the_smallest_platform_and_six_do_not() {
    assert_eq!(judge(&deactivations(5), &situation(6), Limits::default()), []);
    assert_eq!(
        judge(&deactivations(6), &situation(6), Limits::default()),
        [Reason::Accounts { people: 6, allowed: 5 }]
    );
}

#[test]
fn ten_percent_pass_and_one_more_does_not() {
    assert_eq!(judge(&deactivations(100), &situation(1_000), Limits::default()), []);
    assert_eq!(judge(&deactivations(101), &situation(1_000), Limits::default()).len(), 1);
}

#[test]
fn a_slow_leak_is_held_by_what_was_taken_in_the_last_day() {
    let mut situation = situation(1_000);
    situation.taken_lately.accounts = 96;
    assert_eq!(judge(&deactivations(4), &situation, Limits::default()), []);
    assert_eq!(
        judge(&deactivations(5), &situation, Limits::default()),
        [Reason::Accounts { people: 101, allowed: 100 }]
    );
}

#[test]
fn a_group_of_ten_that_loses_everybody_is_held_whatever_the_share() {
    let mut situation = situation(100_000);
    let group = GroupId(Uuid::from_u128(1));
    situation.emptied.insert(group, 9);
    assert_eq!(judge(&deactivations(1), &situation, Limits::default()), []);
    situation.emptied.insert(group, 10);
    assert_eq!(judge(&deactivations(1), &situation, Limits::default()), [Reason::EmptiedGroup { group, members: 10 }]);
}

#[test]
fn one_blanked_attribute_for_everybody_is_held() {
    let removals: BTreeSet<Removal> = deactivations(50)
        .into_iter()
        .map(|removal| Removal { loss: Loss::Attribute(Property::Department), ..removal })
        .collect();
    assert_eq!(
        judge(&removals, &situation(100), Limits::default()),
        [Reason::Attribute { property: Property::Department, people: 50, allowed: 10 }]
    );
}

#[test]
fn another_set_of_removals_has_another_hash_and_the_text_leads_back() {
    let hash = PlanHash::of(&deactivations(3));
    assert_ne!(hash, PlanHash::of(&deactivations(4)));
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!("zz".parse::<PlanHash>(), Err(NotAPlanHash));
}

fn removal(person: u128, loss: Loss) -> Removal {
    Removal { person: PersonId(Uuid::from_u128(person)), loss }
}

fn team(number: u128) -> Loss {
    Loss::Team(GroupId(Uuid::from_u128(number)))
}

/// One more of each kind than of the kind before it.
fn one_to_six() -> BTreeSet<Removal> {
    let kinds = [
        Loss::Account(Leaving::Disabled),
        team(1),
        Loss::Attribute(Property::City),
        Loss::Manager,
        Loss::Email,
        Loss::Deletion,
    ];
    let of_kind = |(more, loss): (u128, Loss)| (0..=more).map(move |person| removal(person, loss.clone()));
    (0..).zip(kinds).flat_map(of_kind).collect()
}

#[test]
fn each_kind_is_counted_by_itself_and_a_person_once() {
    let mut removals = one_to_six();
    removals.insert(removal(0, team(2)));
    let takings = Takings::of(&removals);
    let attributes = BTreeMap::from([(Property::City, 3)]);
    let expected = Takings { accounts: 1, memberships: 2, attributes, managers: 4, emails: 5, deletions: 6 };
    assert_eq!(takings, expected);
}

#[test]
fn what_two_runs_took_is_added_up() {
    let mut sum = Takings::of(&one_to_six());
    let attributes = BTreeMap::from([(Property::City, 10), (Property::Country, 20)]);
    sum.add(&Takings { accounts: 30, memberships: 40, attributes, managers: 50, emails: 60, deletions: 70 });
    let attributes = BTreeMap::from([(Property::City, 13), (Property::Country, 20)]);
    let expected = Takings { accounts: 31, memberships: 42, attributes, managers: 54, emails: 65, deletions: 76 };
    assert_eq!(sum, expected);
}

#[test]
fn every_kind_has_the_limit() {
    let attributes = BTreeMap::from([(Property::City, 9), (Property::Country, 100)]);
    let taken_lately = Takings { accounts: 9, memberships: 9, attributes, managers: 9, emails: 9, deletions: 9 };
    let situation = Situation { taken_lately, ..situation(100) };
    let allowed = 10;
    assert_eq!(
        judge(&one_to_six(), &situation, Limits::default()),
        [
            Reason::Memberships { people: 11, allowed },
            Reason::Managers { people: 13, allowed },
            Reason::Emails { people: 14, allowed },
            Reason::Deletions { people: 15, allowed },
            Reason::Attribute { property: Property::City, people: 12, allowed },
        ]
    );
}

#[test]
fn a_kind_of_which_nothing_is_taken_is_not_held_for_what_was_taken_before() {
    let taken_lately = Takings { accounts: 100, managers: 100, ..Takings::default() };
    let removals = BTreeSet::from([removal(1, Loss::Email)]);
    assert_eq!(judge(&removals, &Situation { taken_lately, ..situation(10) }, Limits::default()), []);
}

#[test]
fn every_removal_has_a_hash_of_its_own_that_never_changes() {
    let group = GroupId(Uuid::from_u128(1));
    let losses = [
        Loss::Account(Leaving::OutOfScope),
        Loss::Account(Leaving::Disabled),
        Loss::Account(Leaving::Deleted),
        Loss::Deletion,
        Loss::Team(group),
        Loss::Attribute(Property::City),
        Loss::Attribute(Property::Country),
        Loss::Manager,
        Loss::Email,
    ];
    let hashes = losses.map(|loss| PlanHash::of(&BTreeSet::from([removal(1, loss)])).to_string());
    assert_eq!(BTreeSet::from(hashes.clone()).len(), hashes.len());
    insta::assert_json_snapshot!(hashes);
}

#[test]
fn a_hash_shows_what_it_is_and_nothing_but_64_digits_is_one() {
    let hash = PlanHash::of(&BTreeSet::new());
    assert_eq!(format!("{hash:?}"), format!("PlanHash({hash})"));
    for odd in ["0".repeat(63), "0".repeat(66), "+f".repeat(32), "zz".repeat(32), "é".repeat(32)] {
        assert_eq!(odd.parse::<PlanHash>(), Err(NotAPlanHash), "{odd}");
    }
}

#[test]
fn a_round_says_only_of_those_whom_it_examined_that_what_waits_was_undone() {
    let waiting = deactivations(4);
    let of = |numbers: &[u128]| -> BTreeSet<Removal> {
        let is_one = |removal: &&Removal| numbers.contains(&removal.person.0.as_u128());
        deactivations(10).iter().filter(is_one).cloned().collect()
    };
    let people: BTreeSet<PersonId> = [1, 2, 9].map(|number| PersonId(Uuid::from_u128(number))).into();
    let other = Removal { person: PersonId(Uuid::from_u128(2)), loss: Loss::Manager };
    let found: BTreeSet<Removal> = of(&[1, 9]).into_iter().chain([other.clone()]).collect();
    let fresh: BTreeSet<Removal> = of(&[9]).into_iter().chain([other]).collect();
    assert_eq!(beside(&waiting, &people, found), Beside { fresh, waiting: of(&[0, 1, 3]) });
}

#[test]
fn a_round_that_finds_nothing_leaves_what_waits() {
    let waiting = deactivations(3);
    let nothing = Beside { fresh: BTreeSet::new(), waiting: waiting.clone() };
    assert_eq!(beside(&waiting, &BTreeSet::new(), BTreeSet::new()), nothing);
    let fresh = Beside { fresh: waiting.clone(), waiting: BTreeSet::new() };
    assert_eq!(beside(&BTreeSet::new(), &BTreeSet::new(), waiting), fresh);
}
