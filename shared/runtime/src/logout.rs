//! The back channel to the platform: a queue of what has to be told, and the call that tells it.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use futures::future::BoxFuture;
use rollcall_sign_in::back_channel::{BackChannelLogout, PostError, Poster, Queue, QueueError};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::clients::Clients;
use crate::config::LogoutConfig;
use crate::egress::Egress;

/// The longest that one call may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The queue of what has to be told.
#[derive(Clone, Debug)]
pub struct LogoutQueue {
    client: Client,
    url: String,
}

impl LogoutQueue {
    /// The queue at the configured URL.
    #[must_use]
    pub fn new(clients: &Clients, config: &LogoutConfig) -> Self {
        Self { client: Client::new(clients.config()), url: config.queue_url.to_string() }
    }

    /// Lets a message that could not be told come back after `delay` instead of after the queue's visibility timeout.
    ///
    /// # Errors
    /// The queue did not take it. The message then comes back after the queue's own time.
    pub async fn retry_after(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = call.visibility_timeout(seconds).send().await;
        changed.map(drop).map_err(|error| QueueError(DisplayErrorContext(error).to_string()))
    }

    async fn put(&self, logout: &BackChannelLogout) -> Result<(), QueueError> {
        let body = serde_json::to_string(logout).map_err(|error| QueueError(error.to_string()))?;
        let sent = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| QueueError(DisplayErrorContext(error).to_string()))
    }
}

impl Queue for LogoutQueue {
    fn send<'a>(&'a self, logout: &'a BackChannelLogout) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(self.put(logout))
    }
}

/// No client can be built: a fault of the build.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client for platforms can be built: {0}")]
pub struct LogoutPosterError(String);

/// Posts logout tokens. The answer's body is not read, and nothing of it is logged.
#[derive(Clone, Debug)]
pub struct LogoutPoster {
    egress: Egress,
    also: Option<Url>,
}

impl LogoutPoster {
    /// Calls public addresses, and the deployment's own origin if there is one.
    ///
    /// # Errors
    /// [`LogoutPosterError`].
    pub fn new(config: &LogoutConfig) -> Result<Self, LogoutPosterError> {
        let egress = Egress::new(LONGEST).map_err(|error| LogoutPosterError(error.to_string()))?;
        Ok(Self { egress, also: config.also.clone() })
    }

    async fn call(&self, address: &str, token: &SecretString) -> Result<(), PostError> {
        let url = Url::parse(address).map_err(|_| PostError::Refused(0))?;
        let own = self.also.as_ref().is_some_and(|also| also.origin() == url.origin());
        let form = [("logout_token", token.expose_secret())];
        let answer = self.egress.client(own).post(url).form(&form).send().await.map_err(|error| {
            PostError::Unavailable(if error.is_timeout() { "no answer in time" } else { "no connection" })
        })?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            408 | 429 | 500.. => Err(PostError::Unavailable("it is out of order")),
            status => Err(PostError::Refused(status)),
        }
    }
}

impl Poster for LogoutPoster {
    fn post<'a>(&'a self, address: &'a str, token: &'a SecretString) -> BoxFuture<'a, Result<(), PostError>> {
        Box::pin(self.call(address, token))
    }
}
