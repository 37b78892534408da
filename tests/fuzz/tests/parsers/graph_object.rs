//! Answers that are one thing: a person, a group, a manager, a number, a subscription.

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::{id, member};
use http::Method;
use rollcall_graph::users::{self, Expand};
use rollcall_graph::{Request, groups, subscriptions};
use serde_json::Value;
use uuid::Uuid;

use crate::listing::{check_group, check_user};
use crate::refusals::check_error;
use crate::{BLIND, target};

target!(
    /// The same answer to each question.
    objects, BLIND, object
);

fn object(input: &[u8]) {
    let answer = Answer::read(input);
    let one = Uuid::from_u128(1);
    bounded(input, 1 << 20, 400, || {
        check(&users::get(one, &["displayName"], Expand::Manager), &answer, check_user);
        check(&groups::get(one), &answer, check_group);
        check(&users::manager(one), &answer, |manager, body| assert_eq!(id(body, "id"), Some(manager.id)));
        check(&subscriptions::get(one), &answer, |found, body| {
            assert_eq!(id(body, "id"), Some(found.id));
            assert_eq!(member(body, "resource").and_then(Value::as_str), Some(found.resource.as_str()));
        });
        check(&users::count(), &answer, |_, _| {});
        check(&Request::<Value>::object(Method::GET, "/organization", &[]), &answer, |read, body| {
            assert_eq!(read, body)
        });
    });
}

fn check<T>(request: &Request<T>, answer: &Answer, read: impl Fn(&T, &Value)) {
    match run(Scripted::graph([answer.clone()]).client().send(request)) {
        Err(error) => check_error(answer, &error, false),
        Ok(found) => {
            assert!(answer.status.is_success());
            if let Some(body) = answer.value() {
                read(&found, &body);
            }
        }
    }
}
