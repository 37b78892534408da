//! The admin API: connections, runs, users, teams, holds and the clients that people sign in to, over HTTP and JSON.
//!
//! `GET /openapi.json` describes it (`OpenAPI` 3.1, generated from this code), `GET /health` says that it runs; all else
//! wants the admin token as bearer token.
//!
//! * `routes`: one file for each family of resources. A handler takes the request apart, calls one function of
//!   `operate`, and puts the answer together.
//! * `operate`: what is done.
//! * `body`: what callers send, checked while it is read. Unknown members are refused.
//! * `view`: what they get. No credential and no tenant id is part of any answer; a secret of a client is shown when it is made.
//! * `http`: token, problem documents (RFC 9457), extractors, pages.
//! * `event`: from an event of API Gateway to its answer.
//! * `export`: long lists as files.
//!
//! **Graph is called in four places only**: to test a connection, to end the subscriptions of one that is deactivated or
//! deleted, to look for groups and people, or why one of them is in, while somebody waits, and for the tenant's verified domains
//! when some are to lead to a connection.
//!
//! Environment: `TABLE_NAME`, `SYNC_QUEUE_URL`, `ADMIN_TOKEN_ARN`, `SECRET_PREFIX`, `WEBHOOK_URL`, `CLOUD`, `GRAPH_ORIGIN`,
//! `LOGIN_ORIGIN`, `CHANNEL_ORIGIN`, `SIGN_IN_KEY_ARN`, `PLATFORM_APPLICATION_ARN`, `PUBLIC_URL`, `LOG_LEVEL`.

mod app;
mod body;
pub mod event;
mod export;
mod http;
mod operate;
mod routes;
mod view;

#[cfg(test)]
mod tests;

pub use app::{App, router};
