//! Filters, search, order and counts, and the header that some of them need.

use crate::world::World;

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn filtered(world: &World, filter: &str) -> usize {
    world.all(&format!("/users?$select=id&$filter={}", encode(filter))).await.0.len()
}

#[tokio::test]
async fn a_count_segment_needs_the_header() {
    let world = World::small().await;
    let answer = world.get("/users/$count").await;
    assert_eq!(
        (answer.status, answer.code(), answer.message()),
        (400, "Request_BadRequest", "$count is not currently supported.")
    );
    assert_eq!(world.get_eventual("/users/$count").await.text, "200");
    assert_eq!(world.get("/groups/$count").await.status, 400);
    let filter = encode("accountEnabled eq false");
    let disabled: usize = world.get_eventual(&format!("/users/$count?$filter={filter}")).await.text.parse().unwrap();
    assert_eq!(disabled, filtered(&world, "accountEnabled eq false").await);
    assert!(disabled > 0);
}

#[tokio::test]
async fn a_count_option_without_the_header_is_ignored_and_with_it_is_on_the_first_page_alone() {
    let world = World::small().await;
    assert!(world.get("/users?$count=true").await.body.get("@odata.count").is_none());
    let first = world.get_eventual("/users?$count=true").await;
    assert_eq!(first.body["@odata.count"], 200);
    let second = world.get_eventual(&first.link("@odata.nextLink").unwrap()).await;
    assert!(second.body.get("@odata.count").is_none());
}

#[tokio::test]
async fn search_needs_the_header_and_finds_words_of_the_display_name() {
    let world = World::empty().await;
    world.join("Ann Smith").await;
    world.join("Joanna Annable").await;
    world.join("Bo Lee").await;
    let path = format!("/users?$search={}", encode("\"displayName:ann\""));
    let refused = world.get(&path).await;
    assert_eq!((refused.status, refused.code()), (400, "Request_UnsupportedQuery"));
    assert!(refused.message().contains("special request header: 'ConsistencyLevel: eventual'"));
    assert_eq!(world.get_eventual(&path).await.rows().len(), 2);
    assert_eq!(world.get_eventual(&format!("/users?$search={}", encode("displayName:ann"))).await.status, 400);
}

#[tokio::test]
async fn search_clauses_are_joined_and_their_quotes_and_backslashes_escaped() {
    let world = World::empty().await;
    for name in ["Ann \"Nan\" Smith", "Bo Lee", "Cy Back\\Slash"] {
        world.join(name).await;
    }
    let found = async |search: &str| {
        let answer = world.get_eventual(&format!("/users?$select=displayName&$search={}", encode(search))).await;
        if answer.status == 200 { answer.rows().len() } else { usize::from(answer.status) }
    };
    assert_eq!(found(r#""displayName:lee" OR "displayName:smith""#).await, 2);
    assert_eq!(found(r#""displayName:smith ann""#).await, 1, "in any order");
    assert_eq!(found(r#""displayName:lee" AND "displayName:smith""#).await, 0);
    assert_eq!(found(r#"("displayName:lee" OR "displayName:ann") AND "displayName:bo""#).await, 1);
    assert_eq!(found(r#""displayName:\"nan\"""#).await, 1);
    assert_eq!(found(r#""displayName:back\\slash""#).await, 1);
    for broken in
        [r#""displayName:"nan"""#, r#""displayName:x\""#, r#""lee""#, r#""displayName:a" or "mail:b""#, r#"("mail:a""#]
    {
        assert_eq!(found(broken).await, 400, "{broken}");
    }
    assert_eq!(found(r#""mobilePhone:1""#).await, 400, "not filterable, so not searchable");
}

#[tokio::test]
async fn an_ampersand_is_refused_and_text_decoded_twice_unless_the_new_search_is_asked_for() {
    let world = World::empty().await;
    world.join("Hiking&Recreation").await;
    let path = |search: &str| format!("/users?$search={}", encode(search));
    let new = [("consistencylevel", "eventual"), ("prefer", "legacySearch=false")];
    let answer = world.get_eventual(&path(r#""displayName:Hiking&Rec""#)).await;
    assert_eq!((answer.status, answer.message()), (400, "Unrecognized query argument specified: ''."));
    assert_eq!(world.get_eventual(&path(r#""displayName:Hiking%26Rec""#)).await.rows().len(), 1);
    let modern = world.call(reqwest::Method::GET, &path(r#""displayName:Hiking&Rec""#), &new, None).await;
    assert_eq!(modern.rows().len(), 1);
    let out = path(r#""displayName:x%22 OR %22displayName:hiking""#);
    assert_eq!(world.get_eventual(&out).await.rows().len(), 1, "the quotes were left");
    assert_eq!(world.call(reqwest::Method::GET, &out, &new, None).await.rows().len(), 0);
}

#[tokio::test]
async fn plain_filters_work_without_the_header() {
    let world = World::small().await;
    let all = 200;
    let guests = filtered(&world, "userType eq 'Guest'").await;
    assert!(guests > 0);
    assert_eq!(guests + filtered(&world, "userType eq 'member'").await, all);
    let (german, french) =
        (filtered(&world, "country eq 'Germany'").await, filtered(&world, "country eq 'France'").await);
    assert_eq!(filtered(&world, "country in ('Germany','France')").await, german + french);
    assert_eq!(filtered(&world, "country eq 'Germany' or (country eq 'France')").await, german + french);
    assert_eq!(filtered(&world, "country eq 'Germany' and country eq 'France'").await, 0);
    assert_eq!(filtered(&world, "surname eq 'O''Hara'").await, filtered(&world, "startsWith(surname,'o''h')").await);
    assert!(filtered(&world, "surname eq 'O''Hara'").await > 0);
    assert!(filtered(&world, "mail eq null").await > 0);
}

#[tokio::test]
async fn advanced_filters_need_the_header_and_count() {
    let world = World::small().await;
    for filter in ["userType ne 'Guest'", "not(startsWith(displayName,'A'))", "endsWith(mail,'example')"] {
        let path = format!("/users?$filter={}", encode(filter));
        let answer = world.get(&path).await;
        assert_eq!((answer.status, answer.code()), (400, "Request_UnsupportedQuery"), "{filter}");
        assert_eq!(world.get_eventual(&path).await.status, 400, "{filter}");
        assert_eq!(world.get_eventual(&format!("{path}&$count=true")).await.status, 200, "{filter}");
    }
    let both = format!("/users?$filter={}&$orderby=displayName", encode("startsWith(displayName,'A')"));
    assert_eq!(world.get(&both).await.status, 400);
    assert_eq!(world.get_eventual(&format!("{both}&$count=true")).await.status, 200);
}

#[tokio::test]
async fn more_than_15_clauses_are_refused() {
    let world = World::small().await;
    let clauses =
        |count: usize| (0..count).map(|number| format!("employeeId eq '{number}'")).collect::<Vec<_>>().join(" or ");
    assert_eq!(world.get(&format!("/users?$filter={}", encode(&clauses(15)))).await.status, 200);
    let answer = world.get(&format!("/users?$filter={}", encode(&clauses(18)))).await;
    assert_eq!(answer.code(), "Request_UnsupportedQuery");
    assert!(answer.message().ends_with("containing 'OR' operators: 18. Max allowed: 15."));
    let list = (0..16).map(|number| format!("'{number}'")).collect::<Vec<_>>().join(",");
    assert_eq!(world.get(&format!("/users?$filter={}", encode(&format!("id in ({list})")))).await.status, 400);
}

#[tokio::test]
async fn a_property_that_is_not_indexed_and_a_function_that_is_unknown_are_refused() {
    let world = World::small().await;
    let answer = world.get(&format!("/users?$filter={}", encode("mobilePhone eq '1'"))).await;
    assert_eq!(answer.message(), "The request uses a filter property that is not indexed");
    assert_eq!(world.get(&format!("/users?$filter={}", encode("contains(displayName,'a')"))).await.status, 400);
    assert_eq!(world.get(&format!("/users?$filter={}", encode("displayName eq"))).await.status, 400);
}

#[tokio::test]
async fn order_by_display_name_sorts_across_pages_and_other_properties_are_refused() {
    let world = World::small().await;
    let (rows, _) = world.all("/users?$orderby=displayName&$select=displayName&$top=30").await;
    let names: Vec<String> = rows.iter().map(|row| row["displayName"].as_str().unwrap().to_lowercase()).collect();
    assert_eq!(names.len(), 200);
    assert!(names.is_sorted());
    assert_eq!(world.get("/users?$orderby=jobTitle").await.status, 400);
}
