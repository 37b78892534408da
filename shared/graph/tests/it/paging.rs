//! Pages: in order, ahead of the reader, and never anywhere else.

use std::time::Duration;

use futures::TryStreamExt;
use rollcall_graph::users::{DeltaStart, Expand, ObjectId};
use rollcall_graph::{Error, ManagerField, Page, PageLink, Request, User, groups, users};
use serde_json::{Value, json};

use crate::support::{Reply, Scripted, error, id, ok};

pub(crate) fn page(ids: &[u128], next: Option<&str>) -> Value {
    let value: Vec<_> = ids.iter().map(|number| json!({"id": id(*number)})).collect();
    let mut page = json!({"@odata.context": "x", "value": value});
    if let Some(next) = next {
        page["@odata.nextLink"] = json!(next);
    }
    page
}

fn link(number: usize) -> String {
    format!("https://graph.test/v1.0/users?$skiptoken={number}")
}

pub(crate) fn everybody() -> Request<Page<User>> {
    users::list(&["mail"], Expand::Manager)
}

pub(crate) async fn read_all(
    world: &std::sync::Arc<Scripted>,
    request: Request<Page<User>>,
) -> Result<Vec<u128>, Error> {
    let pages: Vec<Page<User>> = world.client().pages(request).into_stream().try_collect().await?;
    Ok(pages.into_iter().flat_map(|page| page.value).map(|user| user.id.as_u128()).collect())
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_empty_ones_included_and_the_header_goes_with_each() {
    let world = Scripted::graph(|_, call| match call {
        0 => ok(&page(&[1, 2], Some(&link(1)))),
        1 => ok(&page(&[], Some(&link(2)))),
        _ => ok(&page(&[3], None)),
    });
    assert_eq!(read_all(&world, everybody()).await.unwrap(), [1, 2, 3]);
    let log = world.graph_log();
    assert_eq!(
        log[0].url,
        "https://graph.test/v1.0/users?$select=id,mail&$top=999&$expand=manager($select=id)&$count=true"
    );
    assert_eq!(log[1].url, link(1), "a next link is used as it came");
    assert!(log.iter().all(|sent| sent.header("consistencylevel") == Some("eventual")));
}

#[tokio::test(start_paused = true)]
async fn a_plain_listing_is_no_advanced_query() {
    let world = Scripted::graph(|_, _| ok(&page(&[], None)));
    read_all(&world, users::list(&["id", "mail"], Expand::Nothing)).await.unwrap();
    assert_eq!(world.graph_log()[0].url, "https://graph.test/v1.0/users?$select=id,mail&$top=999");
    assert_eq!(world.graph_log()[0].header("consistencylevel"), None);
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_under_way_while_one_is_worked_on() {
    let world = Scripted::graph(|_, call| ok(&page(&[call as u128], (call < 3).then(|| link(call)).as_deref())));
    let mut pages = world.client().pages(everybody());
    pages.next().await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.graph_log().len(), 2, "one page ahead, not more");
    drop(pages);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.graph_log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_pages_stops_the_one_under_way() {
    let world = Scripted::graph(|_, call| match call {
        0 => ok(&page(&[1], Some(&link(1)))),
        _ => error(503, "ServiceUnavailable"),
    });
    let mut pages = world.client().pages(everybody());
    pages.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(pages);
    let before = world.graph_log().len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.graph_log().len(), before, "no repetition for nobody");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_first_page_is_asked_for() {
    let world = Scripted::graph(|_, _| ok(&page(&[], None)));
    let pages = world.client().pages(everybody());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(world.log().is_empty());
    drop(pages);
}

#[tokio::test(start_paused = true)]
async fn links_that_go_round_in_a_circle_are_a_broken_contract() {
    for circle in [1, 3] {
        let world = Scripted::graph(move |_, call| ok(&page(&[1], Some(&link(call % circle)))));
        let found = read_all(&world, everybody()).await.unwrap_err();
        assert!(matches!(found, Error::ContractBroken { .. }), "{found:?}");
        assert!(world.graph_log().len() <= circle + 1, "{circle}");
    }
    // A link that leads back to the page that the reading was resumed at.
    let world = Scripted::graph(|_, _| ok(&page(&[1], Some(&link(9)))));
    let found = read_all(&world, everybody().at(PageLink::new(link(9)))).await.unwrap_err();
    assert!(matches!(found, Error::ContractBroken { .. }), "{found:?}");
    assert_eq!(world.graph_log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_page_ends_the_reading_and_nothing_looks_like_an_end() {
    for call_that_fails in 0..3 {
        let world = Scripted::graph(move |_, call| match call {
            call if call >= call_that_fails => error(503, "ServiceUnavailable"),
            _ => ok(&page(&[call as u128], Some(&link(call)))),
        });
        let mut pages = world.client().pages(everybody());
        for _ in 0..call_that_fails {
            assert!(pages.next().await.unwrap().is_some());
        }
        assert!(matches!(pages.next().await, Err(Error::Transient { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_is_resumed_at_a_stored_link() {
    let world = Scripted::graph(|_, _| ok(&page(&[4], None)));
    let stored = serde_json::to_string(&PageLink::new(link(3))).unwrap();
    let restored: PageLink = serde_json::from_str(&stored).unwrap();
    assert_eq!(read_all(&world, everybody().at(restored)).await.unwrap(), [4]);
    assert_eq!(world.graph_log()[0].url, link(3));
    assert_eq!(world.graph_log()[0].header("consistencylevel"), Some("eventual"));
}

#[tokio::test(start_paused = true)]
async fn a_collection_without_its_value_is_a_broken_contract() {
    for body in [
        json!({}),
        json!({"value": null}),
        json!({"@odata.nextLink": link(1)}),
        json!({"value": {}}),
        json!({"value": 1}),
    ] {
        let world = Scripted::graph(move |_, _| ok(&body));
        let found = read_all(&world, everybody()).await.unwrap_err();
        assert!(matches!(found, Error::ContractBroken { .. }), "{found:?}");
        assert_eq!(world.graph_log().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_record_is_named_by_its_place_and_not_by_its_content() {
    for (record, what) in [
        (json!({"mail": "CANARY@x"}), "value[1]: missing field `id`"),
        (json!({"id": "CANARY"}), "value[1].id: a value of the wrong type"),
        (json!({"id": null, "mail": "CANARY@x"}), "value[1].id: a value of the wrong type"),
        (json!("CANARY"), "value[1]: a value of the wrong type"),
        (json!({"id": id(1), "manager": {"displayName": "CANARY"}}), "value[1].manager: missing field `id`"),
    ] {
        let world = Scripted::graph(move |_, _| ok(&json!({"value": [{"id": id(1)}, record]})));
        let found = read_all(&world, everybody()).await.unwrap_err();
        let Error::ContractBroken { what: told, .. } = &found else { panic!("{found:?}") };
        assert_eq!(told, what);
        assert!(!format!("{found} {found:?}").contains("CANARY"), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_values_in_their_order_is_no_object() {
    for body in [
        json!([[], null, null, null, null]),
        json!({"value": [[id(1)]]}),
        json!({"value": [{"id": id(1), "manager": [id(2), null]}]}),
    ] {
        let world = Scripted::graph(move |_, _| ok(&body));
        let found = read_all(&world, users::list(&[], Expand::Manager)).await;
        assert!(matches!(found, Err(Error::ContractBroken { .. })), "{found:?}");
    }
}

fn delta_page(next: Option<&str>, delta: Option<&str>) -> Reply {
    let mut body = json!({"value": []});
    for (name, link) in [("@odata.nextLink", next), ("@odata.deltaLink", delta)] {
        if let Some(link) = link {
            body[name] = json!(link);
        }
    }
    ok(&body)
}

#[tokio::test(start_paused = true)]
async fn a_delta_page_has_exactly_one_of_the_two_links() {
    let (next, delta) =
        ("https://graph.test/v1.0/users/delta?$skiptoken=1", "https://graph.test/v1.0/users/delta?$deltatoken=1");
    for (next, delta) in [(None, None), (Some(next), Some(delta))] {
        let world = Scripted::graph(move |_, _| delta_page(next, delta));
        let found = read_all(&world, users::delta(&[], DeltaStart::Initial)).await.unwrap_err();
        assert!(matches!(found, Error::ContractBroken { .. }), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delta_round_starts_now_at_the_beginning_or_at_a_link() {
    let link = "https://graph.test/v1.0/groups/delta?$deltatoken=abc";
    let world = Scripted::graph(move |_, _| delta_page(None, Some(link)));
    let client = world.client();
    let select = ["displayName", "members"];
    for start in [DeltaStart::Latest, DeltaStart::Initial, DeltaStart::Link(PageLink::new(link))] {
        let page = client.send(&groups::delta(&select, start)).await.unwrap();
        assert!(page.delta.unwrap().is_delta());
    }
    let urls: Vec<_> = world.graph_log().into_iter().map(|sent| sent.url).collect();
    assert_eq!(
        urls,
        [
            "https://graph.test/v1.0/groups/delta?$select=id,displayName,members&$deltatoken=latest",
            "https://graph.test/v1.0/groups/delta?$select=id,displayName,members",
            link,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn each_typed_reading_asks_what_the_contract_says() {
    let world = Scripted::graph(|sent, _| match sent.url.as_str() {
        url if url.contains("$count?") || url.ends_with("/$count") => {
            crate::support::raw(200, "text/plain", "\u{feff}1234")
        }
        url if url.contains("checkMemberGroups") => ok(&json!({"value": [id(9)]})),
        url if url.contains("/manager?") => ok(&json!({"id": id(8)})),
        _ => ok(&json!({"value": [], "id": id(5)})),
    });
    let client = world.client();
    let five = id(5);
    assert_eq!(client.send(&users::count()).await.unwrap(), 1234);
    assert_eq!(client.send(&users::manager(five)).await.unwrap(), ObjectId { id: id(8) });
    assert_eq!(client.send(&users::check_member_groups(five, &[id(9), id(10)])).await.unwrap().value, [id(9)]);
    assert_eq!(
        client.send(&users::get(five, &["mail"], Expand::Manager)).await.unwrap().manager,
        ManagerField::NotReturned
    );
    client.send(&users::member_of(five)).await.unwrap();
    client.send(&users::deleted(five)).await.unwrap();
    client.send(&groups::get(five)).await.unwrap();
    client.send(&groups::members(five, groups::Names::LeaveOut)).await.unwrap();
    client.send(&groups::transitive_members(five)).await.unwrap();
    client.send(&groups::search("R&D \"x\\", 50)).await.unwrap();
    client.send(&groups::browse(20)).await.unwrap();
    client.send(&users::search("o'hara", &["displayName"], 5)).await.unwrap();
    client.send(&users::browse(&["displayName"], 5000)).await.unwrap();
    client.send(&users::with_address(&["mail", "userPrincipalName"], "o'hara@x")).await.unwrap();
    let log = world.graph_log();
    let told: Vec<String> = log
        .iter()
        .map(|sent| {
            let eventual = if sent.header("consistencylevel").is_some() { " eventual" } else { "" };
            let prefer = sent.header("prefer").map(|prefer| format!(" {prefer}")).unwrap_or_default();
            format!(
                "{} {}{eventual}{prefer} {}",
                sent.method,
                sent.url.trim_start_matches("https://graph.test/v1.0"),
                sent.body
            )
        })
        .collect();
    let user = "/users/00000000-0000-0000-0000-000000000005";
    let group = "/groups/00000000-0000-0000-0000-000000000005";
    let properties = "id,displayName,description,mail,mailEnabled,securityEnabled,groupTypes";
    assert_eq!(
        told.iter().map(|line| line.trim_end()).collect::<Vec<_>>(),
        [
            "GET /users/$count eventual".to_owned(),
            format!("GET {user}/manager?$select=id"),
            format!("POST {user}/checkMemberGroups {{\"groupIds\":[\"{}\",\"{}\"]}}", id(9), id(10)),
            format!("GET {user}?$select=id,mail&$expand=manager"),
            format!("GET {user}/memberOf/microsoft.graph.group?$select=id&$top=999&$count=true eventual"),
            "GET /directory/deletedItems/00000000-0000-0000-0000-000000000005".to_owned(),
            format!("GET {group}?$select={properties}"),
            format!("GET {group}/members?$select=id&$top=999"),
            format!("GET {group}/transitiveMembers/microsoft.graph.user?$select=id&$top=999&$count=true eventual"),
            format!(
                "GET /groups?$select={properties}&$top=50&$search=%22displayName:R%26D%20%5C%22x%5C%5C%22&$count=true eventual legacySearch=false"
            ),
            format!("GET /groups?$select={properties}&$top=20&$orderby=displayName"),
            "GET /users?$select=id,displayName&$top=5&$search=%22displayName:o%27hara%22%20OR%20%22givenName:o%27hara%22%20OR%20\
             %22surname:o%27hara%22%20OR%20%22mail:o%27hara%22%20OR%20%22userPrincipalName:o%27hara%22&$count=true eventual \
             legacySearch=false"
                .to_owned(),
            "GET /users?$select=id,displayName&$top=999&$orderby=displayName".to_owned(),
            "GET /users?$select=id&$filter=mail%20eq%20%27o%27%27hara%40x%27%20or%20userPrincipalName%20eq%20%27o%27%27hara%40x%27&$top=999"
                .to_owned(),
        ]
    );
}
