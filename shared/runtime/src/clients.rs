//! The AWS clients.
//!
//! They share one configuration, and with it credentials and connections. Build them once per
//! environment, outside the handler.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use rollcall_graph::{HttpClient, HttpClientError};
use rollcall_store::{Secrets, Table};
use rollcall_sync::access::GraphAccess;
use rollcall_sync::notice::{Channels, Teller};
use secrecy::SecretString;

use crate::channel::{TeamsChannel, TeamsChannelError};
use crate::clock;
use crate::config::{ChannelConfig, GraphConfig, MailConfig, SecretsConfig, TableConfig};
use crate::mail::SesMail;

/// What the clients are built from.
#[derive(Clone, Debug)]
pub struct Clients {
    config: SdkConfig,
}

impl Clients {
    /// Region and credentials as Lambda gives them; `AWS_ENDPOINT_URL` leads to an emulator.
    ///
    /// Time limits are short, because all these services are in the same region: whoever waits
    /// longer than this for them does better to try again.
    pub async fn load() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(5))
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            // An attempt ends by its time limit, stalled or not: to watch its pace too costs, and gives nothing.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        Self { config }
    }

    /// The configuration that all clients share.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The table.
    #[must_use]
    pub fn table(&self, config: &TableConfig) -> Table {
        Table::new(aws_sdk_dynamodb::Client::new(&self.config), config.name.clone())
    }

    /// The credentials of connections.
    #[must_use]
    pub fn secrets(&self, config: &SecretsConfig) -> Secrets {
        let client = aws_sdk_secretsmanager::Client::new(&self.config);
        Secrets::new(client, config.prefix.clone()).with_application(config.application_arn.clone())
    }

    /// Secrets that are read by their names alone.
    #[must_use]
    pub fn plain_secrets(&self) -> Secrets {
        Secrets::new(aws_sdk_secretsmanager::Client::new(&self.config), "")
    }

    /// A secret that is one plain text, by ARN.
    ///
    /// # Errors
    /// [`rollcall_store::Error`] when it is not there or may not be read.
    pub async fn secret(&self, arn: &str) -> Result<SecretString, rollcall_store::Error> {
        self.plain_secrets().plain(arn, clock::now()).await
    }

    /// Tells the owners of connections by mail, and their channels.
    ///
    /// # Errors
    /// No TLS client can be built: a fault of the build.
    pub fn teller(
        &self,
        table: &Table,
        mail: &MailConfig,
        secrets: &SecretsConfig,
        channel: ChannelConfig,
    ) -> Result<Teller, TeamsChannelError> {
        let channels = self.channels(secrets, channel)?;
        Ok(Teller::by_mail(table.clone(), Arc::new(SesMail::new(self, mail))).and_in_channels(channels))
    }

    /// The channels of connections.
    ///
    /// # Errors
    /// No TLS client can be built: a fault of the build.
    pub fn channels(&self, secrets: &SecretsConfig, channel: ChannelConfig) -> Result<Channels, TeamsChannelError> {
        let ChannelConfig { hosts } = channel;
        let poster = Arc::new(TeamsChannel::new(hosts.clone())?);
        Ok(Channels { secrets: self.secrets(secrets), hosts, channel: poster })
    }

    /// Access to Graph with the connections' credentials.
    ///
    /// # Errors
    /// No TLS client can be built: a fault of the build.
    pub fn graph(&self, graph: &GraphConfig, secrets: &SecretsConfig) -> Result<GraphAccess, HttpClientError> {
        Ok(GraphAccess::new(HttpClient::new()?, graph.origins.clone(), self.secrets(secrets)))
    }
}
