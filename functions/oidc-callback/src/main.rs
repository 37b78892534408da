//! Runs sign-ins on Lambda.

use std::process::ExitCode;

use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use oidc_callback::{App, event, router};
use rollcall_runtime::start::{self, StartError};

fn main() -> ExitCode {
    start::main(serve())
}

async fn serve() -> Result<(), StartError> {
    let router = router(App::open().await?);
    lambda_runtime::run(service_fn(|event: LambdaEvent<event::Event>| event::answer(&router, event))).await
}
