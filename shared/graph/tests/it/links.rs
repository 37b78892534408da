//! Links: no token leaves home, and one that has become useless says so.

use rollcall_graph::users::DeltaStart;
use rollcall_graph::{Error, PageLink, StartOver, users};
use serde_json::json;

use crate::paging::{everybody, page, read_all};
use crate::support::{Reply, Scripted, Sent, answer, error, ok, with};

const FOREIGN: [&str; 22] = [
    "https://evil.test/v1.0/users",
    "https://graph.test.evil/v1.0/users",
    "https://graph.test@evil.test/v1.0/users",
    "https://user@graph.test/v1.0/users",
    "https://user:pass@graph.test/v1.0/users",
    "http://graph.test/v1.0/users",
    "//evil.test/v1.0/users",
    "/v1.0/users",
    "https://graph.test:8443/v1.0/users",
    "https://graph.test/beta/users",
    "https://graph.test/v1.0",
    "https://graph.test/v1.0/../beta/users",
    "https://graph.test/v1.0/%2e%2e/beta/users",
    "https://graph.test\\@evil.test/v1.0/users",
    "https:\\\\evil.test\\v1.0\\users",
    " https://graph.test/v1.0/users",
    "https://gra\tph.test/v1.0/users",
    "https://graph.test/v1.0/users#x",
    "https://evil.test#@graph.test/v1.0/users",
    "https://graph。test.evil/v1.0/users",
    "file:///v1.0/users",
    "",
];

#[tokio::test(start_paused = true)]
async fn no_token_goes_to_a_foreign_link_however_it_is_dressed() {
    for foreign in FOREIGN {
        // As data in an answer …
        let world = Scripted::graph(move |_, _| ok(&page(&[1], Some(foreign))));
        let found = read_all(&world, everybody()).await.unwrap_err();
        assert!(matches!(found, Error::ForeignLink { .. }), "{foreign}: {found:?}");
        assert_eq!(world.log().len(), 2, "{foreign}: the token and the first page only");
        // … as a delta link …
        let world = Scripted::graph(move |_, _| ok(&json!({"value": [], "@odata.deltaLink": foreign})));
        let found = read_all(&world, users::delta(&[], DeltaStart::Latest)).await.unwrap_err();
        assert!(matches!(found, Error::ForeignLink { .. }), "{foreign}: {found:?}");
        // … and out of storage.
        let world = Scripted::graph(|_, _| ok(&page(&[1], None)));
        let found = read_all(&world, everybody().at(PageLink::new(foreign))).await.unwrap_err();
        assert!(matches!(found, Error::ForeignLink { .. }), "{foreign}: {found:?}");
        assert!(world.log().is_empty(), "{foreign}: nothing is sent at all");
    }
}

#[tokio::test(start_paused = true)]
async fn the_origin_is_compared_as_an_origin() {
    for own in ["https://GRAPH.test/v1.0/users", "https://graph.test:443/v1.0/users?$skiptoken=a%2Bb"] {
        let world = Scripted::graph(|_, _| ok(&page(&[1], None)));
        assert_eq!(read_all(&world, everybody().at(PageLink::new(own))).await.unwrap(), [1], "{own}");
    }
}

#[tokio::test(start_paused = true)]
async fn both_ways_to_say_start_over_are_understood() {
    let delta = "https://graph.test/v1.0/users/delta?$deltatoken=old";
    let next = "https://graph.test/v1.0/users/delta?$skiptoken=old";
    let nested = |status, code: &str| {
        answer(status, &json!({"error": {"code": "BadRequest", "message": "", "innererror": {"code": code}}}))
    };
    let gone = || with(error(410, "Gone"), "location", "https://evil.test/v1.0/users/delta?$deltatoken=");
    let cases: Vec<(&str, Reply, StartOver)> = vec![
        (delta, error(400, "syncStateNotFound"), StartOver::Expired),
        (delta, error(410, "SyncStateNotFound"), StartOver::Expired),
        (delta, nested(400, "syncStateNotFound"), StartOver::Expired),
        (delta, error(410, "resyncRequired"), StartOver::ResyncRequired),
        (delta, nested(400, "resyncRequired"), StartOver::ResyncRequired),
        (delta, gone(), StartOver::Reset),
        (next, gone(), StartOver::Reset),
        (delta, error(400, "BadRequest"), StartOver::Expired),
        (delta, error(404, "UnknownError"), StartOver::Expired),
        (next, error(400, "syncStateNotFound"), StartOver::Expired),
    ];
    for (link, reply, reason) in cases {
        let reply = std::sync::Mutex::new(Some(reply));
        let world = Scripted::graph(move |_: &Sent, _| reply.lock().unwrap().take().unwrap());
        let found = read_all(&world, users::delta(&[], DeltaStart::Link(PageLink::new(link)))).await.unwrap_err();
        let Error::StartOver { reason: told, .. } = found else { panic!("{found:?}") };
        assert_eq!(told, reason);
        assert_eq!(world.graph_log().len(), 1, "and nothing is sent to the Location");
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_next_link_is_neither_an_end_nor_a_missing_object() {
    for (status, code) in
        [(400, "Directory_ExpiredPageToken"), (404, "UnknownError"), (404, "Request_ResourceNotFound"), (410, "Gone")]
    {
        for start in ["https://graph.test/v1.0/users?$skiptoken=1", "https://graph.test/v1.0/groups?$skiptoken=1"] {
            let world = Scripted::graph(move |_, _| error(status, code));
            let found = read_all(&world, everybody().at(PageLink::new(start))).await.unwrap_err();
            assert!(matches!(found, Error::PageExpired { status: told, .. } if told == status), "{found:?}");
        }
    }
    let world = Scripted::graph(|_, _| error(400, "BadRequest"));
    let link = PageLink::new("https://graph.test/v1.0/users/delta?$skiptoken=1");
    let found = read_all(&world, users::delta(&[], DeltaStart::Link(link))).await.unwrap_err();
    assert!(matches!(found, Error::PageExpired { .. }), "{found:?}");
}
