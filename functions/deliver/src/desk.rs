//! From an event to what follows from it.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use jiff::Timestamp;
use rollcall_runtime::clients::Clients;
use rollcall_runtime::config::{LogoutConfig, PublicUrlConfig, SigningKeysConfig, TableConfig};
use rollcall_runtime::logout::{LogoutPoster, LogoutQueue};
use rollcall_runtime::start::StartError;
use rollcall_runtime::{batch, clock};
use rollcall_sign_in::back_channel::change::Record;
use rollcall_sign_in::back_channel::{BackChannel, TellError};
use rollcall_sign_in::provider::signing_keys::SigningKeys;

use crate::event::{Event, answer};

/// Why a message comes again.
#[derive(Debug, thiserror::Error)]
enum MessageError {
    /// It is no message of ours. What it holds is not shown.
    #[error("the message is none that this code knows")]
    Unreadable,
    #[error(transparent)]
    Tell(#[from] TellError),
}

/// Everything that deliveries need.
pub struct Desk {
    channel: BackChannel,
}

impl Desk {
    /// Reads the configuration and makes the clients.
    ///
    /// # Errors
    /// The configuration can't be read.
    pub async fn open() -> Result<Self, StartError> {
        let (table, logout) = (TableConfig::from_env()?, LogoutConfig::from_env()?);
        let (signing, public) = (SigningKeysConfig::from_env()?, PublicUrlConfig::from_env()?);
        let clients = Clients::load().await;
        let channel = BackChannel {
            table: clients.table(&table),
            signing: SigningKeys::read_only(clients.plain_secrets(), signing.keys_arn),
            issuer: public.issuer(),
            queue: Arc::new(LogoutQueue::new(&clients, &logout)),
            poster: Arc::new(LogoutPoster::new(&logout)?),
        };
        Ok(Self { channel })
    }

    /// Does what follows from an event. Failures are logged here.
    pub async fn work(&self, event: Event, now: Timestamp) -> SqsBatchResponse {
        match event {
            Event::Stream { records } => self.follow(&records, now).await,
            Event::Queue(event) => batch::process(event, async |message| self.tell(message).await).await,
        }
    }

    async fn follow(&self, records: &[Record], now: Timestamp) -> SqsBatchResponse {
        for record in records {
            let Some(ended) = record.ended(now) else { continue };
            if let Err(error) = self.channel.follow(&ended).await {
                tracing::error!(error = %error, "sessions can't be ended now");
                return answer([record.sequence_number().to_owned()]);
            }
        }
        answer([])
    }

    async fn tell(&self, message: &SqsMessage) -> Result<(), MessageError> {
        let told = self.attempt(message).await;
        if let Err(error) = &told {
            tracing::warn!(message.id = message.message_id, error = %error, "a sign-out has to be told again");
        }
        told
    }

    async fn attempt(&self, message: &SqsMessage) -> Result<(), MessageError> {
        let body = message.body.as_deref().unwrap_or_default();
        let farewell = serde_json::from_str(body).map_err(|_| MessageError::Unreadable)?;
        Ok(self.channel.tell(&farewell, clock::now()).await?)
    }
}
