use rollcall_store::{PauseKind, PauseReason};
use uuid::Uuid;

use super::*;
use crate::notice::card;
use crate::notice::letter::letter;

fn start() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

fn about(name: &str) -> About {
    About { id: ConnectionId(Uuid::from_u128(0xc0)), name: name.to_owned(), credential: CredentialKind::ClientSecret }
}

fn facts() -> Facts {
    let reason = PauseReason {
        kind: PauseKind::Credential,
        message: "the client secret has expired".to_owned(),
        action: "An administrator of the Entra tenant must make a new credential.".to_owned(),
    };
    Facts {
        status: ConnectionStatus::Paused { reason, since: start() },
        auto_sync: true,
        sync_every_hours: None,
        created_at: start(),
        updated_at: start(),
        trouble: Some(Trouble {
            since: start(),
            kind: "throttled".to_owned(),
            message: "Graph answers with 429".to_owned(),
            retry_at: Some(start() + SignedDuration::from_hours(1)),
        }),
        last_success_at: Some(start()),
        last_full_at: Some(start()),
        cursor_read_at: Some(start()),
        notifications: Notifications::Until(start() + SignedDuration::from_hours(48)),
        credential_expires_at: None,
        open_hold: None,
    }
}

fn of(matter: Matter, telling: Telling) -> Words {
    let now = start() + SignedDuration::from_hours(30);
    words(&about("Contoso"), &facts(), &Notice { matter, telling, since: start() }, now)
}

fn mail(words: &Words) -> String {
    let letter = letter(&["it@contoso.com".to_owned()], words);
    format!("To: {}\nSubject: {}\n\n{}", letter.to.join(", "), letter.subject, letter.body)
}

const FIRST: Telling = Telling::Step { number: 0, first: true };

#[test]
fn each_mail_says_what_happened_since_when_what_it_means_and_who_must_do_what() {
    let mut all = String::new();
    for matter in Matter::ALL {
        let telling = if matter == Matter::Credential { Telling::Countdown { step: 4 } } else { FIRST };
        all.push_str(&mail(&of(matter, telling)));
        all.push_str("-----\n");
    }
    all.push_str(&mail(&of(Matter::Paused, Telling::Step { number: 2, first: false })));
    all.push_str("-----\n");
    all.push_str(&mail(&of(Matter::Paused, Telling::Recovery)));
    insta::assert_snapshot!(all);
}

#[test]
fn a_card_is_what_the_workflow_of_a_channel_takes() {
    let reminder = of(Matter::Paused, Telling::Step { number: 2, first: false });
    insta::assert_json_snapshot!(card::message(&reminder));
    for (telling, style) in [(FIRST, "attention"), (Telling::Recovery, "good")] {
        let message = card::message(&of(Matter::Paused, telling));
        assert_eq!(message.pointer("/attachments/0/content/body/0/style").unwrap(), style);
    }
    let warning = card::message(&of(Matter::Subscription, FIRST));
    assert_eq!(warning.pointer("/attachments/0/content/body/0/style").unwrap(), "warning");
}

#[test]
fn that_nobody_loses_access_is_said_in_every_notice_of_a_failure() {
    for matter in Matter::ALL {
        let telling = if matter == Matter::Credential { Telling::Countdown { step: 0 } } else { FIRST };
        assert!(mail(&of(matter, telling)).contains("Nobody loses access because of this."), "{matter:?}");
        assert!(!mail(&of(matter, Telling::Recovery)).contains("loses"), "{matter:?}");
    }
}

#[test]
fn what_others_wrote_stays_on_its_line_and_is_no_markup() {
    let name = "Contoso\r\nBcc: evil@example.com [here](https://evil.example)";
    let mut facts = facts();
    if let ConnectionStatus::Paused { reason, .. } = &mut facts.status {
        reason.message = format!("first\nSubject: second {}", "x".repeat(30_000));
    }
    let notice = Notice { matter: Matter::Paused, telling: FIRST, since: start() };
    let words = words(&about(name), &facts, &notice, start());
    let letter = letter(&[], &words);
    assert!(!letter.subject.contains(['\r', '\n']));
    assert!(!letter.body.contains("\nBcc") && !letter.body.contains("\nSubject"), "{}", letter.body);
    let card = card::message(&words).to_string();
    assert!(card.len() < 20_000, "{}", card.len());
    // Markdown is understood in text blocks and facts, and not in text runs.
    assert!(card.contains("TextRun") && !card.contains("\"TextBlock\"") && !card.contains("FactSet"));
}

#[test]
fn a_reminder_says_which_one_it_is_and_when_the_next_one_follows() {
    for (number, wait) in [(1, "2 days"), (2, "4 days"), (3, "7 days"), (4, "16 days"), (5, "30 days"), (9, "30 days")]
    {
        let words = of(Matter::NoRun, Telling::Step { number, first: false });
        let expected = format!("This is reminder {number}. If it is not mended, the next one follows in {wait}.");
        assert_eq!(words.reminder, Some(expected));
        assert!(words.subject.starts_with("Reminder: "));
    }
    assert_eq!(of(Matter::NoRun, Telling::Step { number: 3, first: true }).reminder, None);
}

#[test]
fn the_days_that_are_left_are_those_on_the_calendar_and_not_those_of_the_ladder() {
    for (hours, expected) in
        [(700, "in 30 days"), (169, "in 8 days"), (168, "in 7 days"), (24, "within a day"), (1, "within a day")]
    {
        let end = start() + SignedDuration::from_hours(hours);
        let notice = Notice { matter: Matter::Credential, telling: Telling::Countdown { step: 0 }, since: end };
        let certificate = About { credential: CredentialKind::Certificate, ..about("Contoso") };
        let words = words(&certificate, &facts(), &notice, start());
        assert_eq!(words.subject, format!("The certificate of the connection Contoso expires {expected}"));
    }
}
