//! Runs the scheduled sync on Lambda.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{QueueConfig, TableConfig};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::{self, StartError};
use rollcall_sync::schedule::fan_out;
use scheduled_sync::input::Input;

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let (table, queue) = (TableConfig::from_env()?, QueueConfig::from_env()?);
    let clients = Clients::load().await;
    let (table, queue) = (&clients.table(&table), &SyncQueue::new(&clients, &queue));
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Input>| {
        let now = clock::now();
        let Input { job, .. } = event.payload;
        let result = fan_out(table, queue, job.tick(), event.payload.scheduled(now), now).await;
        match &result {
            Ok(sent) => tracing::info!(connections.active = sent.active, jobs.sent = sent.sent, "jobs queued"),
            Err(error) => tracing::error!(error = %error, "not every connection got its job"),
        }
        result.map(drop).map_err(StartError::from)
    }))
    .await
}
