//! What the identity platform answers.

use fuzz::answer::Answer;
use fuzz::graph::{SECRET, Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::{CANARY, has_name, member};
use rollcall_graph::{Error, users};
use serde_json::Value;

use crate::refusals::check_pause;
use crate::{BLIND, target};

target!(
    /// A token, or a refusal.
    answers, BLIND, token
);

fn token(input: &[u8]) {
    let answer = Answer::read(input);
    let count = Answer::read(b"HTTP/1.1 200\ncontent-type: text/plain\n\n7");
    bounded(input, 1 << 20, 400, || {
        let script = Scripted::new(answer.clone(), [count.clone()]);
        let read = run(script.client().send(&users::count()));
        assert!(read.is_ok() || script.sent().is_empty(), "without a token nothing is asked of Graph");
        // The plain reading also refuses what a parser does not look at.
        let Some(body) = answer.value() else { return };
        match read {
            Ok(number) => check_granted(&answer, &body, &script, number),
            Err(error) => check_refused(&answer, &body, &error),
        }
    });
}

fn check_granted(answer: &Answer, body: &Value, script: &Scripted, number: u64) {
    assert_eq!(number, 7);
    assert!(answer.status.is_success());
    let text = |name| member(body, name).and_then(Value::as_str).unwrap();
    assert!(text("token_type").eq_ignore_ascii_case("bearer"));
    let sent = script.sent();
    let header = &sent[0].headers["authorization"];
    assert_eq!(header.as_bytes(), format!("Bearer {}", text("access_token")).as_bytes());
    assert!(header.is_sensitive(), "no log shows it");
}

fn check_refused(answer: &Answer, body: &Value, error: &Error) {
    match error {
        Error::Credential { .. } | Error::Consent { .. } => {
            assert!(answer.status.is_client_error() || answer.status.is_informational(), "{}", answer.status);
            assert!(body["error"].is_string(), "only the identity platform itself refuses a credential");
        }
        Error::Throttled { retry_after, .. } | Error::Transient { retry_after, .. } => check_pause(*retry_after),
        Error::ForeignLink { .. } => assert!(answer.status.is_redirection()),
        other => panic!("nothing of Graph was asked: {other}"),
    }
    let told = format!("{error} {error:?}");
    assert!(!told.contains(SECRET));
    let letters = |code: &str| code.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let in_code = body["error"].as_str().is_some_and(|code| letters(code).contains(CANARY));
    assert!(in_code || has_name(body, CANARY) || !told.contains(CANARY), "{told}");
}
