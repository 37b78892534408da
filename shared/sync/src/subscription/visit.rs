//! The steps themselves, at Graph and in the table.

use jiff::{SignedDuration, Timestamp};
use rollcall_directory::identity::{ConnectionId, TenantId};
use rollcall_graph::subscriptions::{self, NewSubscription};
use rollcall_graph::{Error as GraphError, GraphClient};
use rollcall_store::{Error as StoreError, Resource, Subscription};
use uuid::Uuid;

use super::audit::Step;
use super::keeper::{KeepError, Keeper, Kept, path, permission};
use super::removal::end;
use crate::job::{Cause, Job, Message};
use crate::notification::client_state::Origin;
use crate::ports::QueueError;

/// How long a subscription is asked to live: the longest that Graph gives for users and groups is 41,760 minutes
/// (Graph page "subscription resource type", "Subscription lifetime"), and clocks differ.
const LIFE: SignedDuration = SignedDuration::from_mins(41_760 - 60);

/// One look at one connection.
pub(super) struct Visit<'a> {
    pub(super) keeper: &'a Keeper,
    pub(super) client: &'a GraphClient,
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    pub(super) rows: &'a [Subscription],
    pub(super) now: Timestamp,
}

impl Visit<'_> {
    /// Takes a step. The answer is false when another audit has to follow.
    pub(super) async fn take(&self, step: &Step, kept: &mut Kept, last: bool) -> Result<bool, KeepError> {
        match step {
            Step::Delete { id } => end(self.client, *id).await.map(|()| kept.deleted += 1)?,
            Step::Forget { nonce } => self.keeper.rows.remove(self.connection, *nonce).await?,
            Step::Adopt { nonce, id, expires_at } => {
                self.write(*nonce, |row| Subscription { id: Some(id.to_string()), expires_at: *expires_at, ..row })
                    .await?;
            }
            Step::Renew { nonce, id } => return self.renew(*nonce, *id, kept).await,
            Step::Create { resource } => return self.create(*resource, kept, last).await,
        }
        Ok(true)
    }

    /// Renews, which also authorises anew. What Graph does not know or refuses to renew is replaced.
    async fn renew(&self, nonce: Uuid, id: Uuid, kept: &mut Kept) -> Result<bool, KeepError> {
        match self.client.send(&subscriptions::renew(id, self.now + LIFE)).await {
            Ok(renewed) => {
                let (expires_at, renewed_at) = (renewed.expiration_date_time, Some(self.now));
                self.write(nonce, |row| Subscription { expires_at, renewed_at, reauthorize_at: None, ..row }).await?;
                kept.renewed += 1;
                Ok(true)
            }
            Err(GraphError::NotFound { .. }) => {
                self.keeper.rows.remove(self.connection, nonce).await?;
                Ok(false)
            }
            Err(GraphError::Refused { status, code, .. }) => {
                tracing::warn!(connection = %self.connection, status, code, "a renewal was refused, the subscription is replaced");
                end(self.client, id).await?;
                self.keeper.rows.remove(self.connection, nonce).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Creates. The row comes first: the handshake and the first notification may arrive before the answer.
    async fn create(&self, resource: Resource, kept: &mut Kept, last: bool) -> Result<bool, KeepError> {
        let row = self.new_row(resource);
        self.keeper.rows.put(self.connection, &row).await?;
        match self.client.send(&subscriptions::create(&self.request(&row), permission(resource))).await {
            Ok(created) => {
                let (id, expires_at) = (Some(created.id.to_string()), created.expiration_date_time);
                self.keeper.rows.put(self.connection, &Subscription { id, expires_at, ..row }).await?;
                kept.created += 1;
                kept.ends.insert(resource, expires_at);
                self.catch_up(row.nonce).await?;
                Ok(true)
            }
            // Perhaps it was created, and only the answer was lost. The row stays, and the next audit will tell.
            Err(error @ (GraphError::Transient { .. } | GraphError::ContractBroken { .. })) => Err(error.into()),
            Err(error) => {
                self.keeper.rows.remove(self.connection, row.nonce).await?;
                match error {
                    GraphError::Refused { status: 409, .. } if last => Err(KeepError::Taken(resource)),
                    GraphError::Refused { status: 409, .. } => Ok(false),
                    error => Err(error.into()),
                }
            }
        }
    }

    fn new_row(&self, resource: Resource) -> Subscription {
        Subscription {
            nonce: Uuid::new_v4(),
            resource,
            id: None,
            expires_at: self.now + LIFE,
            created_at: self.now,
            renewed_at: None,
            reauthorize_at: None,
        }
    }

    fn request(&self, row: &Subscription) -> NewSubscription {
        let origin = Origin { connection: self.connection, nonce: row.nonce };
        NewSubscription {
            resource: path(row.resource).to_owned(),
            change_type: "updated,deleted".to_owned(),
            notification_url: self.keeper.addresses.notifications(self.connection, row.nonce),
            lifecycle_notification_url: Some(self.keeper.addresses.lifecycle()),
            expiration: row.expires_at,
            client_state: self.keeper.key.issue(origin, self.tenant),
        }
    }

    /// Queues a read of what changed while nobody was listening.
    async fn catch_up(&self, nonce: Uuid) -> Result<(), QueueError> {
        let message = Message::new(self.connection, Job::Incremental { cause: Cause::SubscriptionGap });
        self.keeper.queue.send(&message, &format!("{}:gap:{nonce}", self.connection)).await
    }

    async fn write(&self, nonce: Uuid, change: impl FnOnce(Subscription) -> Subscription) -> Result<(), StoreError> {
        match self.rows.iter().find(|row| row.nonce == nonce) {
            Some(row) => self.keeper.rows.put(self.connection, &change(row.clone())).await,
            None => Ok(()),
        }
    }
}
