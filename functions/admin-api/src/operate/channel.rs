//! The notification channel of a connection.
//!
//! Its address stands in the connection's secret, which Secrets Manager replaces as a whole: whoever sets a channel and a
//! credential in the same second may have to set one of them again.

use rollcall_directory::identity::ConnectionId;
use rollcall_store::{ConnectionSecret, Error as StoreError};
use rollcall_sync::notice::card;
use rollcall_sync::notice::words::{self, About};
use secrecy::SecretString;

use super::{existing, lasting, must_be_bound};
use crate::app::App;
use crate::http::problem::Problem;
use crate::view::channel::{ChannelState, ChannelTest};

/// Whether there is one.
pub(crate) async fn state(app: &App, id: ConnectionId) -> Result<ChannelState, Problem> {
    existing(app, id).await?;
    let set = match app.secrets.read(id).await {
        Ok(secret) => secret.channel_webhook.is_some(),
        Err(StoreError::NotFound { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(ChannelState { set })
}

/// Sets it, if the address is one of Microsoft's.
pub(crate) async fn set(app: &App, id: ConnectionId, address: &SecretString) -> Result<(), Problem> {
    must_be_bound(&lasting(app, id).await?)?;
    let taken = app.channels.hosts.check(address).map_err(|error| Problem::invalid("url", error.to_string()))?;
    let secret = secret(app, id).await?;
    let channel_webhook = Some(taken.secret().clone());
    Ok(app.secrets.update(id, &ConnectionSecret { channel_webhook, ..secret }).await?)
}

/// Removes it. It is fine if there is none.
pub(crate) async fn remove(app: &App, id: ConnectionId) -> Result<(), Problem> {
    must_be_bound(&lasting(app, id).await?)?;
    match secret(app, id).await? {
        ConnectionSecret { channel_webhook: None, .. } => Ok(()),
        secret => Ok(app.secrets.update(id, &ConnectionSecret { channel_webhook: None, ..secret }).await?),
    }
}

/// Posts a card that says that it is a test.
pub(crate) async fn test(app: &App, id: ConnectionId) -> Result<ChannelTest, Problem> {
    let connection = lasting(app, id).await?;
    must_be_bound(&connection)?;
    let Some(webhook) = secret(app, id).await?.channel_webhook else {
        return Err(Problem::conflict("The connection has no notification channel. Set one."));
    };
    let address = app.channels.hosts.check(&webhook).map_err(|_| {
        Problem::conflict("The address of the notification channel is not taken any more. Set a new one.")
    })?;
    let message = card::message(&words::test(&About::from(&connection)));
    let result = app.channels.channel.post(&address, &message).await;
    if let Err(error) = &result {
        tracing::warn!(connection.id = %id, %error, "a test card was not posted");
    }
    Ok(ChannelTest::of(result))
}

async fn secret(app: &App, id: ConnectionId) -> Result<ConnectionSecret, Problem> {
    match app.secrets.read(id).await {
        Err(StoreError::NotFound { .. }) => Err(Problem::conflict("The connection has no credential. Set one.")),
        secret => Ok(secret?),
    }
}
