//! From an event to what follows from it.

use std::sync::Arc;
use std::time::Duration;

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

/// When a client that could not be told is called again the first time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest time between two calls.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

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
pub struct Handler {
    channel: BackChannel,
    queue: Arc<LogoutQueue>,
}

impl Handler {
    /// Reads the configuration and makes the clients.
    ///
    /// # Errors
    /// The configuration can't be read.
    pub async fn open() -> Result<Self, StartError> {
        let (table, logout) = (TableConfig::from_env()?, LogoutConfig::from_env()?);
        let (signing, public) = (SigningKeysConfig::from_env()?, PublicUrlConfig::from_env()?);
        let clients = Clients::load().await;
        let queue = Arc::new(LogoutQueue::new(&clients, &logout));
        let channel = BackChannel {
            table: clients.table(&table),
            signing: SigningKeys::read_only(clients.plain_secrets(), signing.keys_arn),
            issuer: public.issuer(),
            queue: queue.clone(),
            poster: Arc::new(LogoutPoster::new(&logout)?),
        };
        Ok(Self { channel, queue })
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
            self.put_off(message).await;
        }
        told
    }

    /// Without this a message would come again only after the visibility timeout, and always after the same time.
    async fn put_off(&self, message: &SqsMessage) {
        let Some(receipt) = &message.receipt_handle else { return };
        if let Err(error) = self.queue.retry_after(receipt, pause(message)).await {
            tracing::warn!(error = %error, "the next attempt comes late");
        }
    }

    async fn attempt(&self, message: &SqsMessage) -> Result<(), MessageError> {
        let body = message.body.as_deref().unwrap_or_default();
        let logout = serde_json::from_str(body).map_err(|_| MessageError::Unreadable)?;
        Ok(self.channel.tell(&logout, clock::now()).await?)
    }
}

/// Twice as long after each attempt.
fn pause(message: &SqsMessage) -> Duration {
    let attempts = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    let doubled = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(u32::min(attempts, 20).saturating_sub(1)));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_ever_further_apart_and_last_for_half_a_day() {
        let after = |attempts: u32| {
            let mut message = SqsMessage::default();
            message.attributes.insert("ApproximateReceiveCount".to_owned(), attempts.to_string());
            pause(&message)
        };
        assert_eq!((after(1), after(2), after(9)), (FIRST_PAUSE, 2 * FIRST_PAUSE, Duration::from_secs(2_560)));
        assert_eq!((after(10), after(4_000_000)), (LONGEST_PAUSE, LONGEST_PAUSE));
        assert_eq!(pause(&SqsMessage::default()), FIRST_PAUSE);
        // As many as the template lets a message come before it is given up.
        let all: Duration = (1..20).map(after).sum();
        assert!(all > Duration::from_secs(10 * 3_600), "{all:?}");
    }
}
