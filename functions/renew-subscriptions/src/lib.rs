//! Looks after the change-notification subscriptions of every connection, every hour: renews at
//! half-life, answers Graph's wish for a new authorisation, recreates what vanished, and ends
//! what nobody needs. After a gap it queues a read of what changed meanwhile. Then it tells people what needs
//! them: owners by mail, and Teams channels.
//!
//! Input: `{"job":"renew"}`. The invocation fails when a connection met passing trouble, so that it is
//! repeated soon; what is settled already costs one call to Graph then.
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `CLIENT_STATE_KEY_ARN`, `SECRET_PREFIX`, `MAIL_FROM`, `WEBHOOK_URL`, `CLOUD`,
//! `GRAPH_ORIGIN`, `LOGIN_ORIGIN`, `CHANNEL_ORIGIN`, `LOG_LEVEL`.

pub mod input;
