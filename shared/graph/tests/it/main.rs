//! The client from outside: over a scripted transport with paused time, and over real sockets.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod assertions;
mod batching;
mod links;
mod paging;
mod photos;
mod real_http;
mod refusals;
mod retrying;
mod secrets;
mod simulated;
mod sockets;
mod support;
mod throttling;
mod tokens;
