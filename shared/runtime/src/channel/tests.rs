use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::*;

/// A channel, and an address at this origin that is taken because the deployment says so.
fn channel(origin: &str) -> (TeamsChannel, ChannelAddress) {
    let hosts = ChannelHosts { also: Some(origin.parse().unwrap()) };
    let address = hosts.check(&format!("{origin}/workflows/x?sv=1.0&sig=canary%2Fx").into()).unwrap();
    (TeamsChannel::new(hosts).unwrap(), address)
}

async fn answered(answer: ResponseTemplate) -> (Result<(), ChannelError>, usize) {
    let server = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(answer).mount(&server).await;
    let (channel, address) = channel(&server.uri());
    let result = channel.post(&address, &json!({})).await;
    (result, server.received_requests().await.unwrap().len())
}

#[tokio::test]
async fn the_message_arrives_as_json_at_exactly_the_signed_address() {
    let server = MockServer::start().await;
    let message = json!({ "type": "message", "attachments": [{ "content": { "text": "Grüße" } }] });
    Mock::given(matchers::method("POST"))
        .and(matchers::path("/workflows/x"))
        .and(matchers::header("content-type", "application/json"))
        .and(matchers::body_json(&message))
        .respond_with(ResponseTemplate::new(202))
        .expect(1)
        .mount(&server)
        .await;
    let (channel, address) = channel(&server.uri());
    channel.post(&address, &message).await.unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.url.query(), Some("sv=1.0&sig=canary%2Fx"));
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn an_answer_means_what_can_be_done_about_it() {
    for (status, expected) in [
        (200, Ok(())),
        (202, Ok(())),
        (400, Err(ChannelError::Refused { status: 400 })),
        (401, Err(ChannelError::Gone { status: 401 })),
        (404, Err(ChannelError::Gone { status: 404 })),
        (410, Err(ChannelError::Gone { status: 410 })),
        (429, Err(ChannelError::Throttled { retry_after: None })),
        (502, Err(ChannelError::Unavailable("the workflow failed"))),
    ] {
        assert_eq!(answered(ResponseTemplate::new(status)).await, (expected, 1), "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockServer::start().await;
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        assert_eq!(answered(answer).await, (Err(ChannelError::Refused { status }), 1));
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_short_wish_to_wait_is_waited_for_once_and_a_long_one_is_passed_on() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "1");
    Mock::given(matchers::any()).respond_with(busy).up_to_n_times(1).mount(&server).await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(202)).with_priority(9).mount(&server).await;
    let (channel, address) = channel(&server.uri());
    let begun = Instant::now();
    channel.post(&address, &json!({})).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let answer = ResponseTemplate::new(429).insert_header("retry-after", "60");
    let retry_after = Some(Duration::from_secs(60));
    assert_eq!(answered(answer).await, (Err(ChannelError::Throttled { retry_after }), 1));
}

#[tokio::test]
async fn there_are_at_most_four_posts_in_a_second() {
    let server = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(202)).mount(&server).await;
    let (channel, address) = channel(&server.uri());
    let begun = Instant::now();
    let message = json!({});
    futures::future::join_all((0..6).map(|_| channel.post(&address, &message))).await;
    assert!(begun.elapsed() >= PACE * 5);
}

/// Reads a request, answers with this, and then repeats the second for as long as somebody listens.
async fn raw(answer: &'static [u8], more: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        assert!(socket.read(&mut request).await.unwrap() > 0);
        socket.write_all(answer).await.unwrap();
        while !more.is_empty() && socket.write_all(more).await.is_ok() {}
        std::future::pending::<()>().await;
    });
    address
}

#[tokio::test]
async fn an_answer_without_end_costs_nothing() {
    let head = b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n";
    let receiver = raw(head, b"10000\r\nxxxxxxxxxxxxxxxx").await;
    let (channel, address) = channel(&format!("http://{receiver}"));
    let begun = Instant::now();
    channel.post(&address, &json!({})).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn whoever_does_not_answer_is_given_up_and_no_error_shows_the_address() {
    let receiver = raw(b"", b"").await;
    let (channel, address) = channel(&format!("http://{receiver}"));
    let begun = Instant::now();
    let silent = channel.post(&address, &json!({})).await.unwrap_err();
    assert!(begun.elapsed() < LONGEST + Duration::from_secs(3));
    assert_eq!(silent, ChannelError::Unavailable("no answer in time"));
    assert!(!format!("{silent} {silent:?} {channel:?}").contains("canary"));
}

#[tokio::test]
async fn nothing_but_the_deployment_makes_this_machine_reachable() {
    let server = MockServer::start().await;
    let (_, address) = channel(&server.uri());
    // The same address, in a deployment that does not name the origin: plain HTTP is not even tried.
    let strict = TeamsChannel::new(ChannelHosts::default()).unwrap();
    assert!(strict.post(&address, &json!({})).await.is_err());
    assert!(server.received_requests().await.unwrap().is_empty());
}
