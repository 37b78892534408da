//! A page of a delta round.

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::member;
use rollcall_graph::users::{self, DeltaStart};
use rollcall_graph::{Page, Request, groups};
use serde_json::Value;

use crate::listing::{check_group, check_page, check_user};
use crate::refusals::check_error;
use crate::{BLIND, target};

target!(
    /// Changes of users and of groups: the same answer to each.
    changes, BLIND, page
);

fn page(input: &[u8]) {
    let answer = Answer::read(input);
    bounded(input, 1 << 20, 400, || {
        check(users::delta(&["displayName"], DeltaStart::Initial), &answer, check_user);
        check(groups::delta(&["members"], DeltaStart::Latest), &answer, check_group);
    });
}

fn check<T>(request: Request<Page<T>>, answer: &Answer, row: impl Fn(&T, &Value)) {
    match run(Scripted::graph([answer.clone()]).client().send(&request)) {
        Err(error) => check_error(answer, &error, false),
        Ok(page) => {
            assert!(page.next.is_some() != page.delta.is_some(), "neither link is an error, and so are both");
            if let Some(body) = answer.value() {
                let link = member(&body, "@odata.deltaLink").and_then(Value::as_str);
                assert_eq!(page.delta.as_ref().map(|link| link.as_str()), link);
            }
            check_page(answer, &page, row);
        }
    }
}
