//! From a queue message to a job, and from its failure to the next attempt.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{
    ChannelConfig, ClientStateConfig, GraphConfig, MailConfig, QueueConfig, SecretsConfig, TableConfig, WebhookConfig,
};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::StartError;
use rollcall_sync::job::Message;
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::subscription::keeper::Keeper;
use rollcall_sync::worker::{WorkError, Worker};
use tokio::time::Instant;
use uuid::Uuid;

/// When a job that could not be done comes again the first time. Each later time it waits four times as long, so that
/// the five attempts before the dead-letter queue outlast a live worker's invocation and a short outage.
const FIRST_RETRY: Duration = Duration::from_secs(15);
/// The longest wait: the queue's visibility timeout, which is there for workers that died.
const LONGEST_RETRY: Duration = Duration::from_secs(1_800);
/// With less time than this no job is begun.
const LEAST_TIME: Duration = Duration::from_secs(30);

/// Why a message comes again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// It is no job of ours. What it holds is not shown.
    #[error("the message is no job that this code knows (line {line}, column {column})")]
    Unreadable { line: usize, column: usize },
    /// Earlier messages of the batch used up the time.
    #[error("too little time is left to begin")]
    TooLate,
    /// The worker.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// A worker with its queue.
pub(crate) struct Handler {
    worker: Worker,
    queue: Arc<SyncQueue>,
}

impl Handler {
    /// Everything that a worker needs.
    pub(crate) async fn open() -> Result<Self, StartError> {
        let (table, queue, mail) = (TableConfig::from_env()?, QueueConfig::from_env()?, MailConfig::from_env()?);
        let (graph, secrets) = (GraphConfig::from_env()?, SecretsConfig::from_env()?);
        let (key, webhook) = (ClientStateConfig::from_env()?, WebhookConfig::from_env()?);
        let clients = Clients::load().await;
        let table = clients.table(&table);
        let queue = Arc::new(SyncQueue::new(&clients, &queue));
        let keeper = Keeper {
            rows: Arc::new(table.clone()),
            queue: queue.clone(),
            key: ClientStateKey::new(&clients.secret(&key.key_arn).await?),
            addresses: Addresses::new(webhook.base),
        };
        let teller = clients.teller(&table, &mail, &secrets, ChannelConfig::from_env()?)?;
        let worker = Worker {
            table,
            access: clients.graph(&graph, &secrets)?,
            queue: queue.clone(),
            teller,
            keeper: Some(keeper),
            clock: Arc::new(clock::now),
            name: Uuid::new_v4().to_string(),
        };
        Ok(Self { worker, queue })
    }

    /// Does the job of a message. A failure is logged here.
    pub(crate) async fn work(&self, record: &SqsMessage, deadline: Instant) -> Result<(), JobError> {
        let done = self.attempt(record, deadline).await;
        if let Err(error) = &done {
            tracing::error!(message.id = record.message_id, error = %error, "a job must come again");
            self.hasten(record).await;
        }
        done
    }

    async fn attempt(&self, record: &SqsMessage, deadline: Instant) -> Result<(), JobError> {
        let message = read(record)?;
        if deadline.saturating_duration_since(Instant::now()) < LEAST_TIME {
            return Err(JobError::TooLate);
        }
        Ok(self.worker.work(&message, deadline).await?)
    }

    /// Without this a failed message would come again only after the visibility timeout.
    async fn hasten(&self, record: &SqsMessage) {
        let Some(receipt) = &record.receipt_handle else { return };
        if let Err(error) = self.queue.retry_after(receipt, pause(record)).await {
            tracing::warn!(error = %error, "the next attempt comes late");
        }
    }
}

fn pause(record: &SqsMessage) -> Duration {
    let attempts =
        record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1u32);
    let factor = 4u32.saturating_pow(attempts.saturating_sub(1));
    FIRST_RETRY.saturating_mul(factor).min(LONGEST_RETRY)
}

fn read(record: &SqsMessage) -> Result<Message, JobError> {
    let body = record.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| JobError::Unreadable { line: error.line(), column: error.column() })
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::sqs::SqsEvent;
    use rollcall_sync::job::{Cause, Job};

    use super::*;

    fn jobs(event: &str) -> Vec<Result<Job, JobError>> {
        let event: SqsEvent = serde_json::from_str(event).unwrap();
        event.records.iter().map(|record| read(record).map(|message| message.job)).collect()
    }

    macro_rules! only {
        ($name:literal) => {
            jobs(include_str!(concat!("../../../events/sync-worker/", $name, ".json"))).remove(0).unwrap()
        };
    }

    #[test]
    fn every_sample_is_the_job_that_its_name_says() {
        assert_eq!(only!("full-schedule"), Job::Full { cause: Cause::Schedule });
        assert_eq!(only!("full-manual"), Job::Full { cause: Cause::Manual { who: "admin".to_owned() } });
        assert_eq!(only!("incremental-notification"), Job::Incremental { cause: Cause::Notification });
        assert!(matches!(only!("continue"), Job::Continue { .. }));
        assert!(matches!(only!("apply-hold"), Job::ApplyHold { by, .. } if by == "admin"));
        assert_eq!(only!("purge"), Job::Purge);
        assert!(matches!(only!("photos"), Job::Photos { slice: 3, .. }));
        assert!(matches!(only!("photos-of"), Job::PhotosOf { people, .. } if people.len() == 1));
    }

    #[test]
    fn a_bad_message_in_a_batch_is_bad_alone_and_does_not_show_itself() {
        let found = jobs(include_str!("../../../events/sync-worker/batch-with-a-bad-message.json"));
        let bad: Vec<bool> = found.iter().map(Result::is_err).collect();
        assert_eq!(bad, [false, true, false, false]);
        let error = found[1].as_ref().unwrap_err().to_string();
        assert_eq!(error, "the message is no job that this code knows (line 1, column 2)");
    }

    #[test]
    fn a_message_of_a_later_version_can_be_read_so_that_the_worker_can_refuse_it() {
        let event: SqsEvent = serde_json::from_str(include_str!("../../../events/sync-worker/too-new.json")).unwrap();
        assert!(read(&event.records[0]).unwrap().version > Message::VERSION + 1);
    }

    #[test]
    fn each_attempt_waits_longer_for_the_next() {
        let pauses = ["1", "2", "3", "4", "5", "99", "odd"].map(|count| {
            let mut record = SqsMessage::default();
            record.attributes.insert("ApproximateReceiveCount".to_owned(), count.to_owned());
            pause(&record).as_secs()
        });
        assert_eq!(pauses, [15, 60, 240, 960, 1_800, 1_800, 15]);
    }

    #[test]
    fn a_message_without_a_body_is_bad() {
        assert!(read(&SqsMessage::default()).is_err());
    }
}
