//! The client from outside: over a scripted transport with paused time, and over real sockets.

mod batching;
mod paging;
mod real_http;
mod refusals;
mod retrying;
mod secrets;
mod sockets;
mod support;
mod throttling;
mod tokens;
