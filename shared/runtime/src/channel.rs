//! Messages to Teams channels, over HTTP.
//!
//! The address is data, so that it is called by way of `egress`, beside the check of its host in `rollcall-sync`. Neither the
//! address nor anything of the answer is ever logged.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use rollcall_sync::notice::channel::{ChannelAddress, ChannelHosts};
use rollcall_sync::ports::{Channel, ChannelError};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use crate::egress::Egress;

/// The longest that one post may take.
const LONGEST: Duration = Duration::from_secs(10);
/// The least time between two posts: Teams takes four in a second (Learn page "Create an Incoming Webhook", "Rate limiting
/// for Incoming Webhooks").
const PACE: Duration = Duration::from_millis(250);
/// A wish to wait up to this long is waited for. What has to wait longer is due again at the next look.
const PATIENCE: Duration = Duration::from_secs(5);

/// No client can be built: a fault of the build.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client for channels can be built: {0}")]
pub struct TeamsChannelError(String);

/// Teams channels.
#[derive(Clone, Debug)]
pub struct TeamsChannel {
    egress: Egress,
    hosts: ChannelHosts,
    /// When the next post may begin.
    next: Arc<Mutex<Instant>>,
}

impl TeamsChannel {
    /// Channels at Microsoft's hosts, and at the origin of the deployment if there is one.
    ///
    /// # Errors
    /// [`TeamsChannelError`].
    pub fn new(hosts: ChannelHosts) -> Result<Self, TeamsChannelError> {
        let egress = Egress::new(LONGEST).map_err(|error| TeamsChannelError(error.to_string()))?;
        Ok(Self { egress, hosts, next: Arc::new(Mutex::new(Instant::now())) })
    }

    async fn send(&self, address: &ChannelAddress, message: &Value) -> Result<(), ChannelError> {
        match self.attempt(address, message).await {
            Err(ChannelError::Throttled { retry_after: Some(wait) }) if wait <= PATIENCE => {
                sleep(wait).await;
                self.attempt(address, message).await
            }
            result => result,
        }
    }

    async fn attempt(&self, address: &ChannelAddress, message: &Value) -> Result<(), ChannelError> {
        let url = Url::parse(address.secret().expose_secret()).map_err(|_| ChannelError::Unavailable("no address"))?;
        let client = self.egress.client(self.hosts.is_also(&url));
        self.turn().await;
        // The error is not shown: its text may hold the address.
        let answer = client.post(url).json(message).send().await.map_err(|error| {
            ChannelError::Unavailable(if error.is_timeout() { "no answer in time" } else { "no connection" })
        })?;
        read(&answer)
    }

    /// Waits until this post may begin.
    async fn turn(&self) {
        let begin = {
            let mut next = self.next.lock().await;
            let begin = Instant::now().max(*next);
            *next = begin + PACE;
            begin
        };
        sleep_until(begin).await;
    }
}

impl Channel for TeamsChannel {
    fn post<'a>(&'a self, address: &'a ChannelAddress, message: &'a Value) -> BoxFuture<'a, Result<(), ChannelError>> {
        Box::pin(self.send(address, message))
    }
}

/// What an answer means. Its body is not read.
fn read(answer: &Response) -> Result<(), ChannelError> {
    let status = answer.status();
    let gone = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(ChannelError::Throttled { retry_after: retry_after(answer) }),
        _ if gone.contains(&status) => Err(ChannelError::Gone { status: status.as_u16() }),
        _ if status.is_server_error() => Err(ChannelError::Unavailable("the workflow failed")),
        _ => Err(ChannelError::Refused { status: status.as_u16() }),
    }
}

/// Whole seconds only. A date is a wish for longer than anybody waits here.
fn retry_after(answer: &Response) -> Option<Duration> {
    let value = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
