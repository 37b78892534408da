//! The answer to a `$batch`.

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::{error_codes, id};
use rollcall_graph::{Error, users};
use serde_json::Value;
use uuid::Uuid;

use crate::refusals::check_pause;
use crate::{BLIND, target};

target!(
    /// Three questions, in one answer.
    items, BLIND, items_of
);

/// Questions of the request.
const ASKED: usize = 3;

fn items_of(input: &[u8]) {
    let answer = Answer::read(input);
    let requests: Vec<_> = (0..ASKED).map(|number| users::manager(Uuid::from_u128(number as u128))).collect();
    bounded(input, 1 << 20, 400, || {
        let outcomes = run(async { Scripted::graph([answer.clone()]).client().batch(&requests).await });
        assert_eq!(outcomes.len(), ASKED, "every question has an outcome");
        for (number, outcome) in outcomes.iter().enumerate() {
            check(&answer, number, outcome.as_ref().map(|found| found.id));
        }
    });
}

fn check(answer: &Answer, number: usize, outcome: Result<Uuid, &Error>) {
    // The plain reading also refuses what a parser does not look at.
    let Some(body) = answer.value() else { return };
    let responses = body["responses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = number.to_string();
    let own: Vec<&Value> = responses.iter().filter(|item| item["id"] == number.as_str()).collect();
    let own_status = |low, high| own.iter().any(|item| item["status"].as_u64().is_some_and(|s| s >= low && s <= high));
    match outcome {
        Ok(found) => {
            assert!(answer.is_json_success() && own_status(200, 299), "only its own success counts");
            assert!(own.iter().any(|item| id(&item["body"], "id") == Some(found)));
        }
        Err(Error::NotFound { .. }) if answer.status.is_success() => {
            let codes = own.iter().flat_map(|item| error_codes(&item["body"]));
            assert!(own_status(404, 404) && codes.count() > 0, "absence is said by Graph about this very item");
        }
        Err(error) => {
            if let Some(pause) = error.retry_after() {
                check_pause(pause);
            }
        }
    }
}
