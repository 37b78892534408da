//! Queues a job for every connection that is due, when the clock strikes.
//!
//! | input | from | what is queued |
//! |---|---|---|
//! | `{"job":"reconcile"}` | 04:00 UTC | a full run for every active connection |
//! | `{"job":"poll"}` | every 15 minutes | for every active connection: what changed; a full run where it asks for more than one a day |
//!
//! The optional `scheduled_at` is when the clock struck; the scheduler fills it in with
//! `<aws.scheduler.scheduled-time>`. It makes a repeated invocation send the same jobs under the same keys.
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `LOG_LEVEL`.

pub mod input;
