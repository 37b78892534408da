//! The admin API: connections, runs, users, teams and holds, over HTTP and JSON.
//!
//! `GET /openapi.json` describes it (`OpenAPI` 3.1, generated from this code), `GET /health` says that it runs; all else
//! wants the admin token as bearer token.
//!
//! * [`routes`]: one file for each family of resources. A handler takes the request apart, calls one function of
//!   [`operate`], and puts the answer together.
//! * [`operate`]: what is done.
//! * [`body`]: what callers send, checked while it is read. Unknown members are refused.
//! * [`view`]: what they get. No credential and no tenant id is part of any answer.
//! * [`http`]: token, problem documents (RFC 9457), extractors, pages.
//!
//! **Graph is called in two places only**: to test a connection, and to end the subscriptions of one that is deactivated
//! or deleted.
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `ADMIN_TOKEN_ARN`, `SECRET_PREFIX`, `WEBHOOK_URL`, `CLOUD`, `GRAPH_ORIGIN`,
//! `LOGIN_ORIGIN`, `LOG_LEVEL`.

mod app;
mod body;
mod export;
mod http;
mod operate;
mod routes;
mod view;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use rollcall_runtime::start;

fn main() -> ExitCode {
    start::main(async { lambda_http::run(app::router(app::App::open().await?)).await })
}
