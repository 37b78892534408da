//! Runs the renewal of subscriptions on Lambda.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use renew_subscriptions::input::Input;
use rollcall_runtime::clients::Clients;
use rollcall_runtime::clock;
use rollcall_runtime::config::{
    ChannelConfig, ClientStateConfig, GraphConfig, MailConfig, QueueConfig, SecretsConfig, TableConfig, WebhookConfig,
};
use rollcall_runtime::queue::SyncQueue;
use rollcall_runtime::start::{self, StartError};
use rollcall_sync::notice;
use rollcall_sync::notification::client_state::ClientStateKey;
use rollcall_sync::subscription::address::Addresses;
use rollcall_sync::subscription::keeper::Keeper;
use rollcall_sync::subscription::round::Round;

/// Time that is kept for telling people what needs them.
const TELLING: Duration = Duration::from_secs(75);
/// Time that is left for the answer.
const MARGIN: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let (table, queue, key) = (TableConfig::from_env()?, QueueConfig::from_env()?, ClientStateConfig::from_env()?);
    let (graph, secrets, webhook) = (GraphConfig::from_env()?, SecretsConfig::from_env()?, WebhookConfig::from_env()?);
    let (mail, channel) = (MailConfig::from_env()?, ChannelConfig::from_env()?);
    let clients = Clients::load().await;
    let table = clients.table(&table);
    let teller = &clients.teller(&table, &mail, &secrets, channel)?;
    let access = clients.graph(&graph, &secrets)?;
    let keeper = Keeper {
        rows: Arc::new(table.clone()),
        queue: Arc::new(SyncQueue::new(&clients, &queue)),
        key: ClientStateKey::new(&clients.secret(&key.key_arn).await?),
        addresses: Addresses::new(webhook.base),
    };
    let round = &Round { table: &table, access: &access, keeper: &keeper };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Input>| {
        let Input::Renew {} = event.payload;
        let end = clock::deadline(&event.context) - MARGIN;
        let result = round.run(end - TELLING, clock::now()).await;
        // Afterwards, because the round may just have mended what would have been told.
        let told = notice::round::look(&table, teller, end, clock::now()).await;
        match &result {
            Ok(tally) => {
                tracing::info!(connections.settled = tally.settled, connections.blocked = tally.blocked, "round made")
            }
            Err(error) => tracing::error!(error = %error, "the round must be made again"),
        }
        match &told {
            Ok(tally) => tracing::info!(
                connections.seen = tally.connections,
                notices.sent = tally.sent,
                notices.failed = tally.failed,
                "people were told what needs them"
            ),
            Err(error) => tracing::error!(error = %error, "the look at what needs people must be made again"),
        }
        result.map(drop).map_err(StartError::from).and(told.map(drop).map_err(StartError::from))
    }))
    .await
}
