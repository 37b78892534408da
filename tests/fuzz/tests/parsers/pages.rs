//! A whole reading, page after page.

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, run};
use fuzz::memory::bounded;
use fuzz::reading::member;
use rollcall_graph::users::{self, DeltaStart, Expand};
use rollcall_graph::{Error, GraphClient, Page, Request, User};
use serde_json::Value;

use crate::{BLIND, target};

target!(
    /// The answers, one after the other, to whoever follows the links.
    readings, BLIND, reading
);

fn reading(input: &[u8]) {
    let mut answers = Answer::read_all(input);
    answers.truncate(40);
    bounded(input, 2 << 20, 400, || {
        check(users::list(&[], Expand::Nothing), &answers, "@odata.nextLink", false);
        check(users::delta(&[], DeltaStart::Initial), &answers, "@odata.deltaLink", true);
    });
}

fn check(request: Request<Page<User>>, answers: &[Answer], link: &str, there_at_the_end: bool) {
    let script = Scripted::graph(answers.iter().cloned());
    let (people, end) = run(read(&script.client(), request));
    let served = &answers[..script.sent().len().min(answers.len())];
    assert!(script.sent().len() <= answers.len() + 1);
    if end.is_err() {
        return;
    }
    // To the end: every page that was served is whole, and the last one says that it is the last.
    assert!(!served.is_empty() && served.iter().all(Answer::is_json_success));
    let pages: Vec<Value> = served.iter().filter_map(Answer::value).collect();
    if pages.len() < served.len() {
        // What the plain reading refuses may stand in a member that nobody reads.
        return;
    }
    let rows = pages.iter().map(|page| page["value"].as_array().unwrap().len());
    assert_eq!(people, rows.sum::<usize>(), "nobody is lost, and nobody read twice");
    assert_eq!(member(pages.last().unwrap(), link).is_some(), there_at_the_end);
    for page in &pages[..pages.len() - 1] {
        assert!(member(page, "@odata.nextLink").is_some());
    }
}

async fn read(client: &GraphClient, request: Request<Page<User>>) -> (usize, Result<(), Error>) {
    let mut pages = client.pages(request);
    let mut people = 0;
    loop {
        match pages.next().await {
            Ok(Some(page)) => people += page.value.len(),
            Ok(None) => return (people, Ok(())),
            Err(error) => return (people, Err(error)),
        }
    }
}
