//! Receives change notifications and lifecycle events of Microsoft Graph.
//!
//! Graph waits three seconds for the answer. So this function checks what arrived, queues one job
//! for each connection concerned, and does nothing else: **it never calls Graph**, and it tells
//! nobody whether a notification was believed.
//!
//! | request | answer |
//! |---|---|
//! | with a `validationToken` | 200 and the token, as Graph's handshake wants it |
//! | a body that can be read | 202, empty, whatever is in it |
//! | a body that can't | 400, or 413 above 1 MiB or 1,000 items |
//! | table or queue refused | 503, empty: Graph sends the body again |
//!
//! Routes: `POST /webhooks/graph` and `POST /webhooks/graph/lifecycle`, handled alike.
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `CLIENT_STATE_KEY_ARN`, `LOG_LEVEL`.

pub mod answer;
pub mod http;
