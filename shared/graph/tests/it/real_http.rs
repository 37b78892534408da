//! The real HTTP client against a mock server.

use std::io::Write as _;

use rollcall_graph::users::Expand;
use rollcall_graph::{Credential, Error, GraphClient, HttpClient, Origins, Request, User, users};
use serde_json::json;
use uuid::Uuid;
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

/// Names a call that no mock expected.
struct Unexpected;

impl Respond for Unexpected {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let what = format!("{} on {} was not expected", request.method, request.url);
        ResponseTemplate::new(500).set_body_string(what)
    }
}

async fn server() -> (MockServer, GraphClient) {
    let server = MockServer::start().await;
    let tenant = Uuid::from_u128(1);
    Mock::given(method("POST"))
        .and(path(format!("/{tenant}/oauth2/v2.0/token")))
        .and(body_string_contains("client_secret=s%2Fe%2Bc+r%26t"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "t"})),
        )
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::any()).respond_with(Unexpected).with_priority(255).mount(&server).await;
    let origin: url::Url = server.uri().parse().unwrap();
    let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: "s/e+c r&t".into() };
    let origins = Origins::custom(origin.clone(), origin).unwrap();
    let client = GraphClient::new(HttpClient::new().unwrap(), origins, tenant, credential);
    (server, client)
}

fn one_user() -> Request<User> {
    users::get(Uuid::from_u128(5), &["mail"], Expand::Nothing)
}

#[tokio::test]
async fn a_call_arrives_with_token_and_headers_and_a_gzip_answer_is_read() {
    let (server, client) = server().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(json!({"id": Uuid::from_u128(5), "mail": "m@x"}).to_string().as_bytes()).unwrap();
    Mock::given(method("GET"))
        .and(path("/v1.0/users/00000000-0000-0000-0000-000000000005"))
        .and(query_param("$select", "id,mail"))
        .and(header("authorization", "Bearer t"))
        .and(header("accept-encoding", "gzip"))
        .and(header("user-agent", concat!("rollcall-graph/", env!("CARGO_PKG_VERSION"))))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_raw(gzip.finish().unwrap(), "application/json; odata.metadata=minimal")
                .insert_header("Content-Encoding", "gzip"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let user = client.send(&one_user()).await.unwrap();
    assert_eq!(user.properties.text("mail"), Some("m@x"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, client) = server().await;
    let evil = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&evil).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("Location", format!("{}/v1.0/users", evil.uri())))
        .expect(1)
        .mount(&server)
        .await;
    let found = client.send(&one_user()).await.unwrap_err();
    assert!(matches!(found, Error::ForeignLink { .. }), "{found:?}");
}

#[tokio::test]
async fn a_collection_of_three_pages_is_read_to_its_end() {
    let (server, client) = server().await;
    for (number, token) in [(1u128, None), (2, Some("b")), (3, Some("c"))] {
        let next = match number {
            1 => json!(format!("{}/v1.0/users?$skiptoken=b", server.uri())),
            2 => json!(format!("{}/v1.0/users?$skiptoken=c", server.uri())),
            _ => json!(null),
        };
        let mut mock = Mock::given(method("GET")).and(path("/v1.0/users"));
        mock = match token {
            Some(token) => mock.and(query_param("$skiptoken", token)),
            None => mock.and(query_param("$top", "999")),
        };
        mock.respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"value": [{"id": Uuid::from_u128(number)}], "@odata.nextLink": next})),
        )
        .expect(1)
        .mount(&server)
        .await;
    }
    let mut pages = client.pages(users::list(&[], Expand::Nothing));
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        ids.extend(page.value.into_iter().map(|user| user.id.as_u128()));
    }
    assert_eq!(ids, [1, 2, 3]);
}
