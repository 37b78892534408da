//! Sends what is due.
//!
//! The order is: claim in the table, send, write down that it was sent. The claim is a conditional write, so of several
//! workers that look at the same moment one sends. Sending comes before writing down that it was sent, because a notice that
//! comes twice is a nuisance, and one that never comes is what this module is there to prevent: if the worker dies between
//! the two, the claim lapses and the notice is due again. If sending fails, the claim is given back at once, and the notice
//! is due again at the next look.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_store::{Connection, ConnectionStatus, Error as StoreError, PageRequest, Secrets, Table, Told, Way};

use super::card;
use super::channel::{ChannelAddress, ChannelHosts};
use super::due::{self, Ledger, Notice};
use super::facts::Facts;
use super::letter::letter;
use super::words::{About, words};
use crate::ports::{Channel, ChannelError, Mail, MailError};

/// The latest holds, among which an open one is looked for: a newer one replaces it.
const HOLDS: u32 = 20;

/// Tells people what needs them. Cheap to clone.
#[derive(Clone)]
pub struct Teller {
    table: Table,
    mail: Arc<dyn Mail>,
    channels: Option<Channels>,
}

/// What posting to channels needs.
#[derive(Clone)]
pub struct Channels {
    /// Where the addresses are kept.
    pub secrets: Secrets,
    /// Which addresses are taken.
    pub hosts: ChannelHosts,
    /// Posts.
    pub channel: Arc<dyn Channel>,
}

/// What became of the notices of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visited {
    /// Sent.
    pub sent: usize,
    /// Not sent. They are due again at the next look.
    pub failed: usize,
}

/// Why a notice was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

/// A way that is open for a connection.
enum Open {
    Mail,
    Channel(ChannelAddress),
}

impl Teller {
    /// Tells by mail only.
    #[must_use]
    pub fn by_mail(table: Table, mail: Arc<dyn Mail>) -> Self {
        Self { table, mail, channels: None }
    }

    /// Tells in channels, too.
    #[must_use]
    pub fn and_in_channels(self, channels: Channels) -> Self {
        Self { channels: Some(channels), ..self }
    }

    /// Looks at a connection at once, because something has just happened to it. What can't be told now is left to the hourly
    /// look, and only logged: whoever calls this has something else to do.
    pub async fn visit(&self, connection: &Connection, now: Timestamp) {
        if let Err(error) = self.look(connection, now).await {
            tracing::error!(connection.id = %connection.id, %error, "what happened is told later");
        }
    }

    /// Looks at a connection, and tells its people what they should know now. A notice that can't be sent is logged and counted.
    ///
    /// # Errors
    /// The table could not be read or written.
    pub async fn look(&self, connection: &Connection, now: Timestamp) -> Result<Visited, StoreError> {
        let told = self.table.told(connection.id).await?;
        let is_over = matches!(
            connection.status,
            ConnectionStatus::Draft | ConnectionStatus::Inactive | ConnectionStatus::Deleting
        );
        if is_over && told.is_empty() {
            return Ok(Visited::default());
        }
        let state = self.table.state(connection.id).await?;
        let subscriptions = self.table.subscriptions(connection.id).await?;
        // The open one, if there is one, is among the latest.
        let holds = self.table.holds_page(connection.id, &PageRequest::first(HOLDS)).await?.items;
        let facts = Facts::of(connection, &state, &subscriptions, &holds);
        let mut visited = Visited::default();
        for way in [Way::Mail, Way::Channel] {
            let sent = due::ledger(&told, way);
            self.keep(connection, &due::upkeep(now, &facts, &sent, way)).await?;
            self.tell(way, connection, &facts, &sent, now, &mut visited).await?;
        }
        Ok(visited)
    }

    /// Somebody else may have written the same at the same moment.
    async fn keep(&self, connection: &Connection, kept: &[Told]) -> Result<(), StoreError> {
        for told in kept {
            match self.table.write_told(connection.id, told).await {
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        way: Way,
        connection: &Connection,
        facts: &Facts,
        sent: &Ledger,
        now: Timestamp,
        visited: &mut Visited,
    ) -> Result<(), StoreError> {
        let notices = due::due(now, facts, sent);
        if notices.is_empty() {
            return Ok(());
        }
        let Some(open) = self.open(way, connection).await else { return Ok(()) };
        for notice in notices {
            let before = sent.get(&notice.matter).cloned().unwrap_or_else(|| Told::nothing(notice.matter, way));
            let claimed = match self.table.write_told(connection.id, &due::claim(&before, &notice, now)).await {
                Ok(claimed) => claimed,
                // Somebody else is telling it.
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error),
            };
            let result = self.send(&open, connection, facts, &notice, now).await;
            self.conclude(connection, &notice, &claimed, result, now, visited).await?;
        }
        Ok(())
    }

    async fn conclude(
        &self,
        connection: &Connection,
        notice: &Notice,
        claimed: &Told,
        result: Result<(), SendError>,
        now: Timestamp,
        visited: &mut Visited,
    ) -> Result<(), StoreError> {
        let (matter, way) = (notice.matter.word(), claimed.way.word());
        let after = match result {
            Ok(()) => {
                visited.sent += 1;
                tracing::info!(connection.id = %connection.id, matter, way, telling = ?notice.telling, "people were told");
                due::told(claimed, notice, now)
            }
            Err(error) => {
                visited.failed += 1;
                tracing::error!(connection.id = %connection.id, matter, way, %error, "people could not be told; it is tried again");
                Told { claimed_at: None, ..claimed.clone() }
            }
        };
        match self.table.write_told(connection.id, &after).await {
            Ok(_) => Ok(()),
            // Our claim had lapsed, and somebody else told it, too.
            Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        open: &Open,
        connection: &Connection,
        facts: &Facts,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let words = words(&About::from(connection), facts, notice, now);
        match (open, &self.channels) {
            (Open::Mail, _) => Ok(self.mail.send(&letter(&connection.owners, &words)).await?),
            (Open::Channel(address), Some(channels)) => {
                Ok(channels.channel.post(address, &card::message(&words)).await?)
            }
            (Open::Channel(_), None) => Ok(()),
        }
    }

    /// A connection without owners has no mail, and one without a channel has no channel: then nothing is claimed, and
    /// whoever is added later hears of what is not well then.
    async fn open(&self, way: Way, connection: &Connection) -> Option<Open> {
        match way {
            Way::Mail => (!connection.owners.is_empty()).then_some(Open::Mail),
            Way::Channel => self.channels.as_ref()?.address(connection).await.map(Open::Channel),
        }
    }
}

impl Channels {
    /// The address is only read when there is something to say.
    async fn address(&self, connection: &Connection) -> Option<ChannelAddress> {
        let webhook = match self.secrets.read(connection.id).await {
            Ok(secret) => secret.channel_webhook?,
            // That is a trouble of its own, and is told by mail.
            Err(StoreError::NotFound { .. }) => return None,
            Err(error) => {
                tracing::warn!(connection.id = %connection.id, %error, "the address of the channel can not be read");
                return None;
            }
        };
        match self.hosts.check(&webhook) {
            Ok(address) => Some(address),
            Err(_) => {
                tracing::error!(connection.id = %connection.id, "the address of the channel is none of Microsoft's and is not called");
                None
            }
        }
    }
}
