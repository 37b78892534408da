//! A page link: where the token would go.

use fuzz::answer::Answer;
use fuzz::graph::{Scripted, TOKEN, run};
use rollcall_graph::users::{self, DeltaStart, Expand};
use rollcall_graph::{Error, PageLink};

use crate::{BLIND, target};

target!(
    /// A link out of a page, or out of storage.
    links, BLIND, link
);

fn link(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let link = PageLink::new(text);
    assert_eq!(link.as_str(), text);
    check_debug(&link);
    let page =
        || Answer::json(r#"{"value":[],"@odata.deltaLink":"https://graph.test/v1.0/users/delta?$deltatoken=a"}"#);
    // The transport itself fails when a request goes elsewhere.
    let script = Scripted::graph([page()]);
    let request = users::delta(&[], DeltaStart::Link(link.clone()));
    match run(script.client().send(&request)) {
        Ok(_) => {
            let sent = script.sent();
            assert_eq!(sent[0].uri.host(), Some("graph.test"));
            assert_eq!(sent[0].headers["authorization"], format!("Bearer {TOKEN}"));
            let parts: Vec<&str> = sent[0].uri.path().split('/').collect();
            assert!(!parts.contains(&".."), "{}", sent[0].uri);
        }
        Err(error) => {
            assert!(matches!(error, Error::ForeignLink { .. }), "{error}");
            assert!(script.sent().is_empty());
            // A short one may be a piece of the path template, which is shown.
            assert!(text.len() < 24 || !error.to_string().contains(text), "a link is not shown");
        }
    }
    in_a_batch(link);
}

/// The query of a link, in which tokens are, is not shown. A short one, or a piece of the path, may stand there by chance.
pub(crate) fn check_debug(link: &PageLink) {
    let (path, query) = link.as_str().split_once('?').unwrap_or_default();
    let by_chance = query.len() < 8 || format!("{:?}", PageLink::new(path)).contains(query);
    assert!(by_chance || !format!("{link:?}").contains(query), "the query of a link is not shown");
}

/// As an item of a `$batch`, a link loses its origin: nothing but the path below the version may be left of it.
fn in_a_batch(link: PageLink) {
    let script = Scripted::graph([Answer::json(r#"{"responses":[]}"#)]);
    let requests = [users::list(&[], Expand::Nothing).at(link), users::list(&[], Expand::Nothing)];
    let outcomes = run(async { script.client().batch(&requests).await });
    assert!(outcomes.iter().all(Result::is_err), "nothing was answered");
}
