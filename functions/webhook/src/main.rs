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

mod answer;
mod http;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{ClientStateConfig, QueueConfig, TableConfig};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::{self, StartError};
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::notification::receive::Receiver;

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let (table, queue, key) = (TableConfig::from_env()?, QueueConfig::from_env()?, ClientStateConfig::from_env()?);
    let clients = Clients::load().await;
    let key = ClientStateKey::new(&clients.secret(&key.key_arn).await?);
    let (table, queue) = (clients.table(&table), SyncQueue::new(&clients, &queue));
    let receiver = Receiver { key: &key, known: &table, queue: &queue };
    let receiver = &receiver;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<http::Request>| {
        Ok::<_, StartError>(answer::answer(receiver, &event.payload, clock::now()).await)
    }))
    .await
}
