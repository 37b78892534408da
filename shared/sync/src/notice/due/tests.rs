use proptest::prelude::*;
use rollcall_store::{ConnectionStatus, PauseKind, PauseReason, Trouble};

use super::*;
use crate::notice::facts::{Notifications, OpenHold};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn start() -> Timestamp {
    "2026-11-01T04:00:00Z".parse().unwrap()
}

fn at(hours: i64) -> Timestamp {
    start() + HOUR * i32::try_from(hours).unwrap()
}

/// A connection with which all is well at this time.
fn well(now: Timestamp) -> Facts {
    Facts {
        status: ConnectionStatus::Active,
        auto_sync: true,
        sync_every_hours: None,
        created_at: at(-9_000),
        updated_at: at(-8_000),
        trouble: None,
        last_success_at: Some(now),
        last_full_at: Some(now),
        cursor_read_at: Some(now),
        notifications: Notifications::Until(now + HOUR * 400),
        credential_expires_at: None,
        open_hold: None,
    }
}

fn pause(kind: PauseKind, hour: i64) -> ConnectionStatus {
    let reason =
        PauseReason { kind, message: "the secret has expired".to_owned(), action: "Make a new one.".to_owned() };
    ConnectionStatus::Paused { reason, since: at(hour) }
}

fn trouble(kind: &str, hour: i64) -> Option<Trouble> {
    Some(Trouble { since: at(hour), kind: kind.to_owned(), message: "Graph is busy".to_owned(), retry_at: None })
}

/// Somebody who looks, tells and remembers.
#[derive(Default)]
struct Witness {
    ledger: Ledger,
    heard: Vec<(Timestamp, Notice)>,
}

impl Witness {
    fn look(&mut self, now: Timestamp, facts: &Facts) {
        for kept in upkeep(now, facts, &self.ledger, Way::Mail) {
            self.ledger.insert(kept.matter, kept);
        }
        for notice in due(now, facts, &self.ledger) {
            let before =
                self.ledger.get(&notice.matter).cloned().unwrap_or_else(|| Told::nothing(notice.matter, Way::Mail));
            let claimed = claim(&before, &notice, now);
            self.ledger.insert(notice.matter, told(&claimed, &notice, now));
            self.heard.push((now, notice));
        }
    }

    /// What was heard: hours since the start, the matter, and the step or why else.
    fn lines(&self) -> Vec<String> {
        let line = |(now, notice): &(Timestamp, Notice)| {
            let hour = now.duration_since(start()).as_hours();
            let what = match notice.telling {
                Telling::Step { number, first: true } => format!("{number} first"),
                Telling::Step { number, first: false } => number.to_string(),
                Telling::Countdown { step } => format!("countdown {step}"),
                Telling::Recovery => "recovery".to_owned(),
            };
            format!("{hour} {} {what}", notice.matter.word())
        };
        self.heard.iter().map(line).collect()
    }
}

#[test]
fn of_a_connection_with_which_all_is_well_nothing_is_told() {
    let mut witness = Witness::default();
    for hour in 0..90 * 24 {
        witness.look(at(hour), &well(at(hour)));
    }
    assert_eq!(witness.lines(), [""; 0]);
    assert!(witness.ledger.is_empty(), "nothing is written either");
}

#[test]
fn a_pause_is_told_at_once_and_each_reminder_once_in_ninety_days_of_hourly_looks() {
    let mut witness = Witness::default();
    for hour in 0..=90 * 24 {
        // Twice, as when the function is invoked again.
        for _ in 0..2 {
            witness.look(at(hour), &Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) });
        }
    }
    let days = [0, 1, 3, 7, 14, 30, 60, 90];
    let expected: Vec<String> = days
        .iter()
        .enumerate()
        .map(|(step, day)| format!("{} paused {step}{}", day * 24, if step == 0 { " first" } else { "" }))
        .collect();
    assert_eq!(witness.lines(), expected);
}

#[test]
fn recovery_is_told_once_and_only_to_those_who_heard_of_the_failure() {
    let mut witness = Witness::default();
    witness.look(at(0), &Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) });
    for hour in 1..100 {
        witness.look(at(hour), &well(at(hour)));
    }
    assert_eq!(witness.lines(), ["0 paused 0 first", "1 paused recovery"]);

    let mut witness = Witness::default();
    witness.look(at(0), &Facts { trouble: trouble("throttled", 0), ..well(at(0)) });
    witness.look(at(1), &well(at(1)));
    assert_eq!(witness.lines(), [""; 0], "it passed before anybody heard of it");
}

#[test]
fn a_second_pause_is_told_anew_though_the_first_is_hardly_over() {
    let mut witness = Witness::default();
    witness.look(at(0), &Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) });
    witness.look(at(30), &Facts { status: pause(PauseKind::Consent, 29), ..well(at(0)) });
    witness.look(at(31), &well(at(31)));
    assert_eq!(witness.lines(), ["0 paused 0 first", "30 paused 0 first", "31 paused recovery"]);
}

#[test]
fn a_failed_second_telling_still_owes_the_recovery_of_the_first() {
    let mut witness = Witness::default();
    witness.look(at(0), &Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) });
    let again = Facts { status: pause(PauseKind::Consent, 29), ..well(at(0)) };
    let notice = due(at(30), &again, &witness.ledger)[0];
    // Claimed, and then sending failed.
    let claimed = Told { claimed_at: None, ..claim(&witness.ledger[&Matter::Paused], &notice, at(30)) };
    witness.ledger.insert(Matter::Paused, claimed);
    witness.look(at(31), &well(at(31)));
    assert_eq!(witness.lines(), ["0 paused 0 first", "31 paused recovery"]);
}

#[test]
fn steps_that_nobody_looked_at_are_not_caught_up_with_one_by_one() {
    let mut witness = Witness::default();
    let paused = Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) };
    for hour in [0, 24 * 8, 24 * 8 + 1, 24 * 40] {
        witness.look(at(hour), &paused);
    }
    assert_eq!(witness.lines(), ["0 paused 0 first", "192 paused 3", "960 paused 5"]);
    // The very first look may be late as well.
    let mut witness = Witness::default();
    witness.look(at(24 * 8), &paused);
    assert_eq!(witness.lines(), ["192 paused 3 first"]);
}

#[test]
fn a_clock_that_goes_back_makes_nobody_hear_anything_twice() {
    let mut witness = Witness::default();
    let paused = Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) };
    for hour in [0, 25, 24, 1, -5, 0, 26, 72, 3, 73] {
        witness.look(at(hour), &paused);
    }
    assert_eq!(witness.lines(), ["0 paused 0 first", "25 paused 1", "72 paused 2"]);
}

#[test]
fn a_claim_holds_others_back_until_it_lapses_whatever_the_clock_does() {
    let paused = Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) };
    let notice = due(at(0), &paused, &Ledger::new())[0];
    let claimed = claim(&Told::nothing(Matter::Paused, Way::Mail), &notice, at(0));
    let ledger = Ledger::from([(Matter::Paused, claimed)]);
    let minutes = |minutes| at(0) + SignedDuration::from_mins(minutes);
    for (now, count) in [(0, 0), (15, 0), (16, 1), (60, 1)] {
        assert_eq!(due(minutes(now), &paused, &ledger).len(), count, "{now} minutes");
        // What is claimed is not tidied away either.
        let over = Facts { status: ConnectionStatus::Inactive, ..paused.clone() };
        assert_eq!(upkeep(minutes(now), &over, &ledger, Way::Mail).len(), count, "{now} minutes");
    }
    assert_eq!(due(minutes(-1), &Facts { status: pause(PauseKind::Consent, -9), ..paused.clone() }, &ledger).len(), 0);
    assert_eq!(due(minutes(-17), &Facts { status: pause(PauseKind::Consent, -9), ..paused }, &ledger).len(), 1);
}

#[test]
fn passing_trouble_is_told_after_six_hours_and_other_trouble_at_once() {
    for (kind, first) in [("throttled", 6), ("unavailable", 6), ("incomplete", 0), ("refused", 0), ("novel", 0)] {
        let mut witness = Witness::default();
        for hour in 0..60 {
            // Runs go on failing: nothing succeeds any more.
            witness.look(at(hour), &Facts { trouble: trouble(kind, 0), ..well(at(0)) });
        }
        let expected = [format!("{first} trouble 0 first"), format!("{} trouble 1", first + 24)];
        assert_eq!(witness.lines(), expected, "{kind}: and that no run succeeds is not told as well");
    }
}

#[test]
fn that_no_run_succeeds_is_told_after_26_hours_or_sooner_where_runs_come_more_often() {
    for (every, first) in [(None, 26), (Some(24), 26), (Some(6), 14), (Some(1), 4)] {
        // Longer than that: the next hourly look.
        let mut witness = Witness::default();
        for hour in 0..200 {
            let silent = Facts { sync_every_hours: every, cursor_read_at: Some(at(0)), ..well(at(0)) };
            let now = Facts { notifications: Notifications::NotWanted, ..silent };
            // What is not renewed because nothing runs is not told beside it.
            witness.look(at(hour), &now);
        }
        witness.look(at(200), &well(at(200)));
        let lines = witness.lines();
        assert_eq!(lines[0], format!("{} no_run 0 first", first + 1), "{every:?}");
        assert_eq!(lines.last().unwrap(), "200 no_run recovery");
        assert!(lines.iter().all(|line| line.contains("no_run")), "{lines:?}");
    }
}

#[test]
fn who_asked_for_no_runs_is_not_told_that_there_are_none() {
    let mut witness = Witness::default();
    for hour in 0..300 {
        witness.look(at(hour), &Facts { auto_sync: false, notifications: Notifications::NotWanted, ..well(at(0)) });
    }
    assert_eq!(witness.lines(), [""; 0]);
}

#[test]
fn an_activation_or_a_change_of_settings_starts_the_time_anew_and_is_no_recovery() {
    // Inactive for a year, and then activated: it is not forgotten yet.
    let mut witness = Witness::default();
    for hour in 0..=26 {
        witness.look(at(hour), &Facts { updated_at: at(0), ..well(at(-9_000)) }.silent());
    }
    assert_eq!(witness.lines(), [""; 0]);
    witness.look(at(27), &Facts { updated_at: at(0), ..well(at(-9_000)) }.silent());
    assert_eq!(witness.lines(), ["27 no_run 0 first"]);
    // Somebody changes the settings, and still nothing runs.
    for hour in 28..=80 {
        witness.look(at(hour), &Facts { updated_at: at(28), ..well(at(-9_000)) }.silent());
    }
    assert_eq!(witness.lines().len(), 2, "{:?}", witness.lines());
    assert_eq!(witness.lines()[1], "78 no_run 1");
    witness.look(at(81), &well(at(81)));
    assert_eq!(witness.lines()[2], "81 no_run recovery");
}

#[test]
fn a_connection_that_never_succeeded_is_missed_too() {
    let mut witness = Witness::default();
    for hour in 0..30 {
        let never = Facts { last_success_at: None, cursor_read_at: None, updated_at: at(0), ..well(at(0)) };
        witness.look(at(hour), &never);
    }
    assert_eq!(witness.lines(), ["27 no_run 0 first"]);
}

#[test]
fn delta_links_that_are_not_renewed_are_told_of_two_days_before_they_are_forgotten() {
    let mut witness = Witness::default();
    for hour in 0..=150 {
        witness.look(at(hour), &Facts { cursor_read_at: Some(at(0)), ..well(at(hour)) });
    }
    witness.look(at(151), &well(at(151)));
    assert_eq!(witness.lines(), ["121 cursor 0 first", "144 cursor 1", "151 cursor recovery"]);
}

#[test]
fn a_subscription_that_is_not_renewed_is_told_of_with_48_hours_left() {
    let mut witness = Witness::default();
    for hour in 0..=120 {
        // It ends, and later its row is gone as well.
        let end = if hour < 110 { Notifications::Until(at(100)) } else { Notifications::Missing };
        witness.look(at(hour), &Facts { notifications: end, ..well(at(hour)) });
    }
    witness.look(at(121), &well(at(121)));
    assert_eq!(
        witness.lines(),
        ["53 subscription 0 first", "76 subscription 1", "121 subscription recovery"],
        "one trouble from beginning to end"
    );
}

#[test]
fn a_subscription_that_can_not_be_made_is_told_of_after_a_day() {
    let mut witness = Witness::default();
    for hour in 0..=30 {
        witness.look(at(hour), &Facts { notifications: Notifications::Missing, ..well(at(hour)) });
    }
    assert_eq!(witness.lines(), ["24 subscription 0 first"]);
    witness.look(at(31), &well(at(31)));
    // A short gap afterwards is nobody's business, and begins a time of its own.
    witness.look(at(32), &Facts { notifications: Notifications::Missing, ..well(at(32)) });
    witness.look(at(33), &well(at(33)));
    witness.look(at(60), &Facts { notifications: Notifications::Missing, ..well(at(60)) });
    assert_eq!(witness.lines(), ["24 subscription 0 first", "31 subscription recovery"]);
}

#[test]
fn a_credential_is_counted_down_and_its_replacement_needs_no_word() {
    let mut witness = Witness::default();
    let end = Some(at(40 * 24));
    for hour in 0..=50 * 24 {
        witness.look(at(hour), &Facts { credential_expires_at: end, ..well(at(hour)) });
    }
    let days = [10, 26, 33, 39, 40];
    let expected: Vec<String> =
        days.iter().enumerate().map(|(step, day)| format!("{} credential countdown {step}", day * 24)).collect();
    assert_eq!(witness.lines(), expected);

    let mut witness = Witness::default();
    witness.look(at(35 * 24), &Facts { credential_expires_at: end, ..well(at(35 * 24)) });
    witness.look(at(35 * 24 + 1), &Facts { credential_expires_at: Some(at(400 * 24)), ..well(at(35 * 24 + 1)) });
    assert_eq!(witness.ledger[&Matter::Credential].since, None);
    // The next one is counted down from its own beginning.
    witness.look(at(371 * 24), &Facts { credential_expires_at: Some(at(400 * 24)), ..well(at(371 * 24)) });
    assert_eq!(witness.lines(), ["840 credential countdown 2", "8904 credential countdown 0"]);
}

#[test]
fn while_a_connection_is_paused_nothing_else_is_told_but_its_credential() {
    let mut witness = Witness::default();
    let mut sick = Facts {
        status: pause(PauseKind::GroupGone, 0),
        trouble: trouble("incomplete", 0),
        notifications: Notifications::Missing,
        credential_expires_at: Some(at(5 * 24)),
        ..well(at(-500))
    };
    for hour in 0..20 {
        witness.look(at(hour), &sick);
    }
    assert_eq!(witness.lines(), ["0 paused 0 first", "0 credential countdown 2"]);
    // It is paused because of the credential, and says so: its end is no news.
    sick.status = pause(PauseKind::Credential, 5 * 24);
    let mut witness = Witness::default();
    witness.look(at(5 * 24 + 1), &sick);
    assert_eq!(witness.lines(), ["121 paused 0 first"]);
}

#[test]
fn a_connection_that_is_stopped_on_request_is_forgotten_without_a_word() {
    for status in [ConnectionStatus::Inactive, ConnectionStatus::Draft, ConnectionStatus::Deleting] {
        let mut witness = Witness::default();
        witness.look(at(0), &Facts { status: pause(PauseKind::Consent, 0), ..well(at(0)) });
        witness.look(at(1), &Facts { status, ..well(at(0)) });
        witness.look(at(2), &well(at(2)));
        assert_eq!(witness.lines(), ["0 paused 0 first"]);
    }
}

impl Facts {
    /// Without what else is noticed when nothing runs.
    fn silent(self) -> Self {
        Self { notifications: Notifications::NotWanted, ..self }
    }
}

/// One hour of a history.
#[derive(Clone, Debug)]
struct Hour {
    looks: u8,
    paused: bool,
    trouble: bool,
    read: bool,
    watched: bool,
}

fn any_hour() -> impl Strategy<Value = Hour> {
    (0u8..3, prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.9), prop::bool::weighted(0.9))
        .prop_map(|(looks, paused, trouble, read, watched)| Hour { looks, paused, trouble, read, watched })
}

proptest! {
    /// Whatever happens, nobody hears the same step of the same occurrence twice, steps only rise, and a recovery comes
    /// only after something that it can be the recovery of.
    #[test]
    fn nothing_is_told_twice_and_no_recovery_without_a_failure(
        hours in proptest::collection::vec(any_hour(), 1..600),
        stretch in 1i64..30,
    ) {
        let mut witness = Witness::default();
        let (mut paused, mut troubled, mut read) = (None, None, 0);
        for (number, hour) in hours.iter().enumerate() {
            let now = i64::try_from(number).unwrap() * stretch;
            paused = hour.paused.then(|| paused.unwrap_or(now));
            troubled = hour.trouble.then(|| troubled.unwrap_or(now));
            if hour.read { read = now }
            let facts = Facts {
                status: paused.map_or(ConnectionStatus::Active, |since| pause(PauseKind::Consent, since)),
                trouble: troubled.and_then(|since| trouble("throttled", since)),
                notifications: if hour.watched { Notifications::Until(at(now + 400)) } else { Notifications::Missing },
                ..well(at(read))
            };
            for _ in 0..hour.looks {
                witness.look(at(now), &facts);
            }
        }
        let mut open: BTreeMap<Matter, (Timestamp, u32)> = BTreeMap::new();
        for (_, notice) in &witness.heard {
            match notice.telling {
                Telling::Step { number, first } => {
                    if let Some((since, before)) = open.get(&notice.matter).copied() {
                        prop_assert_eq!(since != notice.since, first);
                        prop_assert!(first || number > before);
                    } else {
                        prop_assert!(first);
                    }
                    open.insert(notice.matter, (notice.since, number));
                }
                Telling::Recovery => prop_assert!(open.remove(&notice.matter).is_some()),
                Telling::Countdown { .. } => prop_assert!(false, "nothing ends here"),
            }
        }
    }
}

#[test]
fn removals_that_wait_are_told_at_once_and_again_and_no_more_once_nothing_waits() {
    let mut witness = Witness::default();
    let waiting = |hour: i64| Facts { open_hold: Some(OpenHold { since: at(hour), removals: 60 }), ..well(at(hour)) };
    for hour in 5..=30 {
        witness
            .look(at(hour), &Facts { last_success_at: Some(at(hour)), cursor_read_at: Some(at(hour)), ..waiting(5) });
    }
    assert_eq!(witness.lines(), ["5 hold 0 first", "29 hold 1"]);
    // Decided, and another one opens.
    witness.look(at(31), &well(at(31)));
    witness.look(at(40), &waiting(40));
    assert_eq!(witness.lines()[2..], ["40 hold 0 first"]);
}
