//! Messages to Teams channels, over HTTP.
//!
//! The address is data, so that three things hold for each call, beside the check of its host in `rollcall-sync`: names that
//! lead to anything but public addresses lead nowhere (`public.rs`), redirects are not followed, and the answer's body
//! is not read. Neither the address nor anything of the answer is ever logged.

mod public;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use rollcall_sync::notice::channel::{ChannelAddress, ChannelHosts};
use rollcall_sync::ports::{Channel, ChannelError};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use self::public::PublicOnly;

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
    /// Calls public addresses only.
    guarded: Client,
    /// Calls the deployment's own origin.
    own: Client,
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
        let guarded = builder()?.https_only(true).dns_resolver(Arc::new(PublicOnly));
        let own = builder()?;
        let build = |builder: ClientBuilder| builder.build().map_err(|error| TeamsChannelError(error.to_string()));
        Ok(Self { guarded: build(guarded)?, own: build(own)?, hosts, next: Arc::new(Mutex::new(Instant::now())) })
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
        let client = if self.hosts.is_also(&url) { &self.own } else { &self.guarded };
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

fn builder() -> Result<ClientBuilder, TeamsChannelError> {
    let tls = tls().map_err(|error| TeamsChannelError(error.to_string()))?;
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(LONGEST / 2)
        .timeout(LONGEST)
        // Posts are hours apart, and a socket does not outlive the pause of a frozen environment.
        .pool_max_idle_per_host(0)
        .user_agent("rollcall"))
}

fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
