//! Runs the webhook on Lambda.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{ClientStateConfig, QueueConfig, TableConfig};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::{self, StartError};
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::notification::receive::Receiver;
use webhook::{answer, http};

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
