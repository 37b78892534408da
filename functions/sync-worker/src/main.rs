//! Does one slice of one connection's run, saves a checkpoint, and hands over to itself.
//!
//! It takes jobs from the FIFO queue, where the connection is the message group. A message that
//! can't be read, or whose job must come again, is named in the answer and comes again, with all
//! later ones of its connection; the others are done. After five attempts a message goes to the dead-letter queue.
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `CLIENT_STATE_KEY_ARN`, `SECRET_PREFIX`, `MAIL_FROM`, `WEBHOOK_URL`,
//! `CLOUD`, `GRAPH_ORIGIN`, `LOGIN_ORIGIN`, `CHANNEL_ORIGIN`, `LOG_LEVEL`.

mod job;

use std::process::ExitCode;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use mimalloc::MiMalloc;
use rollcall_runtime::start::{self, StartError};
use rollcall_runtime::{batch, clock};

/// A sync makes and drops millions of small texts: the system's allocator takes a quarter of its time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let handler = &job::Handler::open().await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = clock::deadline(&event.context);
        Ok::<_, StartError>(batch::process(event.payload, async |record| handler.work(record, deadline).await).await)
    }))
    .await
}
