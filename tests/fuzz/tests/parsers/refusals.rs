//! Answers that are no success, and successes that are none.

use std::time::Duration;

use fuzz::answer::Answer;
use fuzz::graph::{SECRET, Scripted, TOKEN, run};
use fuzz::memory::bounded;
use fuzz::reading::{CANARY, error_codes, has_name};
use rollcall_graph::users::{self, DeltaStart, Expand};
use rollcall_graph::{Cause, Error, PageLink};
use uuid::Uuid;

use crate::{BLIND, target};

target!(
    /// Any answer to a delta link, to the next page, and to a question about one person.
    errors, BLIND, refusal
);
target!(
    /// The header alone, in a 429.
    retry_after, BLIND, pause
);

fn refusal(input: &[u8]) {
    let answer = Answer::read(input);
    let link = |query: &str| PageLink::new(format!("https://graph.test/v1.0/users/delta?{query}"));
    bounded(input, 1 << 20, 400, || {
        for (start, is_delta) in [(link("$deltatoken=a"), true), (link("$skiptoken=a"), false)] {
            let request = users::delta(&[], DeltaStart::Link(start));
            if let Err(error) = run(Scripted::graph([answer.clone()]).client().send(&request)) {
                check_error(&answer, &error, true);
                let useless = is_delta && matches!(answer.status.as_u16(), 400 | 404 | 410);
                assert!(!useless || matches!(error, Error::StartOver { .. }), "{error}");
            }
        }
        let request = users::get(Uuid::from_u128(1), &["displayName"], Expand::Manager);
        if let Err(error) = run(Scripted::graph([answer.clone()]).client().send(&request)) {
            check_error(&answer, &error, false);
        }
    });
}

/// What holds for every error about an answer of Graph.
pub(crate) fn check_error(answer: &Answer, error: &Error, by_link: bool) {
    let status = answer.status.as_u16();
    let body = answer.value().unwrap_or_default();
    let codes = error_codes(&body);
    match error {
        Error::NotFound { .. } => {
            assert!(status == 404 && !by_link);
            assert!(codes.iter().any(|code| !code.is_empty()), "a 404 that Graph did not write is no absence");
        }
        Error::Throttled { retry_after, .. } => {
            assert_eq!(status, 429);
            check_pause(*retry_after);
        }
        Error::Transient { retry_after, cause, .. } => {
            check_pause(*retry_after);
            let unreadable = *cause == Cause::Unreadable;
            assert_eq!(unreadable, answer.status.is_success(), "{cause}");
        }
        Error::StartOver { .. } => {
            let told = codes.iter().any(|code| is_about_delta(code));
            assert!(told || (by_link && matches!(status, 400 | 404 | 410)), "{status} {codes:?}");
        }
        Error::PageExpired { .. } => assert!((400..500).contains(&status)),
        Error::Refused { .. } | Error::Consent { .. } => assert!(!answer.status.is_success() && status >= 400),
        Error::Credential { .. } => assert_eq!(status, 401),
        Error::ForeignLink { .. } => assert!(answer.status.is_success() || answer.status.is_redirection()),
        Error::ContractBroken { .. } => assert!(answer.is_json_success()),
    }
    let told = format!("{error} {error:?}");
    assert!(!told.contains(SECRET) && !told.contains(TOKEN), "{told}");
    // A code (the letters of it) and the name of a member are told on purpose.
    let letters = |code: &String| code.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    if !codes.iter().any(|code| letters(code).contains(CANARY)) && !has_name(&body, CANARY) {
        assert!(!told.contains(CANARY), "{told}");
    }
}

/// Of a code only the letters count.
fn is_about_delta(code: &str) -> bool {
    let letters: String = code.chars().filter(char::is_ascii_alphabetic).collect();
    ["syncStateNotFound", "resyncRequired"].iter().any(|known| letters.eq_ignore_ascii_case(known))
}

/// A pause is never shorter than nothing and never longer than a quarter of an hour, with a little added.
pub(crate) fn check_pause(pause: Duration) {
    assert!(pause <= Duration::from_secs(15 * 60 + 5), "{pause:?}");
}

fn pause(input: &[u8]) {
    let mut answer = Answer::read(b"HTTP/1.1 429\n\n");
    let Ok(value) = http::HeaderValue::from_bytes(input) else { return };
    answer.headers.insert("retry-after", value);
    let read = run(Scripted::graph([answer.clone()]).client().send(&users::count()));
    let Err(Error::Throttled { retry_after, .. }) = read else { panic!("a 429 asks for a pause: {read:?}") };
    check_pause(retry_after);
    let text = answer.header("retry-after").map(str::trim).unwrap_or_default();
    if let (true, Ok(seconds)) = (text.bytes().all(|byte| byte.is_ascii_digit()), text.parse::<u64>()) {
        let asked = Duration::from_secs(seconds.clamp(1, 15 * 60));
        assert!(retry_after >= asked && retry_after <= asked.mul_f64(1.1), "{text}: {retry_after:?}");
    }
}
