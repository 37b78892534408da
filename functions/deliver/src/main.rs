//! Runs deliveries on Lambda.

use std::process::ExitCode;

use deliver::Handler;
use deliver::event::Event;
use lambda_runtime::{LambdaEvent, service_fn};
use rollcall_runtime::clock;
use rollcall_runtime::start::{self, StartError};

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let handler = &Handler::open().await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        // In a box: the future of all calls together is too deep for the compiler.
        Ok::<_, StartError>(Box::pin(handler.work(event.payload, clock::now())).await)
    }))
    .await
}
