//! Configuration: one type per concern. Each field's text names its variable and what it means.

mod variable;

use rollcall_graph::{Cloud, Origins};
use rollcall_sync::notice::channel::ChannelHosts;
use tracing::level_filters::LevelFilter;
use url::{Host, Url};

pub use variable::ConfigError;
use variable::{Variables, environment};

/// Where state is kept.
#[derive(Clone, Debug)]
pub struct TableConfig {
    /// `TABLE_NAME`: name of the `DynamoDB` table.
    pub name: String,
}

impl TableConfig {
    /// Reads `TABLE_NAME`.
    ///
    /// # Errors
    /// The variable is missing or empty.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { name: variables.text("TABLE_NAME")? })
    }
}

/// Where jobs are queued.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// `SYNC_QUEUE_URL`: URL of the FIFO queue of sync jobs.
    pub url: Url,
}

impl QueueConfig {
    /// Reads `SYNC_QUEUE_URL`.
    ///
    /// # Errors
    /// The variable is missing, empty or not a URL.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { url: variables.url("SYNC_QUEUE_URL")? })
    }
}

/// Where credentials of connections are kept.
#[derive(Clone, Debug)]
pub struct SecretsConfig {
    /// `SECRET_PREFIX`: what the name of each connection's secret begins with.
    pub prefix: String,
    /// `PLATFORM_APPLICATION_ARN`: ARN of the secret that holds the credential of the platform's own application, or nothing yet.
    pub application_arn: String,
}

impl SecretsConfig {
    /// Reads `SECRET_PREFIX` and `PLATFORM_APPLICATION_ARN`.
    ///
    /// # Errors
    /// A variable is missing or empty, or the ARN is none.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            prefix: variables.text("SECRET_PREFIX")?,
            application_arn: variables.arn("PLATFORM_APPLICATION_ARN")?,
        })
    }
}

/// Which key the `clientState` of subscriptions is derived from.
#[derive(Clone, Debug)]
pub struct ClientStateConfig {
    /// `CLIENT_STATE_KEY_ARN`: ARN of the secret that holds the key.
    pub key_arn: String,
}

impl ClientStateConfig {
    /// Reads `CLIENT_STATE_KEY_ARN`.
    ///
    /// # Errors
    /// The variable is missing or no ARN.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { key_arn: variables.arn("CLIENT_STATE_KEY_ARN")? })
    }
}

/// Who may use the admin API.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// `ADMIN_TOKEN_ARN`: ARN of the secret that holds the bearer token.
    pub token_arn: String,
}

impl AdminConfig {
    /// Reads `ADMIN_TOKEN_ARN`.
    ///
    /// # Errors
    /// The variable is missing or no ARN.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { token_arn: variables.arn("ADMIN_TOKEN_ARN")? })
    }
}

/// Where this deployment is reached.
#[derive(Clone, Debug)]
pub struct PublicUrlConfig {
    /// `PUBLIC_URL`: its public base URL: the provider's issuer, and where Entra's answers go.
    pub base: Url,
}

impl PublicUrlConfig {
    /// Reads `PUBLIC_URL`.
    ///
    /// # Errors
    /// The variable is missing, or no origin.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let base = variables.url("PUBLIC_URL")?;
        if !is_origin(&base) {
            return Err(ConfigError::malformed("PUBLIC_URL", "an origin: https, host and perhaps a port"));
        }
        Ok(Self { base })
    }

    /// The issuer: the base without the slash at its end.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }
}

/// What sign-ins need.
#[derive(Clone, Debug)]
pub struct SignInConfig {
    /// `SIGN_IN_KEY_ARN`: ARN of the secret from which PKCE verifiers, nonces and digests are derived.
    pub key_arn: String,
    /// `PUBLIC_URL`: as in [`PublicUrlConfig`].
    pub public: PublicUrlConfig,
}

impl SignInConfig {
    /// Reads `SIGN_IN_KEY_ARN` and `PUBLIC_URL`.
    ///
    /// # Errors
    /// A variable is missing, the ARN is none, or the URL is none.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { key_arn: variables.arn("SIGN_IN_KEY_ARN")?, public: PublicUrlConfig::read(variables)? })
    }

    /// The issuer: the base without the slash at its end.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.public.issuer()
    }
}

/// Which keys the OpenID provider signs with.
#[derive(Clone, Debug)]
pub struct SigningKeysConfig {
    /// `SIGNING_KEYS_ARN`: ARN of the secret that holds the keys.
    pub keys_arn: String,
}

impl SigningKeysConfig {
    /// Reads `SIGNING_KEYS_ARN`.
    ///
    /// # Errors
    /// The variable is missing or no ARN.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { keys_arn: variables.arn("SIGNING_KEYS_ARN")? })
    }
}

/// How the platform is told of sign-outs.
#[derive(Clone, Debug)]
pub struct LogoutConfig {
    /// `LOGOUT_QUEUE_URL`: URL of the queue of what has to be told.
    pub queue_url: Url,
    /// `PLATFORM_ORIGIN`: an origin that is called although it is not public, for tests. It is https, or on this machine.
    pub also: Option<Url>,
}

impl LogoutConfig {
    /// Reads `LOGOUT_QUEUE_URL` and `PLATFORM_ORIGIN`.
    ///
    /// # Errors
    /// The queue is missing, or one of the two is malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let also = variables.optional_url("PLATFORM_ORIGIN")?;
        if also.as_ref().is_some_and(|origin| !is_origin(origin)) {
            return Err(ConfigError::malformed("PLATFORM_ORIGIN", "an origin: https, host and perhaps a port"));
        }
        Ok(Self { queue_url: variables.url("LOGOUT_QUEUE_URL")?, also })
    }
}

/// Who mails to owners come from.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `MAIL_FROM`: the sender's address. SES must have verified it.
    pub from: String,
}

impl MailConfig {
    /// Reads `MAIL_FROM`.
    ///
    /// # Errors
    /// The variable is missing or no address.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let from = variables.text("MAIL_FROM")?;
        if !from.contains('@') || from.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(ConfigError::malformed("MAIL_FROM", "an e-mail address"));
        }
        Ok(Self { from })
    }
}

/// Where Graph and the identity platform live.
#[derive(Clone, Debug)]
pub struct GraphConfig {
    /// `GRAPH_ORIGIN` and `LOGIN_ORIGIN`, where they are set; else those of `CLOUD`, which is `global` by default.
    pub origins: Origins,
}

impl GraphConfig {
    /// Reads `CLOUD`, `GRAPH_ORIGIN` and `LOGIN_ORIGIN`.
    ///
    /// # Errors
    /// The cloud is unknown, an origin is malformed, or only one of the two origins is set.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let cloud = cloud(variables)?;
        let origins = match (variables.optional_url("GRAPH_ORIGIN")?, variables.optional_url("LOGIN_ORIGIN")?) {
            (None, None) => cloud.origins(),
            (Some(graph), Some(login)) => Origins::custom(graph, login).map_err(|_| {
                ConfigError::malformed("GRAPH_ORIGIN or LOGIN_ORIGIN", "an origin: https, host and perhaps a port")
            })?,
            (Some(_), None) => return Err(ConfigError::missing("LOGIN_ORIGIN")),
            (None, Some(_)) => return Err(ConfigError::missing("GRAPH_ORIGIN")),
        };
        Ok(Self { origins })
    }
}

fn cloud(variables: &Variables<'_>) -> Result<Cloud, ConfigError> {
    match variables.optional("CLOUD").as_deref() {
        None | Some("global") => Ok(Cloud::Global),
        Some("us-government-l4") => Ok(Cloud::UsGovernmentL4),
        Some("us-government-l5") => Ok(Cloud::UsGovernmentL5),
        Some("china") => Ok(Cloud::China),
        Some(_) => Err(ConfigError::malformed("CLOUD", "one of global, us-government-l4, us-government-l5, china")),
    }
}

/// Where Graph sends notifications.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// `WEBHOOK_URL`: public base URL of the API. Graph is given addresses below it.
    pub base: Url,
}

impl WebhookConfig {
    /// Reads `WEBHOOK_URL`.
    ///
    /// # Errors
    /// The variable is missing or not a URL.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self { base: variables.url("WEBHOOK_URL")? })
    }
}

/// Which addresses are taken for those of Teams channels.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// Microsoft's hosts, and `CHANNEL_ORIGIN`: an origin that is taken as well, for tests. It is https, or on this machine.
    pub hosts: ChannelHosts,
}

impl ChannelConfig {
    /// Reads `CHANNEL_ORIGIN`.
    ///
    /// # Errors
    /// The origin is malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let also = variables.optional_url("CHANNEL_ORIGIN")?;
        if also.as_ref().is_some_and(|origin| !is_origin(origin)) {
            return Err(ConfigError::malformed("CHANNEL_ORIGIN", "an origin: https, host and perhaps a port"));
        }
        Ok(Self { hosts: ChannelHosts { also } })
    }
}

fn is_origin(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    bare && (url.scheme() == "https" || here)
}

/// What is logged.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// `LOG_LEVEL`: `error`, `warn`, `info` (the default) or `debug`. It holds for Rollcall's own code;
    /// libraries log warnings and errors only, because at finer levels some of them log requests.
    pub level: LevelFilter,
}

impl LogConfig {
    /// Reads `LOG_LEVEL`.
    ///
    /// # Errors
    /// Any other word.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&environment())
    }

    fn read(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let level = match variables.optional("LOG_LEVEL").as_deref() {
            Some("error") => LevelFilter::ERROR,
            Some("warn") => LevelFilter::WARN,
            None | Some("info") => LevelFilter::INFO,
            Some("debug") => LevelFilter::DEBUG,
            Some(_) => return Err(ConfigError::malformed("LOG_LEVEL", "one of error, warn, info, debug")),
        };
        Ok(Self { level })
    }
}

#[cfg(test)]
mod tests;
