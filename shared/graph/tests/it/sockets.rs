//! Real sockets on a bad day: refused, reset, truncated, slow, endless.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rollcall_graph::users::Expand;
use rollcall_graph::{Credential, GraphClient, HttpClient, Limits, Origins, Tuning, users};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use uuid::Uuid;

/// What a server writes as the answer to the n-th request, and whether it then keeps the connection.
type Script = fn(usize) -> Answer;

enum Answer {
    /// Write this and go on.
    Keep(&'static str),
    /// Write this and close.
    Close(&'static str),
    /// Write this and reset the connection.
    Reset(&'static str),
    /// Write this, then a byte every 50 ms for ever.
    Drip(&'static str),
}

const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t"}"#;
const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n{\"id\":\"00000000-0000-0000-0000-000000000005\"}";
const DOWN: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

struct Server {
    origin: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = (connections.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counters.0.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, script, counters.1.clone()));
            }
        });
        Self { origin, connections, requests }
    }

    fn client(&self, limits: Limits) -> GraphClient {
        let origin: url::Url = self.origin.parse().unwrap();
        let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: "s".into() };
        let tuning = Tuning { back_off: Duration::from_millis(2), ..Tuning::default() };
        let http = HttpClient::with_limits(limits).unwrap();
        GraphClient::with_tuning(
            http,
            Origins::custom(origin.clone(), origin).unwrap(),
            Uuid::nil(),
            credential,
            tuning,
        )
    }
}

async fn serve(mut stream: TcpStream, script: Script, requests: Arc<AtomicUsize>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.starts_with("POST") {
            // The body may come in a packet of its own.
            if !text.contains("grant_type") {
                let _ = stream.read(&mut buffer).await;
            }
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", TOKEN.len());
            let _ = stream.write_all(format!("{head}{TOKEN}").as_bytes()).await;
            continue;
        }
        match script(requests.fetch_add(1, Ordering::SeqCst)) {
            Answer::Keep(text) => drop(stream.write_all(text.as_bytes()).await),
            Answer::Close(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Answer::Reset(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.set_zero_linger();
                return;
            }
            Answer::Drip(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                return;
            }
        }
    }
}

fn short() -> Limits {
    Limits {
        connect: Duration::from_millis(500),
        headers: Duration::from_millis(400),
        total: Duration::from_millis(800),
        body: 4096,
    }
}

async fn read(server: &Server, limits: Limits) -> Result<u128, rollcall_graph::Error> {
    let user = server.client(limits).send(&users::get(Uuid::from_u128(5), &[], Expand::Nothing)).await?;
    Ok(user.id.as_u128())
}

#[tokio::test]
async fn every_break_of_a_connection_is_cured_by_asking_again() {
    let breaks: [(&str, Script); 9] = [
        ("closed before the headers", |n| if n == 0 { Answer::Close("") } else { Answer::Keep(GOOD) }),
        ("reset before the headers", |n| if n == 0 { Answer::Reset("") } else { Answer::Keep(GOOD) }),
        ("reset inside the headers", |n| {
            if n == 0 { Answer::Reset("HTTP/1.1 200 OK\r\nContent-") } else { Answer::Keep(GOOD) }
        }),
        ("no HTTP", |n| if n == 0 { Answer::Close("SSH-2.0-x\r\n") } else { Answer::Keep(GOOD) }),
        ("body shorter than its length", |n| match n {
            0 => Answer::Close(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"id\":\"00000000-0000-0000-0000-000000000005\"}",
            ),
            _ => Answer::Keep(GOOD),
        }),
        ("reset inside the body", |n| match n {
            0 => {
                Answer::Reset("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"id\":")
            }
            _ => Answer::Keep(GOOD),
        }),
        ("chunks without an end", |n| match n {
            0 => Answer::Close(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2d\r\n{\"id\":\"00000000-0000-0000-0000-000000000005\"}\r\n",
            ),
            _ => Answer::Keep(GOOD),
        }),
        ("slow headers", |n| if n == 0 { Answer::Drip("HTTP/1.1 200 OK\r\nX: ") } else { Answer::Keep(GOOD) }),
        ("slow body", |n| match n {
            0 => Answer::Drip("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"),
            _ => Answer::Keep(GOOD),
        }),
    ];
    for (name, script) in breaks {
        let server = Server::start(script).await;
        let start = Instant::now();
        assert_eq!(read(&server, short()).await.map_err(|error| error.to_string()), Ok(5), "{name}");
        assert_eq!(server.requests.load(Ordering::SeqCst), 2, "{name}");
        assert!(start.elapsed() < Duration::from_secs(2), "{name}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_break_that_lasts_is_an_error_and_no_empty_answer() {
    let server = Server::start(|_| {
        Answer::Close("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{}")
    })
    .await;
    let found = read(&server, short()).await.unwrap_err();
    assert!(found.retry_after().is_some(), "{found:?}");
    assert_eq!(server.requests.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_body_over_the_limit_is_cut_off() {
    let server = Server::start(|_| {
        Answer::Drip("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000000000\r\n\r\n{")
    })
    .await;
    let origin: url::Url = server.origin.parse().unwrap();
    let mut limits = short();
    limits.body = 4;
    limits.total = Duration::from_secs(30);
    let http = HttpClient::with_limits(limits).unwrap();
    let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: "s".into() };
    let tuning = Tuning { back_off: Duration::from_millis(1), retries: 1, ..Tuning::default() };
    let client = GraphClient::with_tuning(
        http,
        Origins::custom(origin.clone(), origin).unwrap(),
        Uuid::nil(),
        credential,
        tuning,
    );
    let start = Instant::now();
    let found = client.send(&users::get(Uuid::nil(), &[], Expand::Nothing)).await.unwrap_err();
    // The token's body is over this limit as well; either way nothing is read without end.
    assert!(found.to_string().contains("too large"), "{found}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn nobody_listening_is_told_as_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server { origin, connections: Arc::default(), requests: Arc::default() };
    let found = read(&server, short()).await.unwrap_err();
    assert!(found.to_string().contains("no connection"), "{found}");
}

#[tokio::test]
async fn a_good_connection_is_used_again_and_a_503_is_retried_on_a_new_one() {
    let server = Server::start(|_| Answer::Keep(GOOD)).await;
    let client = server.client(short());
    for _ in 0..5 {
        client.send(&users::get(Uuid::nil(), &[], Expand::Nothing)).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "token and five calls on one connection");

    let server = Server::start(|n| if n < 3 { Answer::Keep(DOWN) } else { Answer::Keep(GOOD) }).await;
    let client = server.client(short());
    client.send(&users::get(Uuid::nil(), &[], Expand::Nothing)).await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 4, "each retry came on a connection of its own");
    client.send(&users::get(Uuid::nil(), &[], Expand::Nothing)).await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 4, "and the good one is kept");
}

#[tokio::test]
async fn the_deadline_cuts_a_call_that_is_under_way() {
    let server = Server::start(|_| {
        Answer::Drip("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{")
    })
    .await;
    let client = server.client(Limits::default());
    let start = Instant::now();
    let found =
        client.until(start + Duration::from_millis(300)).send(&users::get(Uuid::nil(), &[], Expand::Nothing)).await;
    assert!(found.unwrap_err().retry_after().is_some());
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
}

/// A transport of one's own needs nothing but HTTP's types.
#[tokio::test]
async fn another_transport_can_take_the_place_of_the_network() {
    struct Echo;
    impl rollcall_graph::Transport for Echo {
        fn send(
            &self,
            request: Request<Bytes>,
            _: Option<Instant>,
        ) -> futures::future::BoxFuture<'_, Result<Response<Bytes>, rollcall_graph::TransportError>> {
            let body = if request.uri().path().ends_with("/token") {
                TOKEN
            } else {
                r#"{"id":"00000000-0000-0000-0000-000000000005"}"#
            };
            let answer =
                Response::builder().header("content-type", "application/json").body(Bytes::from(body)).unwrap();
            Box::pin(async move { Ok(answer) })
        }
    }
    let credential = Credential::ClientSecret { client_id: "app".to_owned(), secret: "s".into() };
    let http = HttpClient::with_transport(Arc::new(Echo));
    let client = GraphClient::new(http, rollcall_graph::Cloud::Global.origins(), Uuid::nil(), credential);
    let user = client.send(&users::get(Uuid::from_u128(5), &[], Expand::Nothing)).await.unwrap();
    assert_eq!(user.id, Uuid::from_u128(5));
}
