//! A receiver of notifications whose manners a test can spoil.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a receiver answers.
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    /// The handshake.
    pub(crate) handshake: Handshake,
    /// The status for notifications, in turn; the last one stays.
    pub(crate) statuses: Vec<u16>,
    /// Milliseconds before it answers a notification.
    pub(crate) delay: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Right,
    Encoded,
    Json,
    Silent,
    Refused,
}

/// A running receiver.
pub(crate) struct Receiver {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    pub(crate) async fn new(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        let statuses = Arc::new(Mutex::new(manners.statuses.clone()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manners.clone(), kept.clone(), statuses.clone()));
            }
        });
        Self { url, seen }
    }

    pub(crate) async fn polite() -> Self {
        Self::new(Manners { handshake: Handshake::Right, statuses: vec![202], delay: 0 }).await
    }

    /// What came: target and body of each request that was no handshake.
    pub(crate) fn seen(&self) -> Vec<(String, Value)> {
        self.seen.lock().unwrap().clone()
    }

    /// All notifications that came.
    pub(crate) fn notifications(&self) -> Vec<Value> {
        self.seen().iter().flat_map(|(_, body)| body["value"].as_array().unwrap().clone()).collect()
    }

    /// Waits until so many notifications came, five seconds at most.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            if self.notifications().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = self.notifications();
        assert!(found.len() >= count, "only {} of {count} notifications came", found.len());
        found
    }
}

async fn serve(
    mut stream: TcpStream,
    manners: Manners,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
) {
    let mut buffer = Vec::new();
    while let Some((target, body)) = request(&mut stream, &mut buffer).await {
        let token = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("validationToken=")).map(str::to_owned);
        let answer = match token {
            Some(token) => handshake(&manners, &token),
            None => {
                tokio::time::sleep(Duration::from_millis(manners.delay)).await;
                let mut statuses = statuses.lock().unwrap();
                let status = if statuses.len() > 1 { statuses.remove(0) } else { statuses[0] };
                if status < 300 {
                    seen.lock().unwrap().push((target, serde_json::from_slice(&body).unwrap()));
                }
                Some(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"))
            }
        };
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    }
}

fn handshake(manners: &Manners, token: &str) -> Option<String> {
    let decoded = url::form_urlencoded::parse(format!("t={token}").as_bytes()).next().unwrap().1.into_owned();
    let (status, content_type, body) = match manners.handshake {
        Handshake::Right => (200, "text/plain", decoded),
        Handshake::Encoded => (200, "text/plain", token.to_owned()),
        Handshake::Json => (200, "application/json", decoded),
        Handshake::Refused => (403, "text/plain", decoded),
        Handshake::Silent => return None,
    };
    Some(format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        fill(stream, buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_lowercase();
    let target = String::from_utf8_lossy(&buffer[..head_end]).split(' ').nth(1)?.to_owned();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |text| text.trim().parse().unwrap());
    while buffer.len() < head_end + 4 + length {
        fill(stream, buffer).await?;
    }
    let body = buffer[head_end + 4..head_end + 4 + length].to_vec();
    buffer.drain(..head_end + 4 + length);
    Some((target, body))
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut part = [0; 4096];
    let count = stream.read(&mut part).await.ok()?;
    buffer.extend_from_slice(&part[..count]);
    (count > 0).then_some(())
}
