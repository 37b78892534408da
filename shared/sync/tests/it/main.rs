//! What talks to Graph beside a run, against the simulated tenant: the check of a connection, and the keeper of subscriptions.

#![expect(clippy::unwrap_used, reason = "what a test can not set up, it shall fail at")]

mod check;
mod keeper;
mod stage;
